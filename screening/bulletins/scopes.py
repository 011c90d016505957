"""Who may make, read and open bulletins, and over which place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from screening.accounts.guard import At, area, by, refuse
from screening.accounts.roles import WATCHERS, Actor, Place, Role
from screening.bulletins import near, queries, rhythm_queries
from screening.bulletins.queries import Held
from screening.bulletins.rules import Kind
from screening.errors import NotFound

READERS = (*WATCHERS, Role.AUDITOR)
MAKERS = (Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)
# who may open people around a positive tube, and read what was frozen of them
OPENERS = (Role.DISTRICT_HEAD, Role.ADMINISTRATOR)

AREA = area("area_id")


def _bulletin(values: Mapping[str, Any]) -> Place:
    try:
        return queries.place_of_bulletin(int(values.get("bulletin_id") or 0))
    except ValueError:
        raise NotFound() from None


def _rhythm(values: Mapping[str, Any]) -> Place:
    try:
        return rhythm_queries.place_of_rhythm(int(values.get("rhythm_id") or 0))
    except ValueError:
        raise NotFound() from None


def _tube(value: Any) -> Place:
    return near.place_of_tube(str(value).strip())


BULLETIN = At("area of the bulletin", _bulletin)
RHYTHM = At("area of the recurring bulletin", _rhythm)
TUBE = by("street where the tube was filled", "tube", _tube)


def check(actor: Actor, held: Held) -> Held:
    """A 专报 is read by those who may open people over its street."""
    place = queries.place_of_bulletin(held.row.bulletin_id)
    if held.row.kind == Kind.POOL and not actor.may(OPENERS, place):
        refuse(actor)
    return held
