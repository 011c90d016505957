"""A full plate through the laboratory: file to evaluated plate, and the release of its 920 persons."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
import psycopg
from flask import Flask
from rich.console import Console

from bench import city, floor, measure
from screening import clock, embedded
from screening.accounts.queries import actor_of
from screening.accounts.roles import Actor
from screening.accounts.secret_words import hashed
from screening.app import create_app
from screening.db import db, insert, new_id, raw
from screening.lab import queries
from screening.lab.plates import layout
from screening.lab.service import plates, rule_sets, runs
from screening.reporting import service
from screening.tube import service as tubes
from screening.tube.codes import Kind, make_codes
from screening.tube.rules import Bind, Line, Mode, Verb

NAME, COPY = "screening_bench_release", "screening_bench_release_floor"
PLATES, TUBES, POOL, LAB, PIN = 12, 92, 10, 501, "284917"
WARM = 2  # plates that are not counted: connections, caches, compiled statements
say = Console().print
Statements = list[tuple[Any, Any]]


def main(args: argparse.Namespace) -> int:
    server = embedded.ensure(city.INSTANCE)
    say(f"filling {PLATES} plates of {TUBES} tubes of {POOL} …")
    url = city.create(server, NAME)
    city.fill(url, PLATES * TUBES * POOL, PLATES * TUBES, 10)
    app = _app(url)
    try:
        ready, who = _prepare(app)
        _close(app)
        other = city.copy(server, COPY, NAME)
        app = _app(url)
        taken, said = _play(app, ready, who)
        _close(app)
        base = _replay(other, said)
        rows = [_row(what, taken[what], base[what], TUBES) for what in taken]
    finally:
        city.drop(server, NAME, COPY)
    for row, what in zip(rows, taken, strict=True):
        count = next(len(log) for act, log in reversed(said) if act == what)
        say(f"{row['name']}: {row['value']} ms, floor {row['floor']} ms, ratio {row['ratio']}; "
            f"{count} statements")  # fmt: skip
        measure.keep(row)
    return 0


def _app(url: str) -> Flask:
    app = create_app(city.settings(url))
    with app.app_context():
        from sqlalchemy import event

        @event.listens_for(db.engine, "connect")
        def _wear(conn: Any, _: Any) -> None:
            conn.cursor_factory = floor.Recorder

    return app


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


# --- until the file is looked at ------------------------------------------------------------------


def _prepare(app: Flask) -> tuple[list[tuple[int, bytes]], list[int]]:
    """Plates with closed, received tubes, and their files; the staff who sign."""
    with app.app_context():
        insert("lab", ("lab_id", "code", "name", "area_id", "cell_id", "capacity", "own_lis"),
               [(LAB, "B1", "bench", 2001, 1001, 9000, False)])  # fmt: skip
        who = [_staff(app, role) for role in ("lab_technician", "lab_reviewer")]
        rule_sets.ensure_defaults(at=clock.now())
        db.session.commit()
        general = next(v for v in rule_sets.list_versions() if v.name == "general-ct40")
        codes, ready = make_codes(Kind.TUBE, range(PLATES * TUBES)), []
        for i in range(PLATES):
            mine = codes[i * TUBES : (i + 1) * TUBES]
            _sample(mine, i * TUBES * POOL)
            plate = plates.create(LAB, code=f"P{i}", rule_id=general.rule_id, by=who[0],
                                  at=clock.now())  # fmt: skip
            wells = layout.tube_wells(96, controls=plate.layout)[:TUBES]
            plates.fill(LAB, plate.plate_id, dict(zip(wells, mine, strict=True)), by=who[0],
                        at=clock.now())  # fmt: skip
            db.session.commit()
            ready.append((plate.plate_id, _file(plate, i)))
        conn = raw()
        conn.commit()
        conn.autocommit = True
        conn.execute("VACUUM ANALYZE")
        conn.autocommit = False
    return ready, who


def _staff(app: Flask, role: str) -> int:
    number, now = new_id(), clock.real_now()
    sealed = app.extensions["keys"].seal(orjson.dumps({"name": role, "phone": ""}), "staff.sealed")
    columns = ("staff_id", "staff_no", "sealed", "pin_hash", "must_change", "active", "created_at")
    insert("staff", columns, [(number, f"B{number}", sealed, hashed(PIN), False, True, now)])
    insert("grant_role", ("grant_id", "staff_id", "role", "scope", "scope_id"),
           [(new_id(), number, role, "lab", LAB)])  # fmt: skip
    return number


def _sample(codes: Sequence[str], first: int) -> None:
    """Tubes of ten, opened, filled and closed at a site of the laboratory's street."""
    now, facts = clock.now(), {}
    for i, code in enumerate(codes):
        lines = [Line(new_id(), Verb.OPEN, 2, now, 1, 1, 1, 1, 3001,
                      data={"mode": int(Mode.POOLED), "size": POOL}),
                 Line(new_id(), Verb.CLOSE, 3, now, 1, 1, 99, 1, 3001, n=POOL)]  # fmt: skip
        binds = []
        for seat in range(1, POOL + 1):
            cell, person = city.person_of(first + i * POOL + seat - 1)
            binds.append(Bind(new_id(), person, cell, cell + 1000, seat, 0, now, 1, 1, 1 + seat, 1,
                              3001))  # fmt: skip
        facts[code] = tubes.Facts(code, 1001, city.ROUND, lines, binds)
    tubes.merge(facts, recorded_at=now)


