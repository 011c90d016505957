"""Reminders: who may list, call, visit and write to whom."""

from __future__ import annotations

from datetime import timedelta

from screening import clock, outbox
from screening.accounts.roles import Actor, Role, Scope
from screening.db import insert, new_id, run
from screening.places.queries import TREE
from screening.registry.queries import ROUNDS
from screening.reminders import receipts, waves
from tests import make, world
from tests.access import Case, Side, World
from tests.reminders.town import FIELDS, person

AT_COMMUNITY = {role: lambda s: s.community for role in (Role.DISTRICT_HEAD,)}


def round_of(w: World) -> int:
    """One round over both sides, with a missed person in each."""

    def start() -> int:
        round_id = world.start_round([w.a.county, w.b.county], state="finishing")
        TREE.forget()
        return round_id

    return w.once("reminded round", start)


def somebody(w: World, side: Side) -> tuple[int, int]:
    round_of(w)
    return person(side.community, f"{side.site.name}人", "13800000001")[:2]


def listed(side_of, **query):
    """The missed of a side's community, with one person in it."""

    def request(w: World) -> dict:
        side = side_of(w)
        w.once(("missed", side.site.site_id), lambda: somebody(w, side))
        return {"query_string": {"area": side.community.area_id, "round": round_of(w), **query}}

    return request


def paged(side_of):
    def request(w: World) -> dict:
        side, asked = side_of(w), listed(side_of)(w)["query_string"]
        return {"values": {"area_id": side.community.area_id},
                "query_string": {"round": asked["round"]}}  # fmt: skip

    return request


def contacted(side_of, key: str = "json", **body):
    def request(w: World) -> dict:
        cell, who = somebody(w, side_of(w))
        return {key: {"cell_id": str(cell), "person_id": str(who), **body}}

    return request


def with_round(request, field: str = "json"):
    def asked(w: World) -> dict:
        kw = request(w)
        kw[field]["round_id"] = str(round_of(w))
        return kw

    return asked


def tried(side_of):
    def request(w: World) -> dict:
        cell, who = somebody(w, side_of(w))
        return {"query_string": {"cell": cell, "person_id": who, "round": round_of(w)}}

    return request


def text(side_of, key: str = "json"):
    def request(w: World) -> dict:
        area = side_of(w).community.area_id
        return {key: {**FIELDS, "template": "missed", "area_id": str(area),
                      "round_id": str(round_of(w))}}  # fmt: skip

    return request


def drafted(w: World, side: Side) -> int:
    who = make.staff(Role.DISTRICT_HEAD, side.county)
    actor = Actor(who.staff_id, who.staff_no, (Scope(Role.DISTRICT_HEAD, side.county.place),))
    made = waves.draft(
        round_of(w), side.community.area_id, "missed", FIELDS, by=actor, at=clock.now()
    )
    run("UPDATE round SET state = 'sampling' WHERE round_id = %s", (round_of(w),))
    ROUNDS.forget()
    return made.wave_id


def wave(side_of, **kw):
    return lambda w: {"values": {"wave_id": drafted(w, side_of(w))}, **kw}


def both(w: World) -> dict:
    w.once("waves", lambda: [drafted(w, w.a), drafted(w, w.b)])
    return {}


def a(w: World) -> Side:
    return w.a


def b(w: World) -> Side:
    return w.b


def areas(w: World) -> dict:
    return {"query_string": {"round": round_of(w)}}


def new(side_of):
    return lambda w: {"values": {"area_id": side_of(w).community.area_id},
                      "query_string": {"round": round_of(w)}}  # fmt: skip


def in_doubt(side_of):
    """A message of which nobody knows what became."""

    def request(w: World) -> dict:
        side = side_of(w)
        wave_id, message_id, now = drafted(w, side), new_id(), clock.now()
        cell = side.community.cell_id
        insert(
            "wave_message",
            (
                "cell_id",
                "message_id",
                "wave_id",
                "community_id",
                "phone_hash",
                "persons",
                "state",
                "at",
                "sent_at",
            ),
            [
                (
                    cell,
                    message_id,
                    wave_id,
                    side.community.area_id,
                    b"%16x" % message_id,
                    [],
                    receipts.UNKNOWN,
                    now,
                    now,
                )
            ],
        )
        (outbox_id,) = outbox.put([(cell, waves.TOPIC, message_id, b"sealed", now)], at=now)
        outbox.wonder(cell, outbox_id, "timeout", ask_at=now)
        return {
            "values": {"wave_id": wave_id},
            "json": {"cell_id": str(cell), "message_id": str(message_id), "verdict": "again"},
        }

    return request


def word_of(side_of):
    """The same as a form of a page."""

    def request(w: World) -> dict:
        asked = in_doubt(side_of)(w)
        data = {**asked.pop("json"), "do": "again"}
        return {**asked, "data": data}

    return request


def slots_page(side_of):
    return lambda w: {"values": {"area_id": side_of(w).community.area_id},
                      "query_string": {"round": round_ahead(w)}}  # fmt: skip


def round_ahead(w: World) -> int:
    def start() -> int:
        round_id = world.start_round([w.a.county, w.b.county], state="scheduled")
        TREE.forget()
        return round_id

    return w.once("round ahead", start)


def hours(side_of, key: str):
    return lambda w: {
        key: {"area_id": str(side_of(w).community.area_id), "round_id": str(round_ahead(w))}
    }


