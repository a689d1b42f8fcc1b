"""What a person can do, as records: buttons, keys, the sheet of keys and the palette are made from them."""
