"""Bulletins: read over the own area; people near a tube only by those who answer for its street."""

from __future__ import annotations

import itertools

from screening import clock
from screening.accounts.queries import actor_of
from screening.accounts.roles import Role
from screening.bulletins import near, rhythms, service
from screening.bulletins.rhythm_rules import Every, Rhythm
from screening.bulletins.rules import Kind
from screening.db import insert, new_id
from screening.lab.rules.well_rules import Outcome
from screening.places.queries import TREE
from screening.registry.queries import ROUNDS
from screening.tube.codes import Kind as Code
from screening.tube.codes import make_code
from screening.tube.rules import Verb
from screening.tube.service import advance
from tests import make, world
from tests.access import Case, Side, World


def the_round(w: World) -> int:
    found = w.once("bulletin round", lambda: world.start_round([w.a.county, w.b.county]))
    TREE.forget()
    ROUNDS.forget()
    return found


def frozen(w: World, side: Side) -> int:
    round_id = the_round(w)
    return w.once(
        ("bulletin", side.county.area_id),
        lambda: service.freeze(
            Kind.DAILY, round_id, side.community.area_id, by=None, at=clock.now()
        ),
    )


def signal(w: World, side: Side) -> str:
    """A tube at the side's laboratory with an alert."""
    round_id, now = the_round(w), clock.now()

    def made() -> str:
        tube = make_code(Code.TUBE, 7_000_000 + make.number())
        advance(Verb.RECEIVE, {tube: {"lab_id": side.lab.lab_id}}, kind="receive",
                round_id=round_id, by=1, cell=side.lab.cell_id, at=now, recorded_at=now)  # fmt: skip
        insert(
            "alert",
            ("cell_id", "alert_id", "round_id", "barcode", "kind", "outcome", "raised_at"),
            [(side.lab.cell_id, new_id(), round_id, tube, "hand", int(Outcome.POSITIVE), now)],
        )
        return tube

    return w.once(("signal", side.county.area_id), made)


def special(w: World, side: Side) -> int:
    tube = signal(w, side)

    def made() -> int:
        who = actor_of(make.staff(Role.DISTRICT_HEAD, side.county).staff_id)
        return near.make(tube, "tracing", by=who, at=clock.now())

    return w.once(("special", side.county.area_id), made)


def listed(w: World) -> dict:
    for side in (w.a, w.b):
        frozen(w, side)
        special(w, side)
    return {"query_string": {"round": the_round(w)}}


def asked(w: World, side: Side) -> dict:
    return {"kind": "daily", "round_id": str(the_round(w)), "area_id": str(side.community.area_id)}


def one(w: World, side: Side, **more) -> dict:
    return {"values": {"bulletin_id": frozen(w, side), **more}}


def rhythm(w: World, side: Side) -> int:
    every = Rhythm(Every.HOURS, 2)
    return w.once(
        ("rhythm", side.county.area_id),
        lambda: rhythms.set_rhythm(side.community.area_id, every, by=1, at=clock.now()),
    )


def rhythms_of(w: World) -> dict:
    for side in (w.a, w.b):
        rhythm(w, side)
    return {}


MINUTES = itertools.count(1)


def new_rhythm(side: Side) -> dict:
    return {"area_id": side.community.area_id, "every": "day", "value": next(MINUTES)}


def next_time() -> str:
    return f"12:{next(MINUTES) % 60:02d}"


def both(endpoint: str, method: str, request, **kw) -> Case:
    return Case(endpoint, method, inside=lambda w: request(w, w.a),
                outside=lambda w: request(w, w.b), **kw)  # fmt: skip


CASES = [
    Case("bulletins_api.list_bulletins", inside=listed,
         outside_marker=lambda w: [str(frozen(w, w.b))]),
    both("bulletins_api.ask_bulletin", "POST", lambda w, s: {"json": asked(w, s)}, ok=202),
    Case("bulletins_api.list_rhythms", inside=rhythms_of,
         outside_marker=lambda w: [f'"rhythm_id":"{rhythm(w, w.b)}"']),
    both("bulletins_api.set_rhythm", "POST", lambda w, s: {"json": new_rhythm(s)}, ok=201),
    both("bulletins_api.end_rhythm", "POST",
         lambda w, s: {"values": {"rhythm_id": rhythm(w, s)}}, ok=204),
    both("bulletins_api.get_bulletin", "GET", one),
    both("bulletins_api.get_file", "GET", lambda w, s: one(w, s, form="xlsx")),
    both("bulletins_api.add_addendum", "POST",
         lambda w, s: {**one(w, s), "json": {"text": "更正"}}, ok=201),
    Case("bulletins_pages.list", inside=listed,
         outside_marker=lambda w: [str(frozen(w, w.b)), signal(w, w.b)]),
    both("bulletins_pages.ask", "POST", lambda w, s: {"data": asked(w, s)}, ok=303),
    Case("bulletins_pages.rhythms", inside=rhythms_of,
         outside_marker=lambda w: [f"/bulletins/rhythms/{rhythm(w, w.b)}/end"]),
    both("bulletins_pages.set_rhythm", "POST",
         lambda w, s: {"data": {"area_id": s.community.area_id, "time": next_time()}}, ok=303),
    both("bulletins_pages.end_rhythm", "POST",
         lambda w, s: {"values": {"rhythm_id": rhythm(w, s)}}, ok=303),
    both("bulletins_pages.show", "GET", one),
    both("bulletins_pages.download", "GET", lambda w, s: one(w, s, form="pdf")),
    both("bulletins_pages.add", "POST", lambda w, s: {**one(w, s), "data": {"text": "更正"}},
         ok=303),
    Case("bulletins_pages.near_form", inside=lambda w: {}),
    both("bulletins_pages.make_near", "POST",
         lambda w, s: {"data": {"tube": signal(w, s), "reason": "tracing"}}, ok=303),
    both("bulletins_pages.open_people", "POST",
         lambda w, s: {"values": {"bulletin_id": special(w, s)}, "data": {"reason": "tracing"}}),
]  # fmt: skip
