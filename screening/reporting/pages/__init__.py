"""Pages of reporting: the review desk, holds, corrections, callbacks, a person's history, the resident."""

from screening.reporting.pages import (
    callbacks,
    corrections,
    decisions,
    desk,
    holds,
    persons,
    resident,
)
from screening.reporting.pages.frame import bp

__all__ = ["bp", "callbacks", "corrections", "decisions", "desk", "holds", "persons", "resident"]
