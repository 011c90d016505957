"""Keeping figures: frozen at a cut-off, rolled up by site, pictured for the command page."""

from screening.figures.service.cuts import freeze, settle
from screening.figures.service.pictures import Kept, find_version, forget, look, refresh, write
from screening.figures.service.rollups import recount, take_rollups

__all__ = [
    "Kept", "find_version", "forget", "freeze", "look", "recount", "refresh", "settle",
    "take_rollups", "write",
]  # fmt: skip
