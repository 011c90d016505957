"""The work list of a laboratory over 100,000 tubes: first page, deep page and load, with and without
the partial index."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import city, measure
from screening import clock, embedded
from screening.app import create_app
from screening.db import db, raw
from screening.lab import queries
from screening.tube.codes import Kind, make_codes

NAME = "screening_bench_worklist"
LAB, OTHER = 4001, 4002
TUBES = 100_000
# of ten tubes: so many are released, at the other laboratory, on plates; the rest wait here
RELEASED, ELSEWHERE, PLATED = 6, 1, 1
RANKED = 50  # every so manyth tube belongs to a key group
PAGE = 100
TURNS = 30
say = Console().print


def main(args: argparse.Namespace) -> int:
    server = embedded.ensure(city.INSTANCE)
    say(f"filling {TUBES:,} tubes …")
    url = city.create(server, NAME)
    city.fill(url, 1000, 0, 10)
    try:
        rows = _measure(url)
    finally:
        city.drop(server, NAME)
    table = Table("act", "with index, ms (median)", "worst", "without, ms (median)")
    for row in rows:
        table.add_row(*(str(row[k]) for k in ("act", "ms", "worst", "bare")))
    say(table)
    measure.keep({"name": "worklist", "tubes": TUBES, "rows": rows})
    return 0


def _measure(url: str) -> list[dict[str, Any]]:
    app = create_app(city.settings(url))
    with app.test_request_context():
        waiting = _fill()
        say(f"{waiting:,} of them wait at the laboratory")
        lab, at = queries.get_lab(LAB), clock.now()
        middle = _middle(lab, at)
        acts: dict[str, Callable[[], Any]] = {
            "first page of 100": lambda: queries.list_waiting(lab, at, limit=PAGE),
            "a page in the middle": lambda: queries.list_waiting(lab, at, after=middle, limit=PAGE),
            "load": lambda: queries.load_of(lab, at),
        }
        timed = {name: _times(act) for name, act in acts.items()}
        raw().execute("DROP INDEX ix_tube_bench")
        bare = {name: _times(act) for name, act in acts.items()}
        db.session.rollback()
        db.session.remove()
        db.engine.dispose()
    return [
        {
            "act": name,
            "ms": round(statistics.median(timed[name]), 1),
            "worst": round(max(timed[name]), 1),
            "bare": round(statistics.median(bare[name]), 1),
        }
        for name in acts
    ]


def _times(act: Callable[[], Any]) -> list[float]:
    out = []
    for _ in range(TURNS):
        began = time.perf_counter()
        act()
        out.append((time.perf_counter() - began) * 1000)
    return out


def _middle(lab: queries.LabRow, at: Any) -> str:
    found = queries.list_waiting(lab, at, limit=10_000)
    return found[-1].cursor


def _fill() -> int:
    conn, now = raw(), clock.now()
    conn.cursor().executemany(
        "INSERT INTO lab (lab_id, code, name, area_id, cell_id, capacity, own_lis) "
        "VALUES (%s, %s, %s, %s, %s, 10000, false)",
        [(LAB, "L1", "lab 1", 2001, 1001), (OTHER, "L2", "lab 2", 2002, 1002)],
    )
    waiting, ranked = 0, []
    with conn.cursor().copy(
        "COPY tube (cell_id, round_id, barcode, mode, pool_size, stage, since, holder_kind, "
        "holder_id, members, complete, holds, home_cells, closed_at, received_at, lab_id, version) "
        "FROM STDIN"
    ) as out:
        for i, code in enumerate(make_codes(Kind.TUBE, range(TUBES))):
            cell, of_ten = 1001 + i % city.CELLS, (i // city.CELLS) % 10
            stage, lab = _stands(of_ten)
            closed = now - timedelta(seconds=i % 20_000)
            if stage == 6 and lab == LAB:
                waiting += 1
                if i % RANKED == 0:
                    ranked.append((cell, city.ROUND, code, 3))
            out.write_row((cell, city.ROUND, code, 1 if i % 97 == 0 else 3, 10, stage, now, "lab",
                           lab, 10, True, 0, [cell], closed, now, lab, 0))  # fmt: skip
    with conn.cursor().copy("COPY bench_rank (cell_id, round_id, barcode, rank) FROM STDIN") as out:
        for row in ranked:
            out.write_row(row)
    conn.commit()
    conn.autocommit = True
    conn.execute("VACUUM ANALYZE")
    conn.autocommit = False
    return waiting


def _stands(of_ten: int) -> tuple[int, int]:
    """(stage, laboratory)"""
    if of_ten < RELEASED:
        return 10, LAB
    if of_ten < RELEASED + ELSEWHERE:
        return 6, OTHER
    return (7, LAB) if of_ten < RELEASED + ELSEWHERE + PLATED else (6, LAB)
