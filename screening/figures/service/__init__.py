"""Keeping figures: frozen at a cut-off, rolled up by site, pictured for the command page."""

from screening.figures.service.cuts import freeze, settle
from screening.figures.service.rollups import take_rollups

__all__ = ["freeze", "settle", "take_rollups"]
