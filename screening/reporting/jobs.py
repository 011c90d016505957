"""The worker's part: result packages leave the house after the commit that wrote them.

The default way out is a file a day that the receiving system collects; a line may come twice after
a crash, and its `id` says so."""

from __future__ import annotations

from pathlib import Path

import orjson
from flask import current_app

from screening import clock, outbox
from screening.db import fetch
from screening.jobs import job
from screening.registry.service.persons import ring
from screening.reporting.service import phone_codes
from screening.reporting.service.packages import AAD, TOPIC

AT_ONCE = 500  # packages of one cell in one transaction


@job("send_results", every=5)
def send_results() -> None:
    """Write the packages that are due to the file of the day."""
    now = clock.now()
    lines: list[bytes] = []
    for (cell,) in fetch(
        "SELECT DISTINCT cell_id FROM outbox WHERE state = 0 AND due_at <= %s AND topic = %s "
        "/* fan-out: worker */",
        (now, TOPIC),
    ):
        for number, body in fetch(
            "SELECT outbox_id, body FROM outbox WHERE cell_id = %s AND topic = %s AND state = 0 "
            "AND due_at <= %s ORDER BY outbox_id LIMIT %s FOR UPDATE SKIP LOCKED",
            (cell, TOPIC, now, AT_ONCE),
        ):
            told = orjson.loads(ring().open(bytes(body), AAD))
            lines.append(orjson.dumps({"id": str(number), **told}))
            outbox.settle(cell, number, outbox.SENT, at=now)
    if lines:
        _append(lines)


@job("send_phone_codes", every=2)
def send_phone_codes() -> None:
    """Write the messages for the one-time codes that residents asked for."""
    phone_codes.send_codes()


def _append(lines: list[bytes]) -> None:
    folder: Path = current_app.extensions["settings"].instance / "outbox" / TOPIC
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / f"{clock.now():%Y-%m-%d}.ndjson").open("ab") as out:
        out.write(b"".join(line + b"\n" for line in lines))
