"""Screens that compose other slices: homes, the round, the command page, dispatch, zones, the map."""

from screening.dashboard.pages import command, command_lists, dispatch, home, readiness, round
from screening.dashboard.pages.frame import bp

__all__ = ["bp", "command", "command_lists", "dispatch", "home", "readiness", "round"]
