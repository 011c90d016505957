"""A run held against its plate, pure: differences, controls, calls, patterns, dry runs."""
