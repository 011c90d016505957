"""Files in: lists of staff."""
