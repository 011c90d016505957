"""Screens that compose other slices: homes, the round, the command page, dispatch, zones, the map."""

from screening.dashboard.pages import (
    boundaries,
    command,
    command_lists,
    dispatch,
    district_map,
    home,
    readiness,
    round,
    tables,
    zone_table,
)
from screening.dashboard.pages.frame import bp

__all__ = [
    "boundaries", "bp", "command", "command_lists", "dispatch", "district_map", "home", "readiness",
    "round", "tables", "zone_table",
]  # fmt: skip
