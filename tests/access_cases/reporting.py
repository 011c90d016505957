"""Reviews, releases, corrections, callbacks, codes, the look-up: who may do what where."""

from __future__ import annotations

import secrets
from typing import Any

from psycopg.types.json import Jsonb

from screening import clock
from screening.accounts import secret_words
from screening.accounts.roles import Role
from screening.db import db, fetch, insert, new_id, run
from screening.lab.rules.well_rules import Outcome
from screening.registry.person_codes import make_resident_code
from screening.registry.queries import ROUNDS
from screening.reporting import service
from screening.reporting.service.callbacks import Called, call_back
from screening.tube import service as tubes
from screening.tube.queries import Key, list_binds
from screening.tube.rules import Bind, Line, Mode, Verb
from tests import make, world
from tests.access import Case, Side, World

PIN = "284917"


def signing(w: World) -> str:
    """Everybody of the walk signs with the same PIN."""
    stored = w.once("pin", lambda: secret_words.hashed(PIN))
    run("UPDATE staff SET pin_hash = %s", (stored,))
    return PIN


def round_of(w: World) -> int:
    """A round that begins after those of other cases: look-ups know only the newest ones."""

    def maker() -> int:
        round_id = world.start_round([w.a.county, w.b.county], state="finishing")
        run("UPDATE round SET starts_at = ends_at WHERE round_id = %s", (round_id,))
        ROUNDS.forget()
        return round_id

    return w.once("round", maker)


def neighbour(side: Side) -> tuple[int, int]:
    """A fresh person of the side's community: (cell, person)."""
    return world.people(side.community, 1)[0][:2]


def tube(w: World, side: Side) -> tuple[Key, int]:
    """A tube with one person, tested negative in a run of the side's laboratory."""
    round_id, now, barcode = round_of(w), clock.now(), f"X{secrets.token_hex(6).upper()}"
    cell, person = neighbour(side)
    lines = [
        Line(new_id(), Verb.OPEN, 2, now, 1, 1, 1, 1, side.site.site_id,
             data={"mode": int(Mode.POOLED), "size": 10}),
        Line(new_id(), Verb.CLOSE, 3, now, 1, 1, 3, 1, side.site.site_id, n=1),
    ]  # fmt: skip
    bind = Bind(new_id(), person, cell, side.community.area_id, 1, 0, now, 1, 1, 2, 1,
                side.site.site_id)  # fmt: skip
    tubes.merge({barcode: tubes.Facts(barcode, side.site.cell_id, round_id, lines, [bind])},
                recorded_at=now)  # fmt: skip
    key = Key(barcode, side.site.cell_id, round_id)
    return key, _test(key, side, now)


def _test(key: Key, side: Side, now: Any) -> int:
    run_id, lab = new_id(), side.lab
    insert("run", (
        "cell_id", "run_id", "lab_id", "plate_id", "round_id", "file_hash", "instrument", "state",
        "rule_id", "imported_by", "imported_at", "readings", "verdict",
    ), [(lab.cell_id, run_id, lab.lab_id, new_id(), key.round_id, str(run_id).encode(), "made",
         "evaluated", 1, 1, now, Jsonb([]), Jsonb({}))])  # fmt: skip
    insert("call", (
        "cell_id", "run_id", "well", "barcode", "tube_cell", "tube_round", "outcome", "reasons",
        "cts",
    ), [(lab.cell_id, run_id, "A1", key.barcode, key.cell_id, key.round_id, 1, Jsonb([]),
         Jsonb({}))])  # fmt: skip
    at = {"cell": lab.cell_id, "round_id": key.round_id, "by": 1, "at": now, "recorded_at": now}
    plating = {key.barcode: {"lab_id": lab.lab_id, "data": {"plate": 1, "well": "A1"}}}
    _, merged = tubes.advance(Verb.PLATE, plating, kind="plate", **at)
    line = next(ln for ln in merged[key.barcode].new_lines if ln.verb == Verb.PLATE)
    told = {"answers": line.line_id, "data": {"outcome": 1, "run": run_id}}
    tubes.advance(Verb.TEST, {key.barcode: told}, kind="test", **at)
    return run_id