def _file(plate: queries.PlateRow, i: int) -> bytes:
    """96 wells × 3 targets; one positive, the rest clean."""
    lines = ["well,sample,target,ct"]
    signal = {"ORF1ab": 24.1, "N": 25.3, "IC": 27.0}
    clean = {"ORF1ab": None, "N": None, "IC": 28.0 + i / 100}
    shows = {"pc": {"ORF1ab": 33.0, "N": 34.0, "IC": 30.0}, "ntc": clean}
    wells = {w: r.barcode for w, r in queries.list_wells(plate).items()}
    hot = sorted(wells)[7 * i % len(wells)]
    for well, name in {**plate.layout, **wells}.items():
        cts = signal if well == hot else shows.get(plate.layout.get(well, ""), clean)
        lines += [f"{well},{name},{t},{'Undetermined' if ct is None else ct}"
                  for t, ct in cts.items()]  # fmt: skip
    return ("\n".join(lines) + "\n").encode()


# --- in turn --------------------------------------------------------------------------------------


def _play(
    app: Flask, ready: Sequence[tuple[int, bytes]], who: Sequence[int]
) -> tuple[dict[str, list[float]], list[tuple[str, Statements]]]:
    """Milliseconds by act, and every act's statements in order."""
    taken: dict[str, list[float]] = {"evaluate": [], "release": []}
    said: list[tuple[str, Statements]] = []
    for plate_id, data in ready:
        with app.test_request_context():
            technician, reviewer = (_actor(n) for n in who)
            shown, calls = _act(said, taken, "evaluate", lambda p=plate_id, d=data: _evaluate(p, d))
            assert shown.run.state == "evaluated", shown.verdict
            mine = [c["barcode"] for c in calls]
            for step, by in ((1, technician), (2, reviewer)):
                _act(said, taken, "review", lambda s=step, b=by, m=mine: service.review(
                    m, s, lab_id=LAB, by=b, secret=PIN, at=clock.now()))  # fmt: skip
            out = _act(said, taken, "release", lambda b=reviewer, m=mine: service.release(
                m, lab_id=LAB, by=b, at=clock.now()))  # fmt: skip
            assert (len(out.released), out.callbacks) == (len(mine), POOL), out
            db.session.remove()
    return taken, said


def _actor(staff_id: int) -> Actor:
    found = actor_of(staff_id)
    assert found
    return found


def _evaluate(plate_id: int, data: bytes) -> tuple[runs.Shown, list[dict[str, Any]]]:
    shown = runs.preview(LAB, plate_id, data, by=1, at=clock.now())
    db.session.commit()
    made = runs.confirm(LAB, shown.run.run_id, by=1, at=clock.now())
    return made, made.calls


def _act(
    said: list[tuple[str, Statements]],
    taken: dict[str, list[float]],
    what: str,
    do: Callable[[], Any],
) -> Any:
    with _recording() as log:
        began = time.perf_counter()
        out = do()
        db.session.commit()
        spent = (time.perf_counter() - began) * 1000
    said.append((what, log))
    if what in taken:
        taken[what].append(spent)
    return out


@contextmanager
def _recording() -> Any:
    floor._log = log = []
    try:
        yield log
    finally:
        floor._log = None


def _replay(url: str, said: Sequence[tuple[str, Statements]]) -> dict[str, list[float]]:
    """The same statements by psycopg on a copy, in the same order; milliseconds by act."""
    taken: dict[str, list[float]] = {}
    with psycopg.connect(url, prepare_threshold=1) as conn:
        for act, log in said:
            began = time.perf_counter()
            for query, params in log:
                conn.execute(query, params)
            conn.commit()
            taken.setdefault(act, []).append((time.perf_counter() - began) * 1000)
    return taken


def _row(what: str, ours: list[float], floors: list[float], wells: int) -> dict[str, Any]:
    mine, base = ours[WARM:], floors[WARM:]
    value, below = statistics.median(mine), statistics.median(base)
    return {
        "name": {"evaluate": "file of 96 wells × 3 targets to evaluated plate",
                 "release": f"release of {wells} tubes, {wells * POOL} persons"}[what],
        "value": round(value, 1), "unit": "ms", "floor": round(below, 1),
        "ratio": round(below / value, 2), "p50_ms": round(value, 1),
        "p99_ms": round(max(mine), 1),
    }  # fmt: skip
