"""`python -m screening.drill.play --url … --instance …`: plays the drill's day beside a server.

It knows the city from plan.json, world.json and people.jsonl, keeps player.json and truth.json, and
goes on where it stopped. Domain time comes from SCREENING_CLOCK, as for the server.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import time
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from threading import Event

import msgspec
import requests

from screening import clock
from screening.drill import day_plan, truth, world
from screening.drill.day import Day
from screening.drill.day_plan import DayPlan
from screening.drill.door import HttpDoor, Refused
from screening.drill.notes import Notes
from screening.drill.population import PersonRow
from screening.drill.register import people_of
from screening.drill.truth import Truth
from screening.drill.visitors import make_visitors
from screening.drill.world import Person

log = logging.getLogger("screening.drill")
TICK = 5.0  # real seconds between two looks at the clock
PATIENCE = 120.0  # real seconds until the server answers
VISITORS = "visitors of "  # and a site's ref: the community of people whom no register holds


def main(args: Sequence[str] | None = None) -> None:
    """Play until the day is over or somebody stops it (Ctrl-C, SIGTERM)."""
    parser = argparse.ArgumentParser(prog="python -m screening.drill.play")
    parser.add_argument("--url", default="http://127.0.0.1:8000")
    parser.add_argument("--instance", type=Path, default=Path("instance/demo"))
    options = parser.parse_args(args)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    stopping = Event()  # looked at between two turns, so that all that was sent is kept
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopping.set())
    play(options.url, options.instance, stopping)


def play(url: str, folder: Path, stopping: Event) -> None:
    door = HttpDoor(url)
    wait_for(door)
    day = open_day(door, folder)
    keep(day, folder)
    while not day.over(clock.now()):
        if stopping.is_set():
            log.info("stopped; the day goes on from here")
            return
        try:
            day.play(clock.now())
        except (requests.RequestException, Refused) as why:
            log.warning("%s", why)
        keep(day, folder)
        stopping.wait(TICK)
    log.info("the day is over: %s swabs in %s tubes", len(day.truth.swabs), len(day.truth.tubes))


def wait_for(door: HttpDoor) -> None:
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            door.get("/healthz")
            return
        except (requests.RequestException, Refused):
            if time.monotonic() > ends:
                raise
            time.sleep(1)


def open_day(door: HttpDoor, folder: Path) -> Day:
    """The day of an instance, from its beginning or from where it stopped."""
    plan = day_plan.from_json((folder / "plan.json").read_bytes())
    known, people = world.read(folder)
    clock.configure(os.environ.get("SCREENING_CLOCK") or known.clock)
    notes, happened = folder / world.STATE, folder / world.TRUTH
    return Day(
        door,
        plan,
        known,
        know(plan, people),
        keep=lambda day: keep(day, folder),
        notes=msgspec.json.decode(notes.read_bytes(), type=Notes) if notes.exists() else None,
        truth=msgspec.json.decode(happened.read_bytes(), type=Truth) if happened.exists() else None,
    )


def keep(day: Day, folder: Path) -> None:
    truth.save(folder / world.TRUTH, day.truth)
    truth.save(folder / world.STATE, day.notes)


# --- who comes how ------------------------------------------------------------------------------


def know(plan: DayPlan, people: Sequence[Person]) -> list[Person]:
    """The registered people with how the round swabs them, then the visitors of each site."""
    rows = {row.ref: row for row in people_of(plan)}
    locked = {
        (home, house)
        for zone in plan.zones
        if zone.kind == "lock"
        for home in zone.communities
        for house in zone.buildings
    }
    single = {r.cohort for r in plan.rounds[0].pool_rules if r.cohort and r.mode == "single"}
    out = [
        msgspec.structs.replace(
            person,
            mode=mode_of(rows[person.ref], locked, single),
            comes=not rows[person.ref].exempt_code,
            household=rows[person.ref].household,
            cohort=rows[person.ref].key_group or "",
        )
        for person in people
    ]
    return [*out, *visitors_of(plan)]


def mode_of(row: PersonRow, locked: set[tuple[str, str]], single: set[str]) -> str:
    if row.key_group in single:
        return "single"
    return "household" if (row.community, row.building) in locked else "pooled"


def visitors_of(plan: DayPlan) -> list[Person]:
    """Travellers at the sites without a catchment; they show a document."""
    sites = [site for site in plan.sites if site.visitors and not site.catchment]
    made = make_visitors(sum(site.visitors for site in sites), plan.seed, day=plan.day)
    homes = [VISITORS + site.ref for site in sites for _ in range(site.visitors)]
    return [
        Person(
            ref=row.ref, cell=0, person_id=0, community=home, name=row.name, phone=row.phone,
            doc_type=row.doc_type, doc_number=row.doc_number, country=row.country, mode="single",
        )
        for row, home, _ in zip(made, homes, count(), strict=False)
    ]  # fmt: skip


if __name__ == "__main__":
    main()
