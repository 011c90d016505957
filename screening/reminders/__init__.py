"""Missed lists, waves, calls, home visits."""
