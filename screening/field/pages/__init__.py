"""Desks of the field on pages: sampling, packing, hand-over, reception, paper, print."""

from screening.field.pages import app, hand_over, packing, paper, prints, reception, sampling
from screening.field.pages.frame import bp

__all__ = ["app", "bp", "hand_over", "packing", "paper", "prints", "reception", "sampling"]
