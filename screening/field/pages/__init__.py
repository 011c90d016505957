"""Desks of the field on pages: sampling, packing, hand-over, reception, paper, print."""

from screening.field.pages import (
    app,
    cards,
    carried,
    hand_over,
    packing,
    paper,
    paper_entry,
    prints,
    reception,
    reception_scan,
    sampling,
    sampling_people,
)
from screening.field.pages.frame import bp

__all__ = [
    "app",
    "bp",
    "cards",
    "carried",
    "hand_over",
    "packing",
    "paper",
    "paper_entry",
    "prints",
    "reception",
    "reception_scan",
    "sampling",
    "sampling_people",
]
