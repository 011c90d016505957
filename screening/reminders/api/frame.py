"""What the API of reminders shares: who may read, call and send."""

from __future__ import annotations

from flask import Blueprint

from screening.accounts.guard import by
from screening.accounts.roles import Actor, Place, Role
from screening.reminders import queries

bp = Blueprint("reminders_api", __name__, url_prefix="/api/v1")

READERS = (Role.COMMUNITY_WORKER, Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)
CALLERS = (Role.COMMUNITY_WORKER, Role.DISTRICT_HEAD)
WAVERS = (Role.DISTRICT_HEAD, Role.ADMINISTRATOR)
# who may say what became of a message: also those who call
DECIDERS = (*WAVERS, Role.COMMUNITY_WORKER)
WAVE = by("wave's area", "wave_id", lambda v: queries.place_of_wave(int(v)))


def sees_all(actor: Actor, path: str) -> bool:
    """Phones and rooms are shown as they are to who works in that community; masked to others."""
    return actor.may([Role.COMMUNITY_WORKER], Place("area", 0, path))
