"""Screens that look at command pages, in a process of their own: `python -m bench.crowd PORT N SECONDS`.

Each asks every 15 s ± 20 % with the tag of its last answer, on a connection that ends with the answer.
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
    tag = ""
    await asyncio.sleep(random.random() * SPREAD)
    while time.perf_counter() < stop:
        began = time.perf_counter()
        status, tag = await _ask(port, token, path, tag)
        seen.append((status, (time.perf_counter() - began) * 1000))
        await asyncio.sleep(15 * (0.8 + 0.4 * random.random()))


async def _ask(port: int, token: str, path: str, tag: str) -> tuple[int, str]:
    """Status (0: no answer) and the tag to send next."""
    more = f"If-None-Match: {tag}\r\n" if tag else ""
    asked = (
        f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nAccept-Encoding: gzip\r\n"
        f"Authorization: Bearer {token}\r\n{more}Connection: close\r\n\r\n"
    )
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(asked.encode())
        await writer.drain()
        answer = await reader.read()
        writer.close()
        head = answer.partition(b"\r\n\r\n")[0].decode()
        tags = [ln.split(": ", 1)[1] for ln in head.splitlines() if ln.lower().startswith("etag")]
        return int(head.split(" ", 2)[1]), (tags or [tag])[0]
    except (OSError, IndexError, ValueError):
        return 0, tag


if __name__ == "__main__":
    asyncio.run(crowd(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])))
