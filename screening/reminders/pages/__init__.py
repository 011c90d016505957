"""Pages of reminders: the missed by building and household, waves, whom to visit."""

from screening.reminders.pages import (
    day,
    due,
    due_calls,
    due_employer,
    due_preview,
    found,
    missed,
    never,
    slots,
    visits,
    waves,
)
from screening.reminders.pages.frame import bp

__all__ = [
    "bp",
    "day",
    "due",
    "due_calls",
    "due_employer",
    "due_preview",
    "found",
    "missed",
    "never",
    "slots",
    "visits",
    "waves",
]
