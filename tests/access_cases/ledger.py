"""The ledger: a site sees its own, a district its sites; a round is signed where it lies."""

from __future__ import annotations

from screening import clock
from screening.accounts.roles import EVERYWHERE, Actor, Role, Scope
from screening.field import service as field
from screening.ledger import parts, service
from screening.ledger.sight import whole_city
from tests import devices
from tests.access import Case, Side, World
from tests.access_cases.coverage import made_round

SOMEBODY = Actor(1, "T00001", (Scope(Role.DISPATCHER, EVERYWHERE),))


def the_round(w: World) -> int:
    return w.once("ledger round", lambda: made_round([w.a.county, w.b.county], state="finishing"))


def open_shift(w: World, side: Side) -> str:
    """A phone that spoke in the round and has not closed its journal: one unaccounted journal."""
    phone = devices.phone(site=side.site, round=the_round(w))
    phone.write("shift_start")
    assert not field.ingest(phone.batch(), received_at=clock.now()).parked
    items = parts.list_items(
        "unheard", the_round(w), at=clock.now(), sight=whole_city(), limit=None
    )
    return next(i.subject_id for i in items if i.device_id == phone.device_id)


def explained(w: World, side: Side) -> str:
    subject = open_shift(w, side)
    service.explain(
        the_round(w), "unheard", [subject], "not_used", None, by=SOMEBODY, sight=whole_city(),
        at=clock.now(),
    )  # fmt: skip
    return subject


def listed(w: World) -> dict:
    for side in (w.a, w.b):
        w.once(("shift", side.county), lambda side=side: open_shift(w, side))
    return {"query_string": {"round": the_round(w)}}


def part(w: World) -> dict:
    return {**listed(w), "values": {"part": "unheard"}}


def part_page(w: World) -> dict:
    listed(w)
    return {"values": {"round_id": the_round(w), "part": "unheard"}}


def of_ledger(w: World) -> dict:
    listed(w)
    return {"values": {"round_id": the_round(w)}}


def explain(w: World, side: Side) -> dict:
    subject = open_shift(w, side)
    return {"json": {"round": the_round(w), "part": "unheard", "subjects": [subject],
                     "code": "not_used"}}  # fmt: skip


def close(w: World, side: Side) -> dict:
    subject = explained(w, side)
    return {"json": {"round": the_round(w), "part": "unheard", "subjects": [subject]}}


def form(w: World, subject: str, **more: str) -> dict:
    values = {"round_id": the_round(w), "part": "unheard"}
    return {"values": values, "data": {"subjects": subject, **more}}


def finished(side: Side) -> dict:
    """A round of one county in which nothing is left open."""
    return {"values": {"round_id": made_round([side.county], state="finishing")}}


def looked_at(w: World, side: Side) -> dict:
    return w.once(("finished", side.county), lambda: finished(side))


def checked(w: World, side: Side) -> dict:
    return {"json": {"round_id": str(looked_at(w, side)["values"]["round_id"])}}


def sites(w: World) -> list[str]:
    return [w.a.site.name]


def both(endpoint: str, method: str, request, **kw) -> Case:
    return Case(endpoint, method, inside=lambda w: request(w, w.a),
                outside=lambda w: request(w, w.b), **kw)  # fmt: skip


CASES = [
    Case("ledger_api.get_balance", inside=listed),
    Case("ledger_api.list_part", inside=part,
         inside_marker=lambda w: [str(w.a.site.site_id)],
         outside_marker=lambda w: [str(w.b.site.site_id)]),
    Case("ledger_api.list_devices", inside=listed,
         inside_marker=lambda w: [str(w.a.site.site_id)],
         outside_marker=lambda w: [str(w.b.site.site_id)]),
    both("ledger_api.explain", "POST", explain, ok=201),
    both("ledger_api.close", "POST", close, ok=201),
    both("ledger_api.start_check", "POST", checked, ok=202),
    both("ledger_api.get_sign_off", "GET", looked_at),
    both("ledger_api.sign_off", "POST", lambda w, s: finished(s), ok=201),
    both("ledger_api.withdraw", "DELETE", lambda w, s: finished(s), ok=204),
    Case("ledger_pages.overview", inside=listed, inside_marker=sites),
    Case("ledger_pages.list_part", inside=part_page, inside_marker=sites),
    Case("ledger_pages.list_devices", inside=of_ledger, inside_marker=sites),
    both("ledger_pages.explain", "POST", lambda w, s: form(w, open_shift(w, s), code="not_used"),
         ok=303),
    both("ledger_pages.close", "POST", lambda w, s: form(w, explained(w, s)), ok=303),
    both("ledger_pages.show_sign_off", "GET", looked_at),
    both("ledger_pages.sign_off", "POST", lambda w, s: finished(s), ok=303),
    both("ledger_pages.withdraw", "POST", lambda w, s: finished(s), ok=303),
    both("ledger_pages.start_check", "POST", looked_at, ok=303),
]  # fmt: skip
