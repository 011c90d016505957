"""Contradictions: each has a class, an owner, an age and an end."""
