"""The bench by scanner and the tray of files: who may do what where."""

from __future__ import annotations

import io

from screening import clock
from screening.lab.service import tray
from tests.access import Case, Side
from tests.access_cases.lab import data, filled, new_plate, sides


def at_lab(side: Side, **kw) -> dict:
    return {"values": {"lab_id": side.lab.lab_id}, **kw}


def by_scanner(side: Side) -> dict:
    return at_lab(side, data={"code": new_plate(side).code})


def dropped(side: Side) -> dict:
    return at_lab(side, data={"files": [(io.BytesIO(data(filled(side))), "run.csv")]})


def in_tray(side: Side) -> tuple[int, int]:
    """(file, plate)"""
    plate = filled(side)
    came = tray.take(side.lab.lab_id, data(plate), "run.csv", by=1, at=clock.now())
    assert came.file_id is not None
    return came.file_id, plate.plate_id


def assigned(side: Side) -> dict:
    file_id, plate_id = in_tray(side)
    return {"values": {"lab_id": side.lab.lab_id, "file_id": file_id},
            "data": {"plate_id": str(plate_id)}}  # fmt: skip


def discarded(side: Side) -> dict:
    values = {"lab_id": side.lab.lab_id, "file_id": in_tray(side)[0]}
    return {"values": values, "data": {"reason": "a file of another day"}}


CASES = [
    Case("lab_pages.bench_scan", **sides(at_lab)),
    Case("lab_pages.take_scan", "POST", ok=303, **sides(by_scanner)),
    Case("lab_pages.work_list", **sides(at_lab)),
    Case("lab_pages.files", **sides(at_lab)),
    Case("lab_pages.drop_files", "POST", **sides(dropped)),
    Case("lab_pages.assign_file", "POST", ok=303, **sides(assigned)),
    Case("lab_pages.discard_file", "POST", ok=303, **sides(discarded)),
]