def others(w: World, side: Side) -> tuple[Any, Any]:
    """A technician and a reviewer of the side who are not the ones who walk."""

    def hire() -> tuple[Any, Any]:
        who = (Role.LAB_TECHNICIAN, Role.LAB_REVIEWER)
        return tuple(make.staff(r, side.lab, pin=PIN) for r in who)  # type: ignore[return-value]

    return w.once(("signers", side.lab.lab_id), hire)


def signed(w: World, side: Side) -> tuple[Key, int]:
    """A tube reviewed by two other persons."""
    from screening.accounts.queries import actor_of

    key, run_id = tube(w, side)
    for step, who in zip((1, 2), others(w, side), strict=True):
        by = actor_of(who.staff_id)
        assert by
        service.review([key.barcode], step, lab_id=side.lab.lab_id, by=by, secret=PIN,
                       at=clock.now())  # fmt: skip
    return key, run_id


def released(w: World, side: Side) -> Key:
    from screening.accounts.queries import actor_of

    key, _ = signed(w, side)
    by = actor_of(others(w, side)[1].staff_id)
    assert by
    service.release([key.barcode], lab_id=side.lab.lab_id, by=by, at=clock.now())
    return key


def asked(w: World, side: Side) -> tuple[int, int]:
    """A correction that somebody else asked for."""
    from screening.accounts.queries import actor_of

    key = released(w, side)
    by = actor_of(others(w, side)[1].staff_id)
    assert by
    number = service.ask_correction(key.barcode, Outcome.NEGATIVE, "复看", by=by, secret=PIN,
                                    lab_id=side.lab.lab_id, at=clock.now())  # fmt: skip
    return key.cell_id, number


def called(w: World, side: Side) -> tuple[int, int]:
    key, _ = tube(w, side)
    binds = list_binds([side.site.cell_id], key.round_id, [key.barcode])[key.barcode]
    call_back([Called(key, binds, Outcome.POSITIVE)], at=clock.now())
    return fetch("SELECT cell_id, callback_id FROM callback WHERE barcode = %s", (key.barcode,))[0]


# --- requests ---------------------------------------------------------------------------------


def both(make_request):
    """The same request at side a (inside) and at side b (outside)."""
    return {
        "inside": lambda w: make_request(w, w.a),
        "outside": lambda w: make_request(w, w.b),
    }


def review(w: World, side: Side) -> dict:
    body = {"lab_id": str(side.lab.lab_id), "barcodes": [tube(w, side)[0].barcode], "step": 1}
    return {"json": {**body, "secret": signing(w)}}


def release(w: World, side: Side) -> dict:
    body = {"lab_id": str(side.lab.lab_id), "barcodes": [signed(w, side)[0].barcode]}
    return {"json": body}


def of_result(w: World, side: Side) -> dict:
    return {"values": {"barcode": released(w, side).barcode}}


def ask(w: World, side: Side) -> dict:
    barcode = released(w, side).barcode
    return {"json": {"lab_id": str(side.lab.lab_id), "barcode": barcode, "outcome": "negative",
                     "reason": "复看", "secret": signing(w)}}  # fmt: skip


def ask_page(w: World, side: Side) -> dict:
    return {"values": {"barcode": released(w, side).barcode},
            "data": {"outcome": "1", "reason": "复看", "secret": signing(w)}}  # fmt: skip


def settle(w: World, side: Side) -> dict:
    cell, number = asked(w, side)
    return {"values": {"cell": cell, "correction_id": number},
            "json": {"agree": False, "secret": signing(w)}}  # fmt: skip


