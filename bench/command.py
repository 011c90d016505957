"""The command page at three sizes: server time of each page and of its parts, then 500 viewers who
ask for it while journals are taken in."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench import city, ingest, measure, morning, workload
from screening import clock, embedded
from screening.app import create_app
from screening.config import ROOT
from screening.db import db

NAME, LIVE = "screening_bench_command", "screening_bench_viewers"
AREAS = {"city": 1, "county": 10, "street": 1000, "community": 2000}
VIEWERS = 500
TURNS = 7
HEAD_START = 12.0  # seconds before the journals come
say = Console().print


def main(args: argparse.Namespace) -> int:
    server = embedded.ensure(city.INSTANCE)
    rows: list[dict[str, Any]] = []
    try:
        for size in (args.persons // 100, args.persons // 10, args.persons):
            url = city.create(server, NAME)
            began = time.perf_counter()
            token = morning.fill(url, size)
            say(
                f"{size:,} persons on the morning after, filled in {time.perf_counter() - began:.0f} s"
            )
            rows += _pages(url, token, size)
        found = _viewers(server, args)
    finally:
        city.drop(server, NAME, LIVE)
    _print(rows)
    for row in [*rows, *found]:
        measure.keep(row)
    return 0


# --- server time ----------------------------------------------------------------------------------


def _pages(url: str, token: str, size: int) -> list[dict[str, Any]]:
    app = create_app(city.settings(url))
    out = []
    with app.app_context():
        client = app.test_client()
        head = {"Authorization": f"Bearer {token}", "Accept": "text/html"}

        def get(path: str, status: int = 200, **more: str) -> Any:
            r = client.get(path, headers={**head, **more})
            assert r.status_code == status, (path, r.status_code, r.text[:300])
            return r

        for name, area in AREAS.items():
            page, now = f"/command/{area}?round=1", f"/command/{area}/now?round=1"
            first = _took(lambda p=page: get(p), turns=1)
            tag = get(now).headers["ETag"]
            kept = {
                "first look (the picture is counted)": first,
                "the page, picture kept": _took(lambda p=page: get(p)),
                "asked again, 304": _took(lambda p=now, t=tag: get(p, 304, **{"If-None-Match": t})),
                "tubes behind a number": _took(
                    lambda a=area: get(f"/command/{a}/tubes/tubes_late?round=1")
                ),
                "devices": _took(lambda a=area: get(f"/command/{a}/devices?round=1")),
                "coverage below": _took(lambda a=area: get(f"/coverage/{a}?round=1")),
                "missed list, first page": _took(lambda a=area: get(f"/missed/{a}?round=1")),
            }
            out += [
                {"name": f"command {what}, {name}, {size}", "value": ms, "unit": "ms", "_what": what,
                 "_area": name, "_size": size}
                for what, ms in kept.items()
            ]  # fmt: skip
        out.append(_stream(client, head, size))
        db.session.remove()
        db.engine.dispose()
    return out


def _took(act: Callable[[], Any], turns: int = TURNS) -> float:
    """Milliseconds, the middle of some turns."""
    spent = []
    for _ in range(turns):
        began = time.perf_counter()
        act()
        spent.append((time.perf_counter() - began) * 1000)
    return round(measure.percentile(spent, 0.5), 1)


def _stream(client: Any, head: dict[str, str], size: int) -> dict[str, Any]:
    """The missed list of the whole city as CSV: seconds, and how much more memory it took."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _peak()
    began, read = time.perf_counter(), 0
    r = client.get("/api/v1/missed?area=1&round=1&format=csv", headers=head, buffered=False)
    assert r.status_code == 200, r.text
    for part in r.iter_encoded():
        read += len(part)
    grown = (_peak() - before) // 1024
    say(f"missed list of the city: {read:,} bytes, {grown} MB more memory")
    return {"name": f"command missed list streamed, city, {size}", "unit": "ms",
            "value": round((time.perf_counter() - began) * 1000), "_what": "missed list streamed",
            "_area": f"+{grown} MB", "_size": size}  # fmt: skip


def _peak() -> int:
    """The most memory held since the peak was cleared, in KB."""
    status = Path("/proc/self/status").read_text()
    return int(next(ln for ln in status.splitlines() if ln.startswith("VmHWM")).split()[1])


# --- 500 viewers while journals come in -----------------------------------------------------------


def _viewers(server: str, args: argparse.Namespace) -> list[dict[str, Any]]:
    """Ingest alone, then the same with 500 people who look; worker and server as in production."""
    docs = max(1000, args.persons // 40)
    base = city.create(server, NAME)
    city.fill(base, args.persons // 10, 200_000, docs)
    out = []
    for viewers in (0, VIEWERS):
        live = city.copy(server, LIVE, NAME)
        token = _head(live)
        devices = workload.enrol(live, args.clients * 8)
        work = workload.build(
            devices, shape="ten", batches=int(200 * args.seconds), persons=args.persons // 10,
            with_documents=docs, start_ms=clock.to_ms(clock.now()) - 3_600_000, seed=viewers,
        )  # fmt: skip
        out.append(_serve(live, token, work, viewers, args))
    for row in out:
        say(row)
    return out


def _head(url: str) -> str:
    app = create_app(city.settings(url))
    with app.app_context():
        token = morning._head()
        db.session.remove()
        db.engine.dispose()
    return token


def _serve(
    url: str, token: str, work: Any, viewers: int, args: argparse.Namespace
) -> dict[str, Any]:
    port = ingest._free_port()
    env = {**os.environ, "DATABASE_URL": url, "SCREENING_INSTANCE": str(city.INSTANCE)}
    web = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "wsgi:app", "-k", "gthread", "--workers",
         str(args.workers), "--threads", str(args.threads), "--bind", f"127.0.0.1:{port}",
         "--keep-alive", "30", "--log-level", "warning", "--no-control-socket"],
        cwd=ROOT, env=env,
    )  # fmt: skip
    worker = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"], cwd=ROOT, env=env
    )
    seen: dict[str, Any] = {}
    crowd = None
    try:
        ingest._wait(port)
        if viewers:
            crowd = subprocess.Popen(
                [sys.executable, "-m", "bench.crowd", str(port), str(viewers),
                 str(args.seconds + HEAD_START)],
                cwd=ROOT, env={**env, "BENCH_TOKEN": token}, stdout=subprocess.PIPE, text=True,
            )  # fmt: skip
        time.sleep(HEAD_START)  # everybody has looked once, the worker has counted once
        found = ingest._drive(port, work, args, web.pid)
        if crowd is not None:
            seen = json.loads(crowd.communicate(timeout=120)[0])
    finally:
        for process in filter(None, (crowd, worker, web)):
            process.terminate()
            process.wait(20)
    return {
        "name": f"ingest with {viewers} viewers", "value": round(found["value"]),
        "unit": "persons/s", "p50_ms": round(found["p50"]), "p99_ms": round(found["p99"]), **seen,
    }  # fmt: skip


def _print(rows: list[dict[str, Any]]) -> None:
    sizes = sorted({r["_size"] for r in rows})
    table = Table("what", "area", *(f"{s:,} persons, ms" for s in sizes))
    found: dict[tuple[str, str], dict[int, float]] = {}
    for r in rows:
        found.setdefault((r["_what"], r["_area"]), {})[r["_size"]] = r["value"]
    for (what, area), by in found.items():
        table.add_row(what, area, *(str(by.get(s, "")) for s in sizes))
    say(table)
