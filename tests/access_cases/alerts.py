"""Alerts and the duty roster: who may do what where."""

from __future__ import annotations

from datetime import timedelta

from screening import clock
from screening.accounts.queries import actor_of
from screening.accounts.roles import Role
from screening.accounts.signing import Signature
from screening.lab import queries
from screening.lab.pages.duty import key
from screening.lab.service import alerts, duty
from tests import make
from tests.access import Case, Side, World
from tests.access_cases.lab import both, sides, tube_at
from tests.access_cases.reporting import signing

WHY = {"how": "contamination", "reason": "阴控扩增", "early": "整板污染"}
HOURS = timedelta(hours=8)


def alert(side: Side) -> queries.AlertRow:
    return alerts.raise_by_hand(side.lab.lab_id, tube_at(side), by=1, at=clock.now())


def of_alert(side: Side, seen: bool = False, asked: bool = False, **kw) -> dict:
    made, now = alert(side), clock.now()
    here = (made.cell_id, made.alert_id)
    if seen or asked:
        alerts.acknowledge(*here, by=1, at=now)
    if asked:
        alerts.ask_clearing(*here, *WHY.values(), by=Signature(2), at=now)
    return {"values": {"cell": made.cell_id, "alert_id": made.alert_id}, **kw}


def signed(kind: str, body: dict, **kw) -> dict:
    """A request that its sender signs, at either side."""

    def at_side(w: World, side: Side) -> dict:
        return of_alert(side, **kw) | {kind: body | {"secret": signing(w)}}

    return at(at_side)


def by_hand(side: Side) -> dict:
    return {"json": {"lab_id": str(side.lab.lab_id), "tube": tube_at(side)}}


def form_alert(side: Side) -> dict:
    return {"data": {"lab_id": str(side.lab.lab_id), "tube": tube_at(side), "outcome": "2"}}


def someone(w: World, side: Side) -> make.MadeStaff:
    return w.once(("on duty", side.lab.lab_id),
                  lambda: make.staff(Role.LAB_TECHNICIAN, side.lab, phone="13000000000"))  # fmt: skip


def shift(w: World, side: Side) -> dict:
    """A duty at the side's laboratory."""
    now = clock.now()
    return {
        "json": {
            "kind": "lab", "place_id": str(side.lab.lab_id),
            "staff_no": someone(w, side).staff_no,
            "starts_at": now.isoformat(), "ends_at": (now + HOURS).isoformat(),
        },
    }  # fmt: skip


def form_shift(w: World, side: Side) -> dict:
    now = clock.now()
    return {
        "data": {
            "place": key(side.lab.place), "staff_no": someone(w, side).staff_no,
            "starts_at": f"{now + timedelta(hours=8):%Y-%m-%dT%H:%M}",
            "ends_at": f"{now + timedelta(hours=16):%Y-%m-%dT%H:%M}",
        },
    }  # fmt: skip


def made_shift(w: World, side: Side) -> dict:
    boss = actor_of(w.once("boss", lambda: make.staff(Role.ADMINISTRATOR)).staff_id)
    now = clock.now()
    number = duty.add(side.lab.place, someone(w, side).staff_no, now, now + HOURS, by=boss, at=now)
    return {"values": {"duty_id": number}}


def roster(w: World) -> dict:
    w.once("roster", lambda: [made_shift(w, side) for side in (w.a, w.b)])
    return {}


def at(maker) -> dict:
    return {"inside": lambda w: maker(w, w.a), "outside": lambda w: maker(w, w.b)}


API = [
    Case("lab_api.alerts.list_alerts", inside=both("alerts", alert)),
    Case("lab_api.alerts.list_unacknowledged", inside=both("alerts", alert)),
    Case("lab_api.alerts.raise_alert", "POST", ok=201, **sides(by_hand)),
    Case("lab_api.alerts.get_members", **sides(of_alert)),
    Case("lab_api.alerts.acknowledge_alert", "POST", **sides(of_alert)),
    Case("lab_api.alerts.ask_clearing", "POST", **signed("json", WHY, seen=True)),
    Case("lab_api.alerts.answer_clearing", "POST",
         **signed("json", {"agree": True}, asked=True)),
    Case("lab_api.duty.list_posts", inside=roster),
    Case("lab_api.duty.add_duty", "POST", ok=201, **at(shift)),
    Case("lab_api.duty.remove_duty", "DELETE", ok=204, **at(made_shift)),
]  # fmt: skip

PAGES = [
    Case("lab_pages.alerts", inside=both("alerts", alert)),
    Case("lab_pages.alert", **sides(of_alert)),
    Case("lab_pages.alert_members", **sides(of_alert)),
    Case("lab_pages.raise_alert", "POST", ok=303, **sides(form_alert)),
    Case("lab_pages.acknowledge_alert", "POST", ok=303, **sides(of_alert)),
    Case("lab_pages.ask_clearing", "POST", ok=303, **signed("data", WHY, seen=True)),
    Case("lab_pages.answer_clearing", "POST", ok=303,
         **signed("data", {"agree": "1"}, asked=True)),
    Case("lab_pages.duty", inside=roster),
    Case("lab_pages.add_duty", "POST", ok=303, **at(form_shift)),
    Case("lab_pages.remove_duty", "POST", ok=303, **at(made_shift)),
]  # fmt: skip

CASES = API + PAGES
