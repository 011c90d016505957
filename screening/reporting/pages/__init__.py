"""Pages of reporting: the review desk, corrections, callbacks, a person's history, the resident."""

from screening.reporting.pages import callbacks, corrections, decisions, desk, persons, resident
from screening.reporting.pages.frame import bp

__all__ = ["bp", "callbacks", "corrections", "decisions", "desk", "persons", "resident"]
