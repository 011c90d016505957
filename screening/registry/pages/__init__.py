"""Pages of places, rounds and the register."""

from screening.registry.pages.frame import bp

__all__ = ["bp"]
