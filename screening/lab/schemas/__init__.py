"""The wire of the laboratory, written out."""
