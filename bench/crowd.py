"""Screens that look at command pages, in a process of their own: `python -m bench.crowd PORT N SECONDS`.

Each asks every 15 s ± 20 % with the tag of its last answer, on a connection of its own that it keeps,
as browsers do (gunicorn keeps an idle one for 30 s).
The session's token comes in BENCH_TOKEN; what came of it is printed as JSON."""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time

from bench import city, measure

SPREAD = 5.0  # seconds over which the screens are opened


async def crowd(port: int, viewers: int, seconds: float) -> None:
    seen: list[tuple[int, float]] = []
    stop = time.perf_counter() + seconds
    token = os.environ["BENCH_TOKEN"]
    await asyncio.gather(*(_screen(port, token, n, stop, seen) for n in range(viewers)))
    took = [ms for _, ms in seen]
    json.dump({
        "looks": len(seen), "not_modified": sum(1 for s, _ in seen if s == 304),
        "failed": sum(1 for s, _ in seen if s not in (200, 304)),
        "look_p50_ms": round(measure.percentile(took, 0.5)),
        "look_p99_ms": round(measure.percentile(took, 0.99)),
    }, sys.stdout)  # fmt: skip


async def _screen(
    port: int, token: str, n: int, stop: float, seen: list[tuple[int, float]]
) -> None:
    path = f"/command/{(1, 2, 1001 + n % city.CELLS)[n % 3]}/now?round=1"
    tag, line = "", None
    await asyncio.sleep(random.random() * SPREAD)
    while time.perf_counter() < stop:
        began, status = time.perf_counter(), 0
        try:
            line = line or await asyncio.open_connection("127.0.0.1", port)
            status, tag, stays = await _ask(*line, token, path, tag)
            if not stays:
                _end(line[1])
                line = None
        except (OSError, LookupError, ValueError, asyncio.IncompleteReadError):
            _end(line[1] if line else None)
            line = None
        seen.append((status, (time.perf_counter() - began) * 1000))
        await asyncio.sleep(15 * (0.8 + 0.4 * random.random()))
    _end(line[1] if line else None)


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, token: str, path: str, tag: str
) -> tuple[int, str, bool]:
    """Status, the tag to send next, and whether the connection stays."""
    more = f"If-None-Match: {tag}\r\n" if tag else ""
    asked = (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\n"
        f"Authorization: Bearer {token}\r\n{more}\r\n"
    )
    writer.write(asked.encode())
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    head = {k.lower(): v for k, _, v in (ln.partition(": ") for ln in lines)}
    status = int(first.split(" ", 2)[1])
    if status != 304:
        await reader.readexactly(int(head["content-length"]))
    return status, head.get("etag", tag), head.get("connection", "").lower() != "close"


def _end(writer: asyncio.StreamWriter | None) -> None:
    if writer is not None:
        writer.close()


if __name__ == "__main__":
    asyncio.run(crowd(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
