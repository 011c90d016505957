"""The command page at three sizes: server time of each page and of its parts, then 500 viewers who
ask for it while journals are taken in."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from typing import Any

from rich.console import Console

from bench import city, ingest, measure, morning, pages, workload
from screening import clock, embedded
from screening.app import create_app
from screening.config import ROOT
from screening.db import db

NAME, LIVE = "screening_bench_command", "screening_bench_viewers"
VIEWERS = 500
HEAD_START = 12.0  # seconds before the journals come
say = Console().print


def main(args: argparse.Namespace) -> int:
    server = embedded.ensure(city.INSTANCE)
    rows: list[dict[str, Any]] = []
    try:
        sizes = (args.persons // 100, args.persons // 10, args.persons)
        for size in () if args.only == "viewers" else sizes:
            url = city.create(server, NAME)
            began = time.perf_counter()
            token = morning.fill(url, size)
            say(
                f"{size:,} persons on the morning after, filled in {time.perf_counter() - began:.0f} s"
            )
            rows += pages.measure_pages(url, token, size)
        found = [] if args.only == "pages" else _viewers(server, args)
    finally:
        city.drop(server, NAME, LIVE)
    if rows:
        pages.print_table(rows)
    for row in [*rows, *found]:
        measure.keep(row)
    return 0


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


def _end(processes: list[subprocess.Popen[Any]]) -> None:
    """None of them outlives the run, however busy the machine is."""
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


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
        _end([p for p in (crowd, worker, web) if p is not None])
    return {
        "name": f"ingest with {viewers} viewers", "value": round(found["value"]),
        "unit": "persons/s", "p50_ms": round(found["p50"]), "p99_ms": round(found["p99"]), **seen,
    }  # fmt: skip
