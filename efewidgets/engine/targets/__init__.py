"""What is wanted, which recordings fall into it, and the rheobase that amplitudes are measured in."""
