"""Long recordings: samples that stay as they are stored and are looked at block by block, and the memory there is."""
