"""What offices do on a drill day: lists from elsewhere, hours for the evening round, bulletins."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import requests

from screening.drill.door import Refused
from screening.drill.scenery import at_hour
from screening.drill.world import Person, Staff

if TYPE_CHECKING:
    from screening.drill.day import Day

log = logging.getLogger("screening.drill")
LIST_AT, TAKEN_AT = 8.0, 10.0  # local hours: a list comes, the communities have looked at it
NOTICE_AT = 15.0  # before the evening's round
BULLETINS_AT = (12.0, 20.0)
LISTED = 4  # people of each community on the list
HEADS = ("姓名", "证件号码", "电话", "社区代码", "备注")
STRANGERS = (("演练甲", "13900000001"), ("演练乙", "13900000002"))  # in no register


class Offices:
    """Each act happens once; one that is refused is told in the log and the day goes on."""

    def __init__(self, day: Day) -> None:
        self.day = day

    def play(self, now: datetime) -> None:
        acts = [(LIST_AT, "list", self._list), (TAKEN_AT, "taken", self._take),
                (NOTICE_AT, "notice", self._notice),
                *((hour, f"bulletin {hour}", self._bulletin) for hour in BULLETINS_AT)]  # fmt: skip
        for hour, name, act in acts:
            if now >= at_hour(self.day.plan.day, hour) and self.day.notes.once(name):
                for head in heads(self.day):
                    self._try(name, act, head, now)

    def _try(self, name: str, act: Any, head: Staff, now: datetime) -> None:
        try:
            act(head, now)
        except (Refused, requests.RequestException) as why:
            log.warning("%s of %s: %s", name, head.number, why)

    # --- a list of people to look for ---------------------------------------------------------------

    def _list(self, head: Staff, now: datetime) -> None:
        """Another city asks after people who passed through it; two of them nobody knows."""
        homes = [c.code12 for c in self.day.plan.communities if c.county == head.place]
        wanted = [p for home in homes for p in self._residents(home)[:LISTED]]
        if not wanted:
            return
        asked = {
            "area_id": self.day.world.areas[head.place], "kind": "companion",
            "title": "外地协查函（演练）", "source": "演练市疾控中心",
        }  # fmt: skip
        file = ("list.csv", listed(wanted, homes[0]))
        made = self._as(head, "post", "/api/v1/inbound", file=file, form=asked).get("list_id")
        self._as(head, "post", f"/api/v1/inbound/{made}/start")

    def _residents(self, home: str) -> list[Person]:
        return [p for p in self.day.people if p.community == home and p.doc_type == "resident_id"]

    def _take(self, head: Staff, now: datetime) -> None:
        """The communities receive their lines and tell what came of some of them."""
        county = {c.code12 for c in self.day.plan.communities if c.county == head.place}
        for worker in self.day.world.crew("community_worker"):
            if worker.place not in county:
                continue
            area = self.day.world.areas[worker.place]
            lines = self._as(worker, "get", f"/api/v1/inbound/items?area={area}").body
            for line, outcome in zip(lines[:-1], ("told", "sampled", "not_reached"), strict=False):
                path = f"/api/v1/inbound/items/{line['item_id']}/outcome"
                self._as(worker, "post", path, json={"outcome": outcome})

    # --- the evening's round, and what leaders read -------------------------------------------------

    def _notice(self, head: Staff, now: datetime) -> None:
        """Hours for every building, then a message before the round of the evening begins."""
        if len(self.day.plan.rounds) < 2:
            return
        round_id = self.day.world.rounds[self.day.plan.rounds[1].ref]
        where = {"area_id": self.day.world.areas[head.place], "round_id": round_id}
        self._as(head, "post", "/api/v1/slots/plan", json=where)
        values = {
            **where, "template": "notice", "rule": "请按安排的时段到点采样", "phone": "12345",
        }  # fmt: skip
        wave = self._as(head, "post", "/api/v1/waves", json=values).get("wave_id")
        self._as(head, "post", f"/api/v1/waves/{wave}/start", json={"include_silent": True})

    def _bulletin(self, head: Staff, now: datetime) -> None:
        round_id = self.day.world.rounds[self.day.plan.rounds[0].ref]
        area = self.day.world.areas[head.place]
        asked = {"kind": "daily", "round_id": round_id, "area_id": area}
        self._as(head, "post", "/api/v1/bulletins", json=asked)

    def _as(self, who: Staff, verb: str, path: str, **values: Any) -> Any:
        return self.day.desks.as_(who, verb, path, **values)


def heads(day: Day) -> list[Staff]:
    """Who leads a district; those who lead a street of it look on."""
    streets = {home.street for home in day.plan.communities}
    return [h for h in day.world.crew("district_head") if h.place not in streets]


def listed(people: Sequence[Person], home: str) -> bytes:
    """The list as another office sends it; strangers are said to stay in a community."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(HEADS)
    for p in people:
        rows.writerow((p.name, p.doc_number, p.phone or "", p.community, "同车次"))
    for name, phone in STRANGERS:
        rows.writerow((name, "", phone, home, "同车次，仅有电话"))
    return out.getvalue().encode()
