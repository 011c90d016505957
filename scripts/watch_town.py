"""A city's day for pictures of those who watch: the drill's, small, played through the public doors
to an hour at which much is going on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flask import Flask
from werkzeug.serving import make_server

from screening import clock, jobs
from screening.db import db, run
from screening.drill import handover
from screening.drill.day import Day
from screening.drill.day_plan import DayPlan
from screening.drill.door import HttpDoor
from screening.drill.load import load
from screening.drill.plan import make_plan
from screening.drill.play import know
from screening.drill.scenery import LOCAL, at_hour

PEOPLE = 300  # of each community: enough for every part of the pages
OPENS, SHOWN = 5.5, 15.5  # local hours
STEP = timedelta(minutes=10)
JOBS_AT_ONCE = 200
RATE = 60  # domain seconds in a second while it is played: messages keep their distance


class Town(NamedTuple):
    """`signs`: {role: [number, of the district first]}; everybody has one password."""

    url: str
    password: str
    signs: dict[str, list[str]]
    areas: dict[str, int]
    rounds: dict[str, int]
    plan: DayPlan


@contextmanager
def served(app: Flask) -> Iterator[Town]:
    """The day behind a real server."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield build(app, f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        server.server_close()
        clock.configure(None)


def build(app: Flask, url: str) -> Town:
    today = datetime.now(UTC).astimezone(LOCAL).date()
    set_clock(at_hour(today, OPENS))
    plan = make_plan(per_community=PEOPLE, day=today)
    with app.app_context():
        city = load(plan, at=clock.now())
        world, people = handover.world_of(city), handover.persons_of(city)
        signs: dict[str, list[str]] = {}
        for one in handover.sign_ins(city):
            signs.setdefault(str(one["role"]), []).append(one["number"])
        db.session.remove()
    play(app, Day(HttpDoor(url), plan, world, know(plan, people)))
    return Town(url, city.password, signs, world.areas, world.rounds, plan)


def play(app: Flask, day: Day) -> None:
    now = at_hour(day.plan.day, OPENS)
    while now < at_hour(day.plan.day, SHOWN):
        now = max(now + STEP, clock.now())  # never back: what was counted would lie ahead
        set_clock(now)
        day.play(now)
        if now.minute == 0:
            work(app)
    for _ in range(2):  # the second time pictures are taken of what the first has counted
        work(app)
    set_clock(clock.now(), 1)


def work(app: Flask) -> None:
    """What the worker would have done by now; every job that comes back is due again."""
    with app.app_context():
        run("UPDATE schedule SET next_at = now() - interval '1 second'")
        db.session.commit()
        jobs.run_due(JOBS_AT_ONCE)
        db.session.remove()


def set_clock(at: datetime, rate: int = RATE) -> None:
    clock.configure(f"{at.isoformat()}/{clock.real_now().isoformat()}/{rate}")


def signed_in(page: Any, town: Town, role: str, which: int = 0) -> Any:
    page.goto("/sign-in")
    page.fill("[name=number]", town.signs[role][which])
    page.fill("[name=password]", town.password)
    page.click("main button.btn-primary")
    page.wait_for_selector("nav.side-nav")
    return page