def settle_page(w: World, side: Side) -> dict:
    cell, number = asked(w, side)
    return {"values": {"cell": cell, "correction_id": number},
            "data": {"agree": "0", "secret": signing(w)}}  # fmt: skip


def corrections(w: World) -> dict:
    w.once("corrections", lambda: [asked(w, w.a), asked(w, w.b)])
    return {}


def callback_list(w: World, side: Side) -> dict:
    w.once(("called", side.street.area_id), lambda: called(w, side))
    return {"query_string": {"area_id": side.community.area_id}}


def attempt(w: World, side: Side) -> dict:
    cell, number = called(w, side)
    return {"values": {"cell": cell, "callback_id": number}, "json": {"outcome": "absent"}}


def attempt_page(w: World, side: Side) -> dict:
    cell, number = called(w, side)
    return {"values": {"cell": cell, "callback_id": number}, "data": {"outcome": "absent"}}


def code(w: World, side: Side) -> dict:
    """A sampler's desk hands codes to those it swabbed, a community's to its own people."""
    key, _ = tube(w, side)
    rows = fetch("SELECT cell_id, person_id FROM specimen WHERE barcode = %s", (key.barcode,))
    body = {"person": make_resident_code(*rows[0])}
    at_site = w.acting and w.acting.role in (Role.SAMPLER, Role.SITE_SUPERVISOR)
    return {"json": body | ({"site_id": str(side.site.site_id)} if at_site else {})}


def access_code(w: World) -> str:
    issued = service.issue_codes([neighbour(w.a)], by=None, at=clock.now())
    return issued[0][0]


PHONE = {"phone": "16100000077", "last4": "0077"}


def by_phone(w: World) -> dict:
    """A code that the worker has sent."""
    from datetime import timedelta

    from screening.reporting.service import phone_codes

    asked, code = phone_codes.read_asked(PHONE["phone"], PHONE["last4"]), "402817"
    cell, number = neighbour(w.a)
    now = clock.real_now()
    insert("phone_code", (
        "wanted", "phone_hash", "last4_hash", "asked_at", "until", "code_hash", "cell_id",
        "person_id",
    ), [(asked.wanted, asked.phone_hash, asked.last4_hash, now, now + timedelta(minutes=10),
         asked.hash(code), cell, number)],
        "ON CONFLICT (wanted) DO UPDATE SET until = EXCLUDED.until, "
        "code_hash = EXCLUDED.code_hash, cell_id = EXCLUDED.cell_id, "
        "person_id = EXCLUDED.person_id")  # fmt: skip
    return {"json": {**PHONE, "code": code}}


def run_page(w: World, side: Side) -> dict:
    return {"values": {"lab_id": side.lab.lab_id, "run_id": tube(w, side)[1]}}


def review_page(w: World, side: Side) -> dict:
    key, run_id = tube(w, side)
    return {"values": {"lab_id": side.lab.lab_id, "run_id": run_id},
            "data": {"barcode": key.barcode, "step": "1", "secret": signing(w)}}  # fmt: skip


def release_page(w: World, side: Side) -> dict:
    key, run_id = signed(w, side)
    return {"values": {"lab_id": side.lab.lab_id, "run_id": run_id},
            "data": {"barcode": key.barcode}}  # fmt: skip


def person(w: World, side: Side) -> dict:
    cell, number = neighbour(side)
    db.session.commit()
    return {"values": {"cell": cell, "person_id": number}}


def differing(w: World, side: Side) -> tuple[Key, int]:
    """A tested tube that the instrument calls otherwise."""
    key, run_id = tube(w, side)
    reasons = Jsonb([{"code": "instrument_doubt", "target": "N", "ct": None}])
    run("UPDATE call SET reasons = %s WHERE cell_id = %s AND run_id = %s",
        (reasons, side.lab.cell_id, run_id))  # fmt: skip
    return key, run_id


def decide(w: World, side: Side) -> dict:
    return {"json": {"lab_id": str(side.lab.lab_id), "barcode": differing(w, side)[0].barcode,
                     "how": "keep", "reason": "看过曲线", "secret": signing(w)}}  # fmt: skip


