"""The resident's look-up against an empty ping, in one run: look-ups a second through gunicorn."""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import sys
import threading
import time
from datetime import timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import asking, city, ingest, measure
from screening import clock, embedded
from screening.app import create_app
from screening.config import ROOT
from screening.db import db, raw
from screening.registry.person_codes import new_access_code
from screening.reporting.service.codes import code_hash
from screening.tube.codes import Kind, make_codes

NAME = "screening_bench_lookup"
POOL = 10  # swabs in a tube
CODES = 20_000  # slips in hand
say = Console().print
HEAD = {"Content-Type": "application/json"}
PING = asking.prepared("GET", "/healthz")


def main(args: argparse.Namespace) -> int:
    server = embedded.ensure(city.INSTANCE)
    say(f"filling {args.persons:,} persons, each with a released swab …")
    url = city.create(server, NAME)
    city.fill(url, args.persons, args.persons // POOL, 1000)
    codes = _fill(url, args.persons)
    try:
        if args.profile:
            _profile(url, codes)
            return 0
        turns = [_serve(url, codes, args) for _ in range(args.rounds)]
    finally:
        city.drop(server, NAME)
    row = _row(turns)
    _print(row)
    measure.keep(row)
    return 1 if row["_bad"] else 0


# --- what was released ----------------------------------------------------------------------------


def _fill(url: str, persons: int) -> list[str]:
    """A released negative tube for every ten persons, and slips for the first `CODES` of them."""
    app = create_app(city.settings(url))
    with app.app_context():
        tubes = make_codes(Kind.TUBE, range(persons // POOL))
        _tubes(tubes)
        _swabs(tubes)
        codes = _slips(min(CODES, persons))
        conn = raw()
        conn.commit()
        conn.autocommit = True
        conn.execute("VACUUM ANALYZE")
        conn.autocommit = False
        db.session.remove()
        db.engine.dispose()
    return codes


def _cell(tube: int) -> int:
    return 1001 + tube % city.CELLS


def _people(tube: int) -> list[tuple[int, int]]:
    """Ten persons of the tube's own cell."""
    first = tube // city.CELLS * POOL * city.CELLS + tube % city.CELLS
    return [city.person_of(first + i * city.CELLS) for i in range(POOL)]


def _tubes(tubes: list[str]) -> None:
    now = clock.now()
    cur = raw().cursor()
    with cur.copy(
        "COPY tube (cell_id, round_id, barcode, mode, pool_size, stage, since, holder_kind, "
        "holder_id, members, complete, holds, home_cells, outcome, version) FROM STDIN"
    ) as out:
        for i, code in enumerate(tubes):
            cell = _cell(i)
            out.write_row((cell, city.ROUND, code, 2, POOL, 10, now, "lab", 1, POOL, True, 0,
                           [cell], 1, 1))  # fmt: skip
    with cur.copy(
        "COPY result (cell_id, round_id, barcode, version, outcome, released_at, released_by, "
        "second_by, command_id, members) FROM STDIN"
    ) as out:
        for i, code in enumerate(tubes):
            members = [i * POOL + seat for seat in range(POOL)]
            out.write_row((_cell(i), city.ROUND, code, 1, 1, now, 1, 2, i, members))


def _swabs(tubes: list[str]) -> None:
    at = clock.now() - timedelta(hours=6)
    with (
        raw()
        .cursor()
        .copy(
            "COPY specimen (cell_id, round_id, specimen_id, person_id, community_id, tube_cell, "
            "barcode, seat, purpose, of_record, void, at, device_id, journal_id, seq) FROM STDIN"
        ) as out
    ):
        for i, code in enumerate(tubes):
            for seat, (cell, person) in enumerate(_people(i)):
                out.write_row((cell, city.ROUND, i * POOL + seat, person, cell + 1000, cell, code,
                               seat + 1, 0, True, 0, at, 1, 1, i * POOL + seat))  # fmt: skip


def _slips(n: int) -> list[str]:
    now = clock.now()
    codes = [new_access_code(secrets.randbelow) for _ in range(n)]
    with (
        raw()
        .cursor()
        .copy("COPY access_code (code_hash, cell_id, person_id, made_at, until) FROM STDIN") as out
    ):
        for i, code in enumerate(codes):
            out.write_row((code_hash(code), *city.person_of(i), now, now + timedelta(days=90)))
    return codes


# --- the run --------------------------------------------------------------------------------------


def _serve(url: str, codes: list[str], args: argparse.Namespace) -> dict[str, Any]:
    port = ingest._free_port()
    env = {**os.environ, "DATABASE_URL": url, "SCREENING_INSTANCE": str(city.INSTANCE)}
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "wsgi:app", "-k", "gthread", "--workers",
         str(args.workers), "--threads", str(args.threads), "--bind", f"127.0.0.1:{port}",
         "--keep-alive", "30", "--log-level", "warning", "--no-control-socket"],
        cwd=ROOT, env=env,
    )  # fmt: skip
    asked = [
        asking.prepared("POST", "/api/v1/results/lookup", b'{"code": "%s"}' % c.encode(), HEAD)
        for c in codes
    ]
    try:
        ingest._wait(port)
        _drive(port, asked[:400], args, server.pid, 1.0)
        ping = _drive(port, [PING], args, server.pid, args.seconds / 2)
        look = _drive(port, asked, args, server.pid, args.seconds)
    finally:
        server.terminate()
        server.wait(20)
    say(f"look-up {look['value']:,.0f}/s, empty ping {ping['value']:,.0f}/s")
    return {**look, "ping": ping["value"], "ping_cpu": ping["web"]}


def _drive(port: int, asked: list[bytes], args: argparse.Namespace, pid: int,
           seconds: float) -> dict[str, Any]:  # fmt: skip
    took: list[float] = []
    bad: list[int] = []
    lock = threading.Lock()
    stop = time.perf_counter() + seconds

    def client(n: int) -> None:
        line, right = asking.Line(port), b'"ok"' if asked[0] == PING else b'"negative"'
        mine, wrong, i = [], [], n
        while time.perf_counter() < stop:
            began = time.perf_counter()
            status, text = line.ask(asked[i % len(asked)])
            mine.append((time.perf_counter() - began) * 1000)
            if status != 200 or right not in text:
                wrong.append(status)
            i += args.clients
        line.close()
        with lock:
            took.extend(mine)
            bad.extend(wrong)

    pids = measure.children(pid)
    web, dbs = measure.cpu_seconds(pids), measure.database_seconds(NAME)
    began, own = time.perf_counter(), time.process_time()
    threads = [threading.Thread(target=client, args=(n,)) for n in range(args.clients)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    spent = time.perf_counter() - began
    each = 1000 / max(len(took), 1)
    return {
        "value": len(took) / spent, "bad": bad, "client": (time.process_time() - own) * each,
        "p50": measure.percentile(took, 0.5), "p99": measure.percentile(took, 0.99),
        "web": (measure.cpu_seconds(pids) - web) * each,
        "db": (measure.database_seconds(NAME) - dbs) * each,
    }  # fmt: skip


def _row(turns: list[dict[str, Any]]) -> dict[str, Any]:
    mid = sorted(turns, key=lambda t: t["value"])[len(turns) // 2]
    return {
        "name": "lookup", "value": round(mid["value"]), "unit": "look-ups/s",
        "floor": round(mid["ping"]), "ratio": round(mid["value"] / mid["ping"], 3),
        "p50_ms": round(mid["p50"], 1), "p99_ms": round(mid["p99"], 1),
        "cpu_ms_per_unit": round(mid["web"] + mid["db"], 3), "_web": mid["web"], "_db": mid["db"],
        "_ping": mid["ping_cpu"], "_client": mid["client"], "_bad": [b for t in turns for b in t["bad"]],
    }  # fmt: skip


def _print(row: dict[str, Any]) -> None:
    table = Table(title="resident's look-up (2 cores: web, database and load generator)")
    values = {
        "look-ups/s": f"{row['value']:,}", "empty ping/s": f"{row['floor']:,}",
        "ratio": f"{row['ratio']:.2f}", "p50 ms": row["p50_ms"], "p99 ms": row["p99_ms"],
        "CPU ms": f"{row['cpu_ms_per_unit']:.2f}", "web": f"{row['_web']:.2f}",
        "db": f"{row['_db']:.2f}", "load generator": f"{row['_client']:.2f}", "ping web": f"{row['_ping']:.2f}",
    }  # fmt: skip
    for name in values:
        table.add_column(name, justify="right")
    table.add_row(*map(str, values.values()))
    say(table)
    if row["_bad"]:
        say(f"[red]{len(row['_bad'])} wrong answers: {row['_bad'][:5]}")


def _profile(url: str, codes: list[str]) -> None:
    """One process, no server: CPU of a ping and of a look-up, and where the latter goes."""
    import cProfile
    import pstats

    app = create_app(city.settings(url))
    client = app.test_client(use_cookies=False)

    def ask(n: int) -> float:
        began = time.process_time()
        for code in codes[:n]:
            assert client.post("/api/v1/results/lookup", json={"code": code}).status_code == 200
        return (time.process_time() - began) / n * 1000

    def ping(n: int) -> float:
        began = time.process_time()
        for _ in range(n):
            client.get("/healthz")
        return (time.process_time() - began) / n * 1000

    ask(200), ping(200)
    say(f"ping {ping(2000):.3f} ms, look-up {ask(2000):.3f} ms CPU a request")
    profiler = cProfile.Profile()
    profiler.enable()
    ask(1000)
    profiler.disable()
    pstats.Stats(profiler).sort_stats("tottime").print_stats(45)
