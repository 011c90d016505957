"""Bulletins on the desk: the list, asking for one, reading, correcting, the people near a tube."""

from screening.bulletins.pages import desk, near, reading, rhythms
from screening.bulletins.pages.frame import bp

__all__ = ["bp", "desk", "near", "reading", "rhythms"]
