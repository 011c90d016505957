"""People at desks: each role signs in once and is signed in again when its session has ended."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests

from screening.drill.door import Door, Refused, Reply
from screening.drill.offices import heads
from screening.drill.scenery import at_hour
from screening.drill.world import Staff, World

if TYPE_CHECKING:
    from screening.drill.day import Day

log = logging.getLogger("screening.drill")
WAVE_AT, CALLS_AT = 13.0, 14.5  # local hours of the reminder and of the calls afterwards
MOST_CALLS = 40  # of one community
LOOKS = timedelta(minutes=3)  # how often those on duty look, and how long they take to answer


class Desks:
    def __init__(self, door: Door, world: World) -> None:
        self.door, self.world = door, world
        self.tokens: dict[str, str] = {}
        self.looked: datetime | None = None

    def sign_in(self, who: Staff) -> str:
        wanted = {"number": who.number, "password": self.world.password}
        self.tokens[who.number] = self.door.post("/api/v1/session", json=wanted).get("token")
        return self.tokens[who.number]

    def post(self, path: str, role: str, place: str, **values: Any) -> Reply:
        return self.as_(self.world.crew(role, place)[0], "post", path, **values)

    def as_(self, who: Staff, verb: str, path: str, **values: Any) -> Reply:
        """Ask as `who`; a session that has ended is opened again once."""
        ask = getattr(self.door, verb)
        token = self.tokens.get(who.number) or self.sign_in(who)
        try:
            return ask(path, token=token, **values)
        except Refused as why:
            if why.status != 401:
                raise
            return ask(path, token=self.sign_in(who), **values)

    # --- the community's day --------------------------------------------------------------------

    def play(self, day: Day, now: datetime) -> None:
        """A wave of reminders, calls to the missed, calls to those who are called back."""
        for at, name, act in (
            (WAVE_AT, "wave", self._remind),
            (CALLS_AT, "calls", self._call),
        ):
            if now >= at_hour(day.plan.day, at) and day.notes.once(name):
                self._try(act, day, now)
        if day.notes.again and day.notes.once(f"called {len(day.truth.swabs)}"):
            self._try(self._call_back, day, now)
        if self.looked is None or now - self.looked >= LOOKS:
            self.looked = now
            self._try(self._answer, day, now)

    def _try(self, act: Any, day: Day, now: datetime) -> None:
        """A desk that is refused tells it in the log; the day goes on."""
        try:
            act(day, now)
        except (Refused, requests.RequestException) as why:
            log.warning("%s: %s", act.__name__, why)

    def _remind(self, day: Day, now: datetime) -> None:
        round_id = self.world.rounds[day.plan.rounds[0].ref]
        for head in heads(day):
            values = {
                "area_id": self.world.areas[head.place], "round_id": round_id,
                "template": "missed", "reason": "区域筛查", "rule": "应检尽检",
                "place": "就近采样点", "hours": "今日16时前", "phone": "12345",
            }  # fmt: skip
            wave = self.as_(head, "post", "/api/v1/waves", json=values).get("wave_id")
            start = {"include_silent": True}
            self.as_(head, "post", f"/api/v1/waves/{wave}/start", json=start)

    def _call(self, day: Day, now: datetime) -> None:
        """Community workers reach some of those who have not come, and note what they heard."""
        round_id = self.world.rounds[day.plan.rounds[0].ref]
        came = day.truth.persons() | {
            day.people[i].ref for table in day.notes.tables for i in table.coming
        }
        words = ("away", "unreachable", "refused", "will_come", "visit")
        for worker in self.world.crew("community_worker"):
            missed = [p for p in day.people if p.community == worker.place and p.comes]
            missed = [p for p in missed if p.ref not in came][:MOST_CALLS]
            for n, person in enumerate(missed):
                outcome = words[n % len(words)]
                until = (now + timedelta(days=3)).isoformat() if outcome == "away" else None
                values = {
                    "cell_id": person.cell, "person_id": person.person_id,
                    "round_id": round_id, "outcome": outcome, "kind": "call", "until": until,
                }  # fmt: skip
                self.as_(worker, "post", "/api/v1/contacts", json=values)

    def _answer(self, day: Day, now: datetime) -> None:
        """Those on duty say that they have an alert in hand, each for the own place."""
        benches = [self.world.crew("lab_technician", lab.ref)[0] for lab in self.world.labs]
        for who in [*benches, *heads(day)]:
            own = self._post_of(who)
            for call in self.as_(who, "get", "/api/v1/alerts/unacknowledged").body:
                rung = datetime.fromisoformat(call["called_at"])
                if (call["kind"], int(call["place_id"])) == own and now - rung >= LOOKS:
                    path = f"/api/v1/alerts/{call['cell_id']}/{call['alert_id']}/acknowledge"
                    self.as_(who, "post", path)

    def _post_of(self, who: Staff) -> tuple[str, int]:
        if who.role == "district_head":
            return "area", self.world.areas[who.place]
        return "lab", self.world.lab(who.place).lab_id

    def _call_back(self, day: Day, now: datetime) -> None:
        homes = {day.people[a.person].community for a in day.notes.again}
        for worker in self.world.crew("community_worker"):
            if worker.place not in homes:
                continue
            path = f"/api/v1/callbacks?area_id={self.world.areas[worker.place]}"
            for row in self.as_(worker, "get", path).get("items"):
                path = f"/api/v1/callbacks/{row['cell_id']}/{row['callback_id']}/attempts"
                self.as_(worker, "post", path, json={"outcome": "will_come"})
