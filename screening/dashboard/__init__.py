"""Screens that compose other slices' queries."""
