"""The sampling tables: people come one by one, tubes are opened, filled and closed."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import takewhile
from random import Random
from typing import TYPE_CHECKING, Any

from screening.drill.notes import Again, Table, Waiting, Way
from screening.drill.truth import Swab, Tube
from screening.drill.world import Person
from screening.registry.person_codes import make_resident_code
from screening.tube.codes import Kind, make_code

if TYPE_CHECKING:
    from screening.drill.day import Day

POOL, SINGLE, HOUSEHOLD = "pooled", "single", "household"
TEN = 10
BY_DOCUMENT = 0.3  # share of those who show a card and no code
SWAB = timedelta(seconds=30)
EXTRA_TRIP = timedelta(minutes=30)  # single swabs wait for no round trip


class Tables:
    def __init__(self, day: Day) -> None:
        self.day = day

    def play(self, now: datetime) -> None:
        for table in self.day.notes.tables:
            while table.coming and self._ends(table) <= now:
                self._fill(table)
        due = [a for a in self.day.notes.again if a.due_at <= now]
        for again in due:
            self._alone(again)
            self.day.notes.again.remove(again)

    def _ends(self, table: Table) -> datetime:
        return table.next_at + timedelta(seconds=table.seconds * len(self._next(table)))

    def _next(self, table: Table) -> list[int]:
        """Who fills the next tube: one alone, a household, or the next ten."""
        people, first = self.day.people, self.day.people[table.coming[0]]
        if first.mode == SINGLE or table.round:
            return table.coming[:1]
        if first.mode == HOUSEHOLD:
            same = takewhile(lambda i: people[i].household == first.household, table.coming)
            return list(same)[:TEN]
        return list(takewhile(lambda i: people[i].mode == POOL, table.coming[:TEN]))

    def _fill(self, table: Table) -> None:
        day, members = self.day, self._next(table)
        mode = SINGLE if table.round else day.people[members[0]].mode
        ends = self._ends(table)
        tube = day.wrongs.number_for(table) or self.label(table.site)
        step = (ends - table.next_at) / (len(members) + 2)
        self.capture(table, tube, members, mode, table.next_at, step)
        if len(members) == TEN:
            table.full += 1
            day.wrongs.filled(table, tube, members)
        if day.wrongs.stands_here(table, tube):
            day.notes.ready.setdefault(table.site, []).append(Waiting(tube, ends))
        table.coming = table.coming[len(members) :]
        table.next_at = ends

    def capture(
        self,
        table: Table,
        tube: str,
        members: list[int],
        mode: str,
        at: datetime,
        step: timedelta,
        purpose: str = "screen",
    ) -> None:
        day = self.day
        said: dict[str, Any] = {
            "staff": table.staff,
            "site": day.world.site(table.site).site_id,
            "table": table.number,
            "of": table.round if purpose == "screen" else "",
        }
        if said["of"]:
            day.notes.rounds[tube] = table.round
        size = 1 if mode == SINGLE else TEN
        day.write(table.device, "open", at, tube=tube, mode=mode, size=size, **said)
        for seat, i in enumerate(members, 1):
            who = self._shows(day.people[i])
            when = at + seat * step
            day.write(
                table.device, "bind", when, tube=tube, seat=seat, who=who, purpose=purpose, **said
            )
            day.truth.swabs.append(Swab(tube, day.people[i].ref, when, purpose))
        closed = at + (len(members) + 1) * step
        day.write(table.device, "close", closed, tube=tube, n=len(members), **said)
        day.truth.tubes.setdefault(tube, Tube(table.site))

    def _shows(self, person: Person) -> dict[str, Any]:
        card = person.doc_type == "resident_id" and len(person.doc_number) == 18
        if not person.person_id or (card and Random(person.ref).random() < BY_DOCUMENT):
            doc = {"type": person.doc_type, "number": person.doc_number, "name": person.name}
            if person.country:
                doc["country"] = person.country
            return {"doc": {**doc, "phone": person.phone}}
        return {"code": make_resident_code(person.cell, person.person_id)}

    def label(self, site: str, kind: Kind = Kind.TUBE) -> str:
        """The next label of the site's roll."""
        used, key = self.day.notes.used, f"{kind.name} {site}"
        place = self.day.world.site(site)
        roll = {Kind.TUBE: place.tubes, Kind.BOX: place.boxes, Kind.SEAL: place.seals}[kind]
        n = used.get(key, 0)
        used[key] = n + 1
        return make_code(kind, roll.first + n % roll.count)

    def _alone(self, again: Again) -> None:
        """A member of a positive pool is swabbed at home, and the tube leaves at once."""
        day = self.day
        table = next(t for t in day.notes.tables if t.site == again.site)
        tube = self.label(again.site)
        at = max(again.due_at, table.next_at)
        self.capture(table, tube, [again.person], SINGLE, at, SWAB, "recheck")
        table.next_at = closed = at + 3 * SWAB
        day.truth.tubes[tube].outcome = again.outcome
        day.notes.ready.setdefault(again.site, []).append(Waiting(tube, closed))
        self._extra_trip(again.site, closed)

    def _extra_trip(self, site: str, after: datetime) -> None:
        notes, lab = self.day.notes, next(s.lab for s in self.day.plan.sites if s.ref == site)
        way = next((w for w in notes.ways if w.site == site and w.ref.startswith("X-")), None)
        leaves = after + EXTRA_TRIP
        if way is not None and way.stage == "planned":
            way.leaves_at, way.arrives_at = leaves, leaves + EXTRA_TRIP
            return
        courier = notes.ways[0].courier
        ref = f"X-{site}-{len(notes.ways)}"
        notes.ways.append(Way(ref, site, lab, leaves, leaves + EXTRA_TRIP, courier))