def decide_page(w: World, side: Side) -> dict:
    key, run_id = differing(w, side)
    return {"values": {"lab_id": side.lab.lab_id, "run_id": run_id, "barcode": key.barcode},
            "data": {"how": "keep", "reason": "看过曲线", "secret": signing(w)}}  # fmt: skip


def on_hold(w: World, side: Side) -> tuple[int, int]:
    """(run, hold) of a run whose positivity is out of band."""
    _, run_id = tube(w, side)
    hold_id, lab = new_id(), side.lab
    insert("run_hold", ("cell_id", "hold_id", "lab_id", "run_id", "kind", "told", "opened_at"),
           [(lab.cell_id, hold_id, lab.lab_id, run_id, "lab_low", Jsonb({}),
             clock.now())])  # fmt: skip
    return run_id, hold_id


def lift(w: World, side: Side) -> dict:
    return {"values": {"lab_id": side.lab.lab_id, "hold_id": on_hold(w, side)[1]},
            "json": {"reason": "已核对", "secret": signing(w)}}  # fmt: skip


def lift_page(w: World, side: Side) -> dict:
    run_id, hold_id = on_hold(w, side)
    return {"values": {"lab_id": side.lab.lab_id, "run_id": run_id, "hold_id": hold_id},
            "data": {"reason": "已核对", "secret": signing(w)}}  # fmt: skip


CASES = [
    Case("reporting_api.review", "POST", **both(review), ok=200),
    Case("reporting_api.release", "POST", **both(release), ok=200),
    Case("reporting_api.decide", "POST", **both(decide), ok=201),
    Case("reporting_api.list_holds", inside=lambda w: {}),
    Case("reporting_api.lift_hold", "POST", **both(lift), ok=200),
    Case("reporting_pages.decide_call", "POST", **both(decide_page), ok=303),
    Case("reporting_pages.lift_run_hold", "POST", **both(lift_page), ok=303),
    Case("reporting_api.get_result", **both(of_result)),
    Case("reporting_api.ask_correction", "POST", **both(ask), ok=201),
    Case("reporting_api.list_corrections", inside=corrections),
    Case("reporting_api.settle_correction", "POST", **both(settle), ok=200),
    Case("reporting_api.list_callbacks", **both(callback_list)),
    Case("reporting_api.tell_attempt", "POST", **both(attempt), ok=201),
    Case("reporting_api.issue_code", "POST", **both(code), ok=201),
    Case("reporting_api.look_up", "POST", inside=lambda w: {"json": {"code": access_code(w)}}),
    Case("reporting_api.ask_phone_code", "POST", inside=lambda w: {"json": PHONE}, ok=202),
    Case("reporting_api.look_up_by_phone", "POST", inside=by_phone, ok=200),
    Case("reporting_pages.desk", inside=corrections),
    Case("reporting_pages.show_run", **both(run_page)),
    Case("reporting_pages.review_run", "POST", **both(review_page), ok=303),
    Case("reporting_pages.release_run", "POST", **both(release_page), ok=303),
    Case("reporting_pages.show_tube", **both(of_result)),
    Case("reporting_pages.ask_correction", "POST", **both(ask_page), ok=303),
    Case("reporting_pages.list_corrections", inside=corrections),
    Case("reporting_pages.settle_correction", "POST", **both(settle_page), ok=303),
    Case("reporting_pages.callbacks", **both(callback_list)),
    Case("reporting_pages.tell_attempt", "POST", **both(attempt_page), ok=303),
    Case("reporting_pages.show_timeline", **both(person)),
    Case("reporting_pages.print_code", "POST", **both(person), ok=200),
    Case("reporting_pages.resident"),
    Case(
        "reporting_pages.show_result", "POST", inside=lambda w: {"data": {"code": access_code(w)}}
    ),
]
