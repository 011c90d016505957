"""Schedules, due lists, calls one level up, who answers for employers."""

from __future__ import annotations

from datetime import timedelta

from screening import clock
from screening.db import db, fetch
from screening.places.queries import TREE
from screening.reminders import due
from tests.access import Case, Side, World
from tests.access_cases.registry import requested
from tests.reminders.schedules import schedule, today, worker


def people(w: World, side: Side) -> None:
    """Somebody of an employer in each side's community, on a schedule that began yesterday."""

    def make_them() -> None:
        TREE.forget()
        worker(side.community, employer=f"{side.community.name}快递")
        made = requested(lambda: schedule(
            [side.county.area_id], name=f"{side.county.name}安排",
            starts_on=today() - timedelta(days=1)))  # fmt: skip
        assert made
        requested(lambda: due.settle_due(at=clock.now(), everything=True))

    w.once(("due", side.site.site_id), make_them)


def on_list(side_of, **query):
    def request(w: World) -> dict:
        side = side_of(w)
        people(w, w.a)
        people(w, w.b)
        return {"values": {"area_id": side.community.area_id}, "query_string": query}

    return request


def of_employer(side_of):
    return lambda w: on_list(side_of, employer=f"{side_of(w).community.name}快递")(w)


def handing(side_of):
    def request(w: World) -> dict:
        asked = on_list(side_of)(w)
        said = {"employer": f"{side_of(w).community.name}快递", "how": "paper"}
        return {"values": asked["values"], "data": said}

    return request


def own_rows(w: World) -> dict:
    people(w, w.a)
    people(w, w.b)
    return {}


def of_schedule(side_of, begun: bool):
    def request(w: World) -> dict:
        made = requested(lambda: schedule([side_of(w).county.area_id], begun=begun))
        return {"values": {"schedule_id": made}}

    return request


def form(side_of):
    def request(w: World) -> dict:
        return {"data": {
            "name": "两天一检", "cohort": "delivery", "kind": "every", "every": "2",
            "starts_on": today().isoformat(), "area_ids": str(side_of(w).county.area_id),
        }}  # fmt: skip

    return request


def contact(side_of):
    def request(w: World) -> dict:
        side = side_of(w)
        people(w, side)
        return {"values": {"area_id": side.community.area_id},
                "data": {"employer": f"{side.community.name}快递", "contact_name": "钱经理",
                         "contact_phone": "13900000001"}}  # fmt: skip

    return request


def call_of(side_of):
    def request(w: World) -> dict:
        side = side_of(w)
        people(w, side)
        rows = fetch(
            "SELECT cell_id, call_id FROM schedule_call WHERE community_id = %s AND level = 3",
            (side.community.area_id,),
        )
        db.session.execute(db.text("UPDATE schedule_call SET seen_at = NULL, ended_at = NULL"))
        db.session.commit()
        return {"values": {"cell": rows[0][0], "call_id": rows[0][1]}, "data": {"note": "已联系"}}

    return request


def a(w: World) -> Side:
    return w.a


def b(w: World) -> Side:
    return w.b


def asked(side_of):
    def request(w: World) -> dict:
        people(w, w.a)
        people(w, w.b)
        return {"query_string": {"area": str(side_of(w).community.area_id)}}

    return request


CASES = [
    Case("figures_api.get_groups", inside=asked(a), outside=asked(b)),
    Case("registry_pages.list_schedules", inside=own_rows),
    Case("registry_pages.new_schedule"),
    Case("registry_pages.add_schedule", "POST", inside=form(a), outside=form(b)),
    Case("registry_pages.show_schedule", inside=of_schedule(a, True),
         outside=of_schedule(b, True)),
    Case("registry_pages.begin_schedule", "POST", inside=of_schedule(a, False),
         outside=of_schedule(b, False)),
    Case("registry_pages.end_schedule", "POST", inside=of_schedule(a, True),
         outside=of_schedule(b, True)),
    Case("registry_pages.round_of_schedule", "POST", inside=of_schedule(a, True),
         outside=of_schedule(b, True)),
    Case("registry_pages.list_employers", inside=on_list(a), outside=on_list(b)),
    Case("registry_pages.put_employer", "POST", inside=contact(a), outside=contact(b)),
    Case("reminders_pages.due", inside=own_rows),
    Case("reminders_pages.due_in", inside=on_list(a, view="people"),
         outside=on_list(b, view="people")),
    Case("reminders_pages.due_employer", inside=of_employer(a), outside=of_employer(b)),
    Case("reminders_pages.hand_due_list", "POST", inside=handing(a), outside=handing(b), ok=303),
    Case("reminders_pages.due_calls_of", inside=on_list(a), outside=on_list(b)),
    Case("reminders_pages.answer_due_call", "POST", inside=call_of(a), outside=call_of(b)),
    Case("reminders_pages.preview_schedule", inside=of_schedule(a, False),
         outside=of_schedule(b, False)),
]  # fmt: skip
