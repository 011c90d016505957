"""The bench by scanner and the tray of files: who may do what where."""

from __future__ import annotations

import io
from datetime import timedelta

from psycopg.types.json import Jsonb

from screening import clock
from screening.db import run
from screening.lab.service import runs, tray
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


def held_for_its_clock(side: Side) -> dict:
    """The run's file says that it began two hours before its plate was filled."""
    plate, now = filled(side), clock.now()
    shown = runs.preview(side.lab.lab_id, plate.plate_id, data(plate), by=1, at=now)
    run(
        "UPDATE run SET verdict = verdict || %s WHERE cell_id = %s AND run_id = %s",
        (Jsonb({"started": f"{now - timedelta(hours=2):%Y-%m-%d %H:%M:%S+00:00}"}),
         shown.run.cell_id, shown.run.run_id),
    )  # fmt: skip
    runs.confirm(side.lab.lab_id, shown.run.run_id, by=1, at=now)
    return {"values": {"lab_id": side.lab.lab_id, "run_id": shown.run.run_id},
            "data": {"clock_reason": "zone"}}  # fmt: skip


def dropped_by_api(side: Side) -> dict:
    return at_lab(side, data={"file": (io.BytesIO(data(filled(side))), "run.csv")})


def assigned_by_api(side: Side) -> dict:
    file_id, plate_id = in_tray(side)
    return {"values": {"lab_id": side.lab.lab_id, "file_id": file_id},
            "json": {"plate_id": str(plate_id)}}  # fmt: skip


def discarded_by_api(side: Side) -> dict:
    values = {"lab_id": side.lab.lab_id, "file_id": in_tray(side)[0]}
    return {"values": values, "json": {"reason": "a file of another day"}}


CASES = [
    Case("lab_api.get_tray", **sides(at_lab)),
    Case("lab_api.list_tray_ended", **sides(at_lab)),
    Case("lab_api.drop_into_tray", "POST", **sides(dropped_by_api)),
    Case("lab_api.assign_tray_file", "POST", **sides(assigned_by_api)),
    Case("lab_api.discard_tray_file", "POST", **sides(discarded_by_api)),
    Case("lab_pages.bench_scan", **sides(at_lab)),
    Case("lab_pages.take_scan", "POST", ok=303, **sides(by_scanner)),
    Case("lab_pages.override_clock", "POST", ok=303, **sides(held_for_its_clock)),
    Case("lab_pages.work_list", **sides(at_lab)),
    Case("lab_pages.files", **sides(at_lab)),
    Case("lab_pages.drop_files", "POST", **sides(dropped)),
    Case("lab_pages.assign_file", "POST", ok=303, **sides(assigned)),
    Case("lab_pages.discard_file", "POST", ok=303, **sides(discarded)),
]
