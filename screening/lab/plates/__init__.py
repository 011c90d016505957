"""Plates of 96 and 384 wells: their geometry, what stands on them, what is printed of them."""