def hour(side_of, key: str = "json"):
    def request(w: World) -> dict:
        side = side_of(w)
        house = w.once(("house", side.site.site_id), lambda: make.area("building", side.community))
        TREE.forget()
        now = clock.now()
        if key == "data":  # what a field for local time holds
            now = now.replace(tzinfo=None)
        return {
            key: {
                "building_id": str(house.area_id),
                "round_id": str(round_ahead(w)),
                "site_id": str(side.site.site_id),
                "starts_at": now.isoformat(),
                "ends_at": (now + timedelta(hours=1)).isoformat(),
            }
        }

    return request


def undone(side_of):
    def request(w: World) -> dict:
        asked = contacted(side_of)(w)
        asked["json"] |= UNDO
        return asked

    return request


def at_door(side_of):
    return lambda w: {"values": {"area_id": side_of(w).community.area_id},
                      "data": {"name": "门后人", "doc_type": "passport", "country": "CHN",
                               "number": f"E{make.number():08d}"}}  # fmt: skip


CONTACT = {"outcome": "unreachable"}
UNDO = {"key": "phone-0001"}

CASES = [
    Case("reminders_api.export_missed", inside=listed(a), outside=listed(b),
         inside_marker=lambda w: [w.a.community.name]),
    Case("reminders_api.list_visits", inside=listed(a), outside=listed(b)),
    Case("reminders_api.add_contact", "POST", ok=201,
         inside=with_round(contacted(a, **CONTACT)), outside=with_round(contacted(b, **CONTACT))),
    Case("reminders_api.list_contacts", inside=tried(a), outside=tried(b)),
    Case("reminders_api.opt_out", "POST", ok=204, inside=contacted(a), outside=contacted(b)),
    Case("reminders_api.draft_wave", "POST", ok=201, inside=text(a), outside=text(b)),
    Case("reminders_api.list_waves", inside=both, stand=AT_COMMUNITY,
         outside_marker=lambda w: [f'"area_id":"{w.b.community.area_id}"']),
    Case("reminders_api.get_wave", inside=wave(a), outside=wave(b)),
    Case("reminders_api.preview_wave", "POST", inside=wave(a), outside=wave(b)),
    Case("reminders_api.start_wave", "POST", ok=202,
         inside=wave(a, json={}), outside=wave(b, json={})),
    Case("reminders_api.cancel_wave", "POST", ok=204, inside=wave(a), outside=wave(b)),
    Case("reminders_api.list_unknown", inside=in_doubt(a), outside=in_doubt(b)),
    Case("reminders_api.decide_message", "POST", ok=204, inside=in_doubt(a), outside=in_doubt(b)),
    Case("reminders_api.list_slots", inside=hours(a, "query_string"),
         outside=hours(b, "query_string")),
    Case("reminders_api.plan_slots", "POST", inside=hours(a, "json"), outside=hours(b, "json")),
    Case("reminders_api.set_slot", "PUT", ok=204, inside=hour(a), outside=hour(b)),
    # closed while no secret is set; opened in tests/reminders/test_hooks.py
    Case("reminders_api.sms_reports", "POST", ok=404, inside=lambda w: {"json": []}),
    Case("reminders_api.sms_replies", "POST", ok=404, inside=lambda w: {"json": []}),
    Case("reminders_api.sms_reports_of_provider", "POST", ok=404,
         inside=lambda w: {"values": {"secret": "x" * 20}, "json": []}),
    Case("reminders_api.sms_replies_of_provider", "POST", ok=404,
         inside=lambda w: {"values": {"secret": "x" * 20}, "json": []}),
    Case("reminders_pages.missed", inside=areas),
    Case("reminders_pages.missed_in", inside=paged(a), outside=paged(b),
         inside_marker=lambda w: [w.a.community.name]),
    Case("reminders_pages.never_sampled", inside=paged(a), outside=paged(b),
         inside_marker=lambda w: [w.a.community.name]),
    Case("reminders_pages.add_contact", "POST", ok=303,
         inside=with_round(contacted(a, "data", do="refused"), "data"),
         outside=with_round(contacted(b, "data", do="refused"), "data")),
    Case("reminders_api.undo_contact", "POST", ok=204,
         inside=undone(a), outside=undone(b)),
    Case("reminders_pages.day", inside=areas),
    Case("reminders_pages.day_in", inside=new(a), outside=new(b), stand=AT_COMMUNITY,
         inside_marker=lambda w: [w.a.community.name]),
    Case("reminders_pages.found_form", inside=new(a), outside=new(b),
         inside_marker=lambda w: [w.a.community.name]),
    Case("reminders_pages.add_found", "POST", ok=303, inside=at_door(a), outside=at_door(b)),
    Case("reminders_pages.visits", inside=areas),
    Case("reminders_pages.visit_list", inside=new(a), outside=new(b)),
    Case("reminders_pages.waves", inside=both),
    Case("reminders_pages.new_wave", inside=new(a), outside=new(b)),
    Case("reminders_pages.draft_wave", "POST", ok=303,
         inside=text(a, "data"), outside=text(b, "data")),
    Case("reminders_pages.wave", inside=wave(a), outside=wave(b)),
    Case("reminders_pages.decide_message", "POST", ok=303,
         inside=word_of(a), outside=word_of(b)),
    Case("reminders_pages.slots_in", inside=slots_page(a), outside=slots_page(b)),
    Case("reminders_pages.plan_slots", "POST", ok=303,
         inside=hours(a, "data"), outside=hours(b, "data")),
    Case("reminders_pages.set_slot", "POST", ok=303,
         inside=hour(a, "data"), outside=hour(b, "data")),
    Case("reminders_pages.preview_wave", "POST", ok=303, inside=wave(a), outside=wave(b)),
    Case("reminders_pages.start_wave", "POST", ok=303, inside=wave(a), outside=wave(b)),
    Case("reminders_pages.cancel_wave", "POST", ok=303, inside=wave(a), outside=wave(b)),
]  # fmt: skip
