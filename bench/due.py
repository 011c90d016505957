"""Due lists at three sizes: everybody of a key group on five schedules, settled fresh, again, and after
a morning's swabs; then what the screens ask."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb
from rich.console import Console
from rich.table import Table

from bench import city, measure
from screening import clock, embedded
from screening.accounts.roles import EVERYWHERE, Actor, Role, Scope
from screening.app import create_app
from screening.db import db, raw
from screening.places import queries as places
from screening.registry.queries import ROUNDS
from screening.registry.rules import default_limits
from screening.registry.rules_schedule import Kind
from screening.registry.schedule_queries import get_schedule
from screening.registry.service import schedules
from screening.registry.service.rounds import make_partitions
from screening.reminders import due
from screening.reminders.due_preview import preview
from screening.reminders.queries import due as lists
from screening.reminders.queries.due_facts import day_of

NAME = "screening_bench_due"
SIZES = (1_000, 10_000, 100_000)
EMPLOYERS = 200
AGES = (1, 3, 5)  # days ago on which a round swabbed seven of ten
MORNING = 20  # every so manyth is swabbed this morning
TURNS = 5
ADMIN = Actor(1, "A1", (Scope(Role.ADMINISTRATOR, EVERYWHERE),))
SWAB = (
    "cell_id", "round_id", "specimen_id", "person_id", "community_id", "tube_cell", "barcode",
    "seat", "purpose", "of_record", "void", "at", "device_id", "journal_id", "seq",
)  # fmt: skip
say = Console().print


def main(args: argparse.Namespace) -> int:
    server = embedded.ensure(city.INSTANCE)
    rows = []
    for size in SIZES:
        say(f"filling {size:,} persons of key groups, five schedules …")
        url = city.create(server, NAME)
        city.fill(url, size, 10, 0)
        try:
            rows.append(_measure(url, size))
        finally:
            city.drop(server, NAME)
    table = Table("act", *(f"{s:,} persons" for s in SIZES))
    for act in rows[0]:
        table.add_row(act, *(f"{r[act]:,}" for r in rows))
    say(table)
    measure.keep({"name": "due", "sizes": list(SIZES), "rows": rows})
    return 0


def _measure(url: str, size: int) -> dict[str, Any]:
    app = create_app(city.settings(url))
    with app.test_request_context():
        made = _fill(size)
        at = clock.now()
        out: dict[str, Any] = {}

        def settle() -> due.Settled:
            return due.settle_due(at=at, everything=True, watch=due.commit)

        first = _timed(out, "fresh list of two days, s", settle)
        out["lines a day"] = first.rows // 2
        again = _timed(out, "again, nothing new, s", settle)
        assert again.written == 0, again
        _swab(size, city.ROUND, at, every=MORNING)
        later = _timed(out, "after 5% were swabbed, s", settle)
        out["lines rewritten"] = later.written
        node, one = places.find_area(1), places.find_area(2001)
        assert node is not None
        assert one is not None
        day = day_of(at)
        asks: dict[str, Callable[[], Any]] = {
            "city by employer, ms": lambda: lists.list_groups(node, day),
            "city by area, ms": lambda: lists.list_areas(node, day),
            "a community's late, ms": lambda: lists.list_due(one, day, states=("late",)),
            "calls of the city, ms": lambda: lists.list_called(node),
        }
        for name, ask in asks.items():
            times = [_time(ask) * 1000 for _ in range(TURNS)]
            out[name] = round(sorted(times)[TURNS // 2], 1)
        _timed(out, "preview of one schedule, s",
               lambda: preview(get_schedule(made[-1]), at=at))  # fmt: skip
        db.session.rollback()
        db.session.remove()
        db.engine.dispose()
    return out


def _time(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _timed(out: dict[str, Any], name: str, act: Callable[[], Any]) -> Any:
    """The wall clock of a shared machine, and the CPU seconds of the worker alone."""
    began, worked = time.perf_counter(), time.process_time()
    found = act()
    out[name] = round(time.perf_counter() - began, 2)
    out[f"{name} of CPU"] = round(time.process_time() - worked, 2)
    return found


def _fill(size: int) -> Sequence[int]:
    conn, now = raw(), clock.now()
    conn.execute(
        "UPDATE person SET key_group = 'delivery', created_at = %s, "
        "employer = 'employer ' || person_id %% %s",
        (now - timedelta(days=60), EMPLOYERS),
    )
    conn.execute(
        "INSERT INTO person_cohort (cell_id, person_id, cohort, valid_from) "
        "SELECT cell_id, person_id, 'arrival', %s - person_id %% 9 * interval '1 day' FROM person",
        (now,),
    )
    for i, ago in enumerate(AGES):
        _round(10 + i, now - timedelta(days=ago + 1))
        _swab(size, 10 + i, now - timedelta(days=ago), every=1, share=7)
    ROUNDS.forget()
    start = day_of(now) - timedelta(days=4)
    drafts = [
        schedules.Draft(f"every {n}", "delivery", Kind.EVERY, start, [1], every=n)
        for n in (1, 2, 3, 7)
    ]
    drafts.append(schedules.Draft("days", "arrival", Kind.DAYS, start, [1], days=(1, 2, 3, 5, 7)))
    made = [schedules.draft(d, by=ADMIN, at=now) for d in drafts]
    for one in made:
        schedules.begin(one, by=ADMIN, at=now)
    made.append(schedules.draft(
        drafts[3]._replace(starts_on=day_of(now) + timedelta(days=1)), by=ADMIN, at=now
    ))  # fmt: skip
    db.session.commit()
    conn = raw()
    conn.commit()
    conn.autocommit = True
    conn.execute("VACUUM ANALYZE")
    conn.autocommit = False
    return made


def _round(round_id: int, started: Any) -> None:
    conn = raw()
    conn.execute(
        "INSERT INTO round (round_id, name, kind, state, starts_at, ends_at, started_at, limits, "
        "pool_rules, drill) VALUES (%s, 'earlier', 'mass', 'closing', %s, %s, %s, %s, '[]', false)",
        (round_id, started, started + timedelta(days=1), started, Jsonb(default_limits())),
    )
    make_partitions(round_id)


def _swab(size: int, round_id: int, at: Any, *, every: int, share: int = 10) -> None:
    with raw().cursor().copy(f"COPY specimen ({', '.join(SWAB)}) FROM STDIN") as out:
        for n in range(0, size, every):
            if (n + round_id) % 10 >= share:
                continue
            cell, person = city.person_of(n)
            out.write_row((cell, round_id, n + 1, person, cell + 1000, cell, f"B{n // 10:08d}", 1,
                           0, True, 0, at, 1, 1, 1))  # fmt: skip
    db.session.commit()
