"""Files in: lists of people from other offices."""
