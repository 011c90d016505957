"""Journal ingest: persons a second through the real door, against the floor of its statements."""

from __future__ import annotations

import argparse
import cProfile
import gzip
import http.client
import os
import pstats
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
from rich.console import Console
from rich.table import Table

from bench import asking, city, floor, measure, workload
from screening import clock, embedded
from screening.app import create_app
from screening.config import ROOT
from screening.db import db
from screening.field import service

BASE, LIVE, FLOOR = "screening_bench_base", "screening_bench_live", "screening_bench_floor"
SHAPES = {
    # name: (label, batches to prepare a second of run)
    "ten": ("10 tubes a request", 260),
    "tube": ("1 tube a request", 1100),
    "person": ("1 scan a request", 1800),
}
say = Console().print


def main(args: argparse.Namespace) -> int:
    server = embedded.ensure(city.INSTANCE)
    docs = max(1000, args.persons // 4)
    shapes = [args.only] if args.only else list(SHAPES)
    say(f"filling {args.persons:,} persons …")
    base = city.create(server, BASE)
    began = time.perf_counter()
    city.fill(base, args.persons, 400_000, docs)
    say(f"filled in {time.perf_counter() - began:.0f} s")
    rows: list[dict[str, Any]] = []
    failed = False
    try:
        for shape in shapes:
            row, ok = _shape(server, shape, args, docs)
            rows.append(row)
            failed = failed or not ok
    finally:
        city.drop(server, BASE, LIVE, FLOOR)
    _print(rows)
    if not args.profile:
        measure.write([{k: v for k, v in r.items() if not k.startswith("_")} for r in rows])
    return 1 if failed else 0


def _shape(
    server: str, shape: str, args: argparse.Namespace, docs: int
) -> tuple[dict[str, Any], bool]:
    label, rate = SHAPES[shape]
    batches = int(rate * args.seconds)
    start = clock.to_ms(clock.now()) - 3_600_000
    turns, ok = [], True
    for turn in range(args.rounds):
        live = city.copy(server, LIVE, BASE)
        devices = workload.enrol(live, args.clients * 8)
        work = workload.build(
            devices, shape=shape, batches=batches, persons=args.persons, with_documents=docs,
            start_ms=start, seed=turn,
        )  # fmt: skip
        if args.profile:
            _profile(live, work)
            return {"name": shape}, True
        result = _serve(live, work, args)
        ok = _verify(live, work, result) and ok
        # the floor gets the same devices and the first part of the same bodies
        share = [q[: max(1, len(q) // 3)] for q in work.queues]
        city.copy(server, FLOOR, BASE)
        scratch = city.copy(server, FLOOR, BASE)
        _same_devices(live, scratch)
        recorded = floor.record(scratch, share)
        ground = city.copy(server, FLOOR, BASE)
        _same_devices(live, ground)
        per_batch = work.persons / work.batches
        n, seconds, _ = floor.replay(ground, recorded, args.clients, args.seconds)
        result["floor"] = n * per_batch / seconds
        turns.append(result)
        say(
            f"{label}, turn {turn + 1}: {result['value']:,.0f} persons/s, floor {result['floor']:,.0f}"
        )
    best = sorted(turns, key=lambda t: t["value"])[len(turns) // 2]
    return {
        "name": f"ingest_{shape}",
        "value": round(best["value"]),
        "unit": "persons/s",
        "floor": round(best["floor"]),
        "ratio": round(best["value"] / best["floor"], 3),
        "p50_ms": round(best["p50"], 1),
        "p99_ms": round(best["p99"], 1),
        "cpu_ms_per_unit": round(best["cpu"], 3),
        "_web": best["web"],
        "_db": best["db"],
        "_label": label,
        "_requests": best["requests"],
    }, ok


def _same_devices(source: str, target: str) -> None:
    """The floor's database gets the same enrolled phones."""
    with psycopg.connect(source) as a, psycopg.connect(target) as b:
        rows = a.execute(
            "SELECT device_id, name, kind, site_id, cell_id, public_key, state, practice, "
            "enrolled_at FROM device"
        ).fetchall()
        b.cursor().executemany(
            "INSERT INTO device (device_id, name, kind, site_id, cell_id, public_key, state, "
            "practice, enrolled_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
            rows,
        )


def _serve(url: str, work: workload.Workload, args: argparse.Namespace) -> dict[str, Any]:
    """gunicorn as in production, clients with keep-alive in this process."""
    port = _free_port()
    env = {**os.environ, "DATABASE_URL": url, "SCREENING_INSTANCE": str(city.INSTANCE)}
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "wsgi:app", "-k", "gthread", "--workers",
         str(args.workers), "--threads", str(args.threads), "--bind", f"127.0.0.1:{port}",
         "--keep-alive", "30", "--log-level", "warning", "--no-control-socket"],
        cwd=ROOT, env=env,
    )  # fmt: skip
    try:
        _wait(port)
        return _drive(port, work, args, server.pid)
    finally:
        server.terminate()
        server.wait(20)


def _drive(
    port: int, work: workload.Workload, args: argparse.Namespace, pid: int
) -> dict[str, Any]:
    queues = [
        [asking.prepared("POST", "/api/v1/journal", body, HEAD) for body in q] for q in work.queues
    ]
    lock = threading.Lock()
    took: list[float] = []
    bad: list[int] = []
    new: list[int] = []
    stop = time.perf_counter() + args.seconds

    def client(n: int) -> None:
        line = asking.Line(port)
        for request in _turns(queues[n :: args.clients]):
            if time.perf_counter() > stop:
                return
            began = time.perf_counter()
            status, text = line.ask(request)
            spent = (time.perf_counter() - began) * 1000
            with lock:
                took.append(spent)
                bad.extend([status] if status != 200 else [])
                new.append(_new(text) if status == 200 else 0)

    pids = measure.children(pid)
    web, dbs = measure.cpu_seconds(pids), measure.database_seconds(LIVE)
    began = time.perf_counter()
    threads = [threading.Thread(target=client, args=(n,)) for n in range(args.clients)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    seconds = time.perf_counter() - began
    entries = sum(new)
    persons = entries * work.persons / work.entries
    tubes = persons / workload.SEATS
    web = measure.cpu_seconds(pids) - web
    dbs = measure.database_seconds(LIVE) - dbs
    return {
        "value": persons / seconds, "p50": measure.percentile(took, 0.5),
        "p99": measure.percentile(took, 0.99), "cpu": (web + dbs) * 1000 / max(tubes, 1),
        "web": web * 1000 / max(tubes, 1), "db": dbs * 1000 / max(tubes, 1), "bad": bad,
        "entries": entries, "requests": len(took),
    }  # fmt: skip


HEAD = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}


def _turns(queues: list[list[bytes]]) -> Iterator[bytes]:
    """One batch of each device in turn: a device's own order is kept."""
    while queues := [q for q in queues if q]:
        for queue in queues:
            yield queue.pop(0)


def _new(text: bytes) -> int:
    import orjson

    return int(orjson.loads(text)["new"])


def _verify(url: str, work: workload.Workload, result: dict[str, Any]) -> bool:
    """What the receipts said against what the tables hold."""
    with psycopg.connect(url) as link:
        one = lambda q: link.execute(q).fetchone()[0]  # type: ignore[index]  # noqa: E731
        held = one("SELECT COALESCE(sum(last), 0) FROM journal")
        parked = one("SELECT count(*) FROM parked")
        specimens = one("SELECT count(*) FROM specimen")
        custody = one("SELECT count(*) FROM custody")
        record = one("SELECT count(*) FROM specimen WHERE of_record")
        persons = one("SELECT count(DISTINCT (cell_id, person_id)) FROM specimen")
    good = (
        not result["bad"]
        and held == result["entries"]
        and specimens + custody == held - parked
        and record == persons
    )
    say(
        f"  receipts {result['entries']:,} entries; tables {held:,} held, {specimens:,} specimens, "
        f"{custody:,} custody lines, {parked} parked, {record:,} of record: "
        + ("they agree" if good else f"[red]THEY DIFFER[/] {result['bad'][:5]}")
    )
    return good


def _profile(url: str, work: workload.Workload) -> None:
    app = create_app(city.settings(url))
    with app.app_context():
        bodies = [gzip.decompress(b) for q in work.queues for b in q][:300]
        profiler = cProfile.Profile()
        began = time.perf_counter()
        profiler.enable()
        for body in bodies:
            service.ingest(body, received_at=clock.now())
            db.session.commit()
        profiler.disable()
        say(f"{len(bodies)} batches in {time.perf_counter() - began:.2f} s")
        pstats.Stats(profiler).sort_stats("tottime").print_stats(35)
        db.session.remove()
        db.engine.dispose()


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _wait(port: int) -> None:
    for _ in range(200):
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    conn = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for _ in range(16):  # every worker imports the application before the clock starts
        conn.request("GET", "/api/v1/journal/schema")
        conn.getresponse().read()
    conn.close()
    time.sleep(1.0)


def _print(rows: list[dict[str, Any]]) -> None:
    if not rows or "value" not in rows[0]:
        return
    table = Table(title="journal ingest (2 cores: web, database and load generator)")
    for name in (
        "shape",
        "persons/s",
        "floor",
        "ratio",
        "p50 ms",
        "p99 ms",
        "CPU ms/tube",
        "web",
        "db",
    ):
        table.add_column(name, justify="right")
    for r in rows:
        table.add_row(
            r["_label"], f"{r['value']:,}", f"{r['floor']:,}", f"{r['ratio']:.2f}",
            f"{r['p50_ms']:.1f}", f"{r['p99_ms']:.1f}", f"{r['cpu_ms_per_unit']:.2f}",
            f"{r['_web']:.2f}", f"{r['_db']:.2f}",
        )  # fmt: skip
    say(table)
