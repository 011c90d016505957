"""What is done with inbound lists and their lines."""
