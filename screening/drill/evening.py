"""The evening's round of a drill day: the first one is stopped, key groups come to a few sites.

Only some of them come, so that two rounds stand beside each other to be compared."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from screening.drill.notes import Way
from screening.drill.tables import EXTRA_TRIP

if TYPE_CHECKING:
    from screening.drill.day import Day

MOST = 40  # people of one site; they are swabbed one a tube
SECONDS = 60.0  # from one person to the next, of one table


class Evening:
    def __init__(self, day: Day) -> None:
        self.day = day

    @property
    def begun(self) -> bool:
        """There is nothing to wait for: no second round, or it has begun."""
        return len(self.day.plan.rounds) < 2 or "evening" in self.day.notes.done

    def play(self, now: datetime) -> None:
        if self.begun or now < self.day.plan.rounds[1].starts_at:
            return
        first, second = (self.day.world.rounds[r.ref] for r in self.day.plan.rounds[:2])
        chief = self.day.world.crew("administrator")[0]
        for table in self.day.notes.tables:  # who has not come by now is missed
            table.coming = []
        self.day.desks.as_(chief, "post", f"/api/v1/rounds/{first}/stop")
        self.day.desks.as_(chief, "post", f"/api/v1/rounds/{second}/start")
        self.day.notes.once("evening")
        for site in self.day.plan.rounds[1].sites:
            self._seat(site, now)

    def _seat(self, ref: str, now: datetime) -> None:
        """Those of the site's catchment who belong to the round, shared out over its tables."""
        day, wanted = self.day, set(self.day.plan.rounds[1].cohorts)
        (site,) = (s for s in day.plan.sites if s.ref == ref)
        coming = [
            i for i, p in enumerate(day.people)
            if p.community in site.catchment and p.comes and p.cohort in wanted
        ][:MOST]  # fmt: skip
        second = day.plan.rounds[1].ref
        tables = [t for t in day.notes.tables if t.site == ref]
        for n, table in enumerate(tables):
            table.coming = coming[n :: len(tables)]
            table.round = second
            table.next_at, table.seconds = max(now, table.next_at), SECONDS
        lasts = timedelta(seconds=SECONDS * (len(coming) // max(1, len(tables)) + 1))
        leaves = now + lasts + EXTRA_TRIP
        courier = day.notes.ways[0].courier
        day.notes.ways.append(
            Way(f"E-{ref}", ref, site.lab, leaves, leaves + EXTRA_TRIP, courier, round=second)
        )
