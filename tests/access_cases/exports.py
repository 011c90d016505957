"""Exports: a list of the own area; every file belongs to the person who asked for it."""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from psycopg.types.json import Jsonb

from screening import clock
from screening.accounts.queries import actor_of
from screening.accounts.roles import Role
from screening.db import insert, new_id
from screening.exports import queries
from screening.places.queries import TREE
from tests import make
from tests.access import Case, Side, World
from tests.access_cases.coverage import made_round


def the_round(w: World) -> int:
    TREE.forget()
    return w.once("exported round", lambda: made_round([w.a.county, w.b.county]))


def asked(w: World, side: Side) -> dict:
    return {"kind": "tubes", "area_id": str(side.community.area_id), "format": "csv",
            "round_id": str(the_round(w))}  # fmt: skip


def made(w: World, side: Side, staff_id: int) -> int:
    """A finished file of this person, whoever it is."""
    number, now = new_id(), clock.real_now()
    keys = current_app.extensions["keys"]
    insert(
        "export_file",
        ("export_id", "kind", "area_id", "args", "format", "lang", "unmasked", "state", "total",
         "done", "size", "made_by", "made_at", "expires_at"),
        [(number, "tubes", side.community.area_id, Jsonb({"round_id": the_round(w)}), "csv", "zh",
          False, "done", 1, 1, 4, staff_id, now, now + timedelta(hours=1))],
    )  # fmt: skip
    insert(
        "export_piece", ("export_id", "seq", "body"),
        [(number, 0, keys.seal(b"tube", queries.aad(number, 0)))],
    )  # fmt: skip
    return number


def own(w: World) -> dict:
    """A file of whoever asks now, where that is somebody of this side; else somebody else's."""
    actor = actor_of(w.acting.staff_id)
    if not actor.may(list(Role), w.a.community.place):
        return others(w)
    return {"values": {"export_id": made(w, w.a, w.acting.staff_id)}}


def others(w: World) -> dict:
    """A file of somebody of the other side."""

    def first() -> int:
        return made(w, w.b, make.staff(Role.DISTRICT_HEAD, w.b.county).staff_id)

    return {"values": {"export_id": w.once("another's file", first)}}


def both(endpoint: str, method: str, request, **kw) -> Case:
    return Case(endpoint, method, inside=lambda w: request(w, w.a),
                outside=lambda w: request(w, w.b), **kw)  # fmt: skip


CASES = [
    both("exports_api.ask_export", "POST", lambda w, s: {"json": asked(w, s)}, ok=202),
    Case("exports_api.list_exports", inside=lambda w: {}),
    Case("exports_api.get_export", inside=own, outside=others),
    Case("exports_api.fetch_export", inside=own, outside=others),
    Case("exports_api.cancel_export", "DELETE", inside=own, outside=others, ok=204),
    Case("exports_pages.list", inside=lambda w: {}),
    both("exports_pages.ask", "POST", lambda w, s: {"data": asked(w, s)}, ok=303),
    Case("exports_pages.show", inside=own, outside=others),
    Case("exports_pages.cancel", "POST", inside=own, outside=others, ok=303),
]
