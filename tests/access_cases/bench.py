"""The bench by scanner and the tray of files: who may do what where."""

from __future__ import annotations

from tests.access import Case, Side
from tests.access_cases.lab import new_plate, sides


def at_lab(side: Side, **kw) -> dict:
    return {"values": {"lab_id": side.lab.lab_id}, **kw}


def by_scanner(side: Side) -> dict:
    return at_lab(side, data={"code": new_plate(side).code})


CASES = [
    Case("lab_pages.bench_scan", **sides(at_lab)),
    Case("lab_pages.take_scan", "POST", ok=303, **sides(by_scanner)),
]
