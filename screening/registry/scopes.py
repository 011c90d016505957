"""Over which place each act on the register is held: what `@require(at=…)` asks here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from screening.accounts.guard import At, by
from screening.accounts.roles import EVERYWHERE, Place, Role
from screening.errors import NotFound
from screening.places import queries as places
from screening.registry import desk_queries as desk
from screening.registry.schedule_queries import place_of_schedule
from screening.registry.service.merging import place_of_merge

SETTERS = (Role.ADMINISTRATOR, Role.DISTRICT_HEAD)
ROUND_MAKERS = (Role.ADMINISTRATOR, Role.DISTRICT_HEAD, Role.DISPATCHER)
REGISTRARS = (Role.ADMINISTRATOR, Role.DISTRICT_HEAD, Role.COMMUNITY_WORKER)
ZONE_SEERS = (*ROUND_MAKERS, Role.COMMUNITY_WORKER)


def number(value: Any) -> int:
    """A path or body value as an id; NotFound for anything else."""
    try:
        return int(value)
    except (TypeError, ValueError):
        raise NotFound() from None


def chosen_areas() -> list[int]:
    """Areas ticked in a form, and grids or buildings whose codes stand in its field `codes`."""
    ticked = [number(a) for a in request.form.getlist("area_ids")]
    written = [places.find_area_by_code(c.strip()) for c in request.form.get("codes", "").split()]
    if None in written:
        raise places.NoSuchPlace()
    return ticked + [n.area_id for n in written if n is not None]


def _around_areas(values: Mapping[str, Any]) -> Place:
    """The smallest area around `area_ids` of a body, or around those ticked in a form."""
    given = chosen_areas() if request.form else values.get("area_ids")
    if not isinstance(given, list) or not given:
        raise places.NoSuchPlace()
    return places.common_place([number(a) for a in given])


def _import_area(values: Mapping[str, Any]) -> Place:
    """Without an area an import may write in the whole city."""
    given = values.get("area_id")
    return places.place_of_area(number(given)) if given else EVERYWHERE


def _person(values: Mapping[str, Any]) -> Place:
    return desk.place_of_person(number(values.get("cell")), number(values.get("person_id")))


def _person_in_body(values: Mapping[str, Any]) -> Place:
    return desk.place_of_person(number(values.get("cell_id")), number(values.get("person_id")))


def _both_persons(values: Mapping[str, Any]) -> Place:
    """A merge is held over both."""
    twin = _person(values)
    into = desk.place_of_person(number(values.get("into_cell")), number(values.get("into_id")))
    return places.common_place([twin.id, into.id])


def _here_and_there(values: Mapping[str, Any]) -> Place:
    """A move is held over the old community; the new one may lie anywhere."""
    places.place_of_area(number(values.get("community_id")))
    return _person(values)


def _exemption(values: Mapping[str, Any]) -> Place:
    return desk.place_of_exemption(number(values.get("cell")), number(values.get("exemption_id")))


AROUND_AREAS = At("smallest area around those named", _around_areas)
IMPORT_AREA = At("area of the import", _import_area)
PERSON = At("person's community", _person)
PERSON_IN_BODY = At("person's community", _person_in_body)
BOTH_PERSONS = At("smallest area around both persons", _both_persons)
OLD_HOME = At("person's community before the move", _here_and_there)
EXEMPTION = At("exempt person's community", _exemption)
ROUND = by("smallest area around the round", "round_id", lambda v: desk.place_of_round(number(v)))
ZONE = by("smallest area around the zone", "zone_id", lambda v: desk.place_of_zone(number(v)))
SCHEDULE = by(
    "smallest area around the schedule", "schedule_id", lambda v: place_of_schedule(number(v))
)
MERGE = by("smallest area around both persons", "merge_id", lambda v: place_of_merge(number(v)))
IMPORT = by("area of the import", "import_id", lambda v: desk.place_of_import(number(v)))
