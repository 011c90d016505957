"""Over which place each act on inbound lists is held, and who may do it."""

from __future__ import annotations

from screening.accounts.guard import by
from screening.accounts.roles import Actor, Place, Role
from screening.inbound import queries
from screening.registry.scopes import number

SENDERS = (Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)
WORKERS = (Role.COMMUNITY_WORKER, Role.DISTRICT_HEAD)
READERS = (Role.COMMUNITY_WORKER, *SENDERS)
REGISTRARS = (Role.COMMUNITY_WORKER, Role.DISTRICT_HEAD, Role.ADMINISTRATOR)

LIST = by("area of the list", "list_id", lambda v: queries.place_of_list(number(v)))
ITEM = by("area that answers", "item_id", lambda v: queries.place_of_item(number(v)))


def sees_phones(actor: Actor, path: str) -> bool:
    """Phones and addresses are shown as they are to who works there; masked to others."""
    return actor.may([Role.COMMUNITY_WORKER], Place("area", 0, path))
