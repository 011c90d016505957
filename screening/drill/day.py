"""Plays a drill day: whoever has something to do by now does it, through the public doors.

`Day.play(now)` may be called as often as one likes; what was planned since the last call happens,
every device sends one batch, and the notes and the truth say how far the day has come.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any

import requests

from screening.drill import phones
from screening.drill.bench import Benches
from screening.drill.boxes import Boxes
from screening.drill.day_plan import DayPlan
from screening.drill.desks import Desks
from screening.drill.door import Door, Refused
from screening.drill.evening import Evening
from screening.drill.notes import Notes, Table, Way
from screening.drill.offices import Offices
from screening.drill.tables import Tables
from screening.drill.truth import Truth
from screening.drill.world import Person, World
from screening.drill.wrongs import Wrongs

log = logging.getLogger("screening.drill")
LEAD = timedelta(hours=1)  # the last person comes an hour before a site closes, at the latest
SETTLES = timedelta(hours=1)  # after a dark phone has spoken its tubes are signed and released
LONGEST = 240.0  # seconds from one person to the next
PERSONS_A_MINUTE = 2.0  # of one table, at most


class Day:
    """One day in one city; `notes` and `truth` come from an earlier player or are new."""

    def __init__(
        self,
        door: Door,
        plan: DayPlan,
        world: World,
        people: Sequence[Person],
        *,
        notes: Notes | None = None,
        truth: Truth | None = None,
        keep: Callable[[Day], None] = lambda _: None,
    ) -> None:
        self.door, self.plan, self.world, self.people = door, plan, world, people
        self.keep = keep
        self.truth = truth or Truth()
        starts = min(site.opens_at for site in plan.sites)
        self.notes = notes or Notes(until=starts)
        self.desks = Desks(door, world)
        self.offices = Offices(self)
        self.evening = Evening(self)
        self.wrongs = Wrongs(self)
        self.tables = Tables(self)
        self.boxes = Boxes(self)
        self.benches = Benches(self)
        if not self.notes.tables:
            self._seat()

    # --- before the first person ----------------------------------------------------------------

    def _seat(self) -> None:
        """Enrol every device, share out who comes where, and write the trips down."""
        plan, notes = self.plan, self.notes
        codes = {s.ref: s.code for s in self.world.sites}
        codes |= {lab.ref: lab.code for lab in self.world.labs}
        for device in plan.devices:
            if device.kind == "courier":
                continue  # the packer's phone carries a hand-over, with both names
            if device.ref not in notes.phones:
                notes.phones[device.ref] = phones.enrol(
                    self.door, codes[device.place], device.ref, ahead=device.clock_offset
                )
        for site in plan.sites:
            coming = self._who_comes(site.catchment or (f"visitors of {site.ref}",))
            crew = self.world.crew("sampler", site.ref)
            hours = (site.closes_at - site.opens_at) - LEAD
            for number in range(site.tables):
                mine = coming[number :: site.tables]
                pace = min(LONGEST, hours.total_seconds() / max(1, len(mine)))
                notes.tables.append(
                    Table(
                        f"D-{site.ref}-{number + 1}", site.ref, number + 1,
                        crew[number % len(crew)].staff_id, mine,
                        site.opens_at, max(pace, 60 / PERSONS_A_MINUTE),
                    )
                )  # fmt: skip
        couriers = {p.ref: p.staff_id for p in self.world.crew("courier")}
        notes.ways = [
            Way(t.ref, t.site, t.lab, t.leaves_at, t.arrives_at, couriers[t.courier])
            for t in plan.trips
        ]
        self.wrongs.plant()

    def _who_comes(self, catchment: Sequence[str]) -> list[int]:
        rng = Random(f"day {self.plan.seed} {','.join(catchment)}")
        share = self.plan.turnout["comes"]
        wanted = self.wrongs.surely()
        return [
            i
            for i, person in enumerate(self.people)
            if person.community in catchment
            and person.comes
            and (rng.random() < share or person.ref in wanted)
        ]

    # --- the day --------------------------------------------------------------------------------

    def play(self, now: datetime) -> None:
        """Let everything happen that was due between the last call and now."""
        self.wrongs.happen(now)
        self.tables.play(now)
        self.evening.play(now)
        self.boxes.pack(now)
        self.send(now)
        self.boxes.arrive(now)
        self.send(now)
        self.benches.play(now)
        self.desks.play(self, now)
        self.offices.play(now)
        self.notes.until = now
        if self.over(now) and self.notes.once("shift_end"):
            self.end_shifts(now)

    def send(self, now: datetime) -> None:
        """One batch a device; what does not get through is sent again next time.

        Kept first: a player that is killed here sends the same bytes again, never other ones."""
        self.keep(self)
        for phone in self.notes.phones.values():
            try:
                receipt = phones.send(phone, self.door, now)
            except (requests.RequestException, Refused) as why:
                log.warning("%s could not send: %s", phone.ref, why)
                continue
            if receipt and receipt["parked"]:
                log.warning("%s: parked %s", phone.ref, receipt["parked"])

    def write(self, device: str, kind: str, at: datetime, *, of: str = "", **body: Any) -> str:
        """An entry of a phone, of the round `of` (empty: the first of the day)."""
        round_id = self.world.rounds[of or self.plan.rounds[0].ref]
        return phones.write(
            self.notes.phones[device],
            kind,
            at,
            round=round_id,
            **{"site": None, "lab": None} | body,
        )

    def over(self, now: datetime) -> bool:
        """Everybody has come, every box has arrived, every plate is read."""
        notes = self.notes
        return (
            self.evening.begun
            and not any(t.coming for t in notes.tables)
            and all(way.stage == "over" for way in notes.ways)
            and not notes.plates
            and not notes.again
            and not any(notes.racks.values())
            and not any(
                p.dark_until and p.dark_until + SETTLES > now for p in notes.phones.values()
            )
        )

    def end_shifts(self, now: datetime) -> None:
        for table in self.notes.tables:
            phone = self.notes.phones[table.device]
            n = phone.sent + len(phone.unsent) + 1
            site = self.world.site(table.site)
            self.write(
                table.device, "shift_end", now, staff=table.staff, site=site.site_id, n=n
            )  # fmt: skip
        self.send(now)
