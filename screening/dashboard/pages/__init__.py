"""Screens that compose other slices: homes, the round, the command page, what a round still lacks."""

from screening.dashboard.pages import command, command_lists, home, readiness, round
from screening.dashboard.pages.frame import bp

__all__ = ["bp", "command", "command_lists", "home", "readiness", "round"]
