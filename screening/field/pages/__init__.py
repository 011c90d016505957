"""Desks of the field on pages: sampling, packing, hand-over, reception, paper."""

from screening.field.pages import hand_over, packing, paper, reception, sampling
from screening.field.pages.frame import bp

__all__ = ["bp", "hand_over", "packing", "paper", "reception", "sampling"]
