"""Reminders over HTTP: the missed as a stream, contacts, visits, opt-outs, waves."""

from screening.reminders.api import hooks, missed, slots, waves
from screening.reminders.api.frame import CALLERS, DECIDERS, READERS, WAVE, WAVERS, bp, sees_all
from screening.reminders.api.missed import visit, visits

__all__ = [
    "CALLERS",
    "DECIDERS",
    "READERS",
    "WAVE",
    "WAVERS",
    "bp",
    "hooks",
    "missed",
    "sees_all",
    "slots",
    "visit",
    "visits",
    "waves",
]
