"""Who may act in reporting, and how a request names the place it acts on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from screening import clock
from screening.accounts.guard import At, area, lab
from screening.accounts.roles import LAB_ROLES, Place, Role
from screening.errors import NotFound
from screening.places import queries as places
from screening.registry.code_keys import read_person
from screening.registry.desk_queries import place_of_person
from screening.reporting.queries import get_callback, place_of_correction
from screening.tube.queries import get_key, get_tube

SIGNERS = LAB_ROLES
RELEASERS = (Role.LAB_REVIEWER,)
CALLERS = (Role.COMMUNITY_WORKER, Role.DISTRICT_HEAD, Role.ADMINISTRATOR)
HISTORIANS = (*CALLERS, Role.AUDITOR)
CODE_DESKS = (Role.SAMPLER, Role.SITE_SUPERVISOR, *CALLERS)

LAB = lab()
AREA = area()


def _number(values: Mapping[str, Any], name: str) -> int:
    try:
        return int(values.get(name))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise NotFound() from None


def _person(values: Mapping[str, Any]) -> Place:
    return place_of_person(_number(values, "cell"), _number(values, "person_id"))


def _callback(values: Mapping[str, Any]) -> Place:
    row = get_callback(_number(values, "cell"), _number(values, "callback_id"))
    home = places.place_of_area(row.community_id)
    now = place_of_person(row.cell_id, row.person_id)
    return now if now.path.startswith(home.path) else home


def _correction(values: Mapping[str, Any]) -> Place:
    return place_of_correction(_number(values, "cell"), _number(values, "correction_id"))


def _tube(values: Mapping[str, Any]) -> Place:
    """The laboratory where the tube is."""
    row = get_tube(get_key(str(values.get("barcode") or "")))
    if row["lab_id"] is None:
        raise NotFound()
    return places.place_of_lab(row["lab_id"])


def _code_for(values: Mapping[str, Any]) -> Place:
    """The site whose desk it is; without one, the person's own community."""
    if values.get("site_id"):
        return places.place_of_site(_number(values, "site_id"))
    return place_of_person(*read_person(str(values.get("person") or ""), at=clock.now()))


PERSON = At("person's community", _person)
CALLBACK = At("community of the person called back", _callback)
CORRECTION = At("laboratory of the correction", _correction)
TUBE = At("laboratory where the tube is", _tube)
CODE_FOR = At("site, or the person's community", _code_for)
