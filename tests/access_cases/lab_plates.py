"""Plates and files, the builder, wells against tubes: who may do what where."""

from __future__ import annotations

import io
import json

from screening import clock
from screening.i18n import ZONE
from tests.access import Case, Side
from tests.access_cases.lab import bench_of, filled, new_plate, number, of_plate, sides


def sheet(side: Side, name: str) -> dict:
    data = f"well,tube\nB1,{number()}\n".encode()
    return of_plate(side, data={name: (io.BytesIO(data), "sheet.csv")})


def of_set_up(side: Side) -> dict:
    return of_plate(side, filled(side), also={"form": "cfx"})


def scanned(side: Side) -> dict:
    return of_plate(side, data={"code": number(), "order": "row"})


def confirmed(side: Side) -> dict:
    wells = json.dumps({"B1": number(), "C1": number()})
    return of_plate(side, data={"wells": wells, "source": "sheet"})


def taken_off(side: Side) -> dict:
    return of_plate(side, filled(side), data={"well": "B1"})


def empty_plate(side: Side) -> dict:
    return of_plate(side, new_plate(side))


def told(side: Side, **kw) -> dict:
    day = clock.now().astimezone(ZONE).date().isoformat()
    return bench_of(side) | {key: {"day": day, "wells": 90, "reactions": 96} for key in kw}


API = [
    Case("lab_api.plate_files.tell_use", "POST", ok=204, **sides(lambda s: told(s, json=1))),
    Case("lab_api.plate_files.look_at_files", "POST", **sides(lambda s: sheet(s, "file"))),
    Case("lab_api.plate_files.get_setup", **sides(empty_plate)),
    Case("lab_api.plate_files.get_well_counts", **sides(bench_of)),
]

PAGES = [
    Case("lab_pages.builder", **sides(empty_plate)),
    Case("lab_pages.build_scan", "POST", ok=303, **sides(scanned)),
    Case("lab_pages.build_empty", "POST", ok=303, **sides(taken_off)),
    Case("lab_pages.look_at_files", "POST", ok=200, **sides(lambda s: sheet(s, "sheet"))),
    Case("lab_pages.fill_plate", "POST", ok=303, **sides(confirmed)),
    Case("lab_pages.plate_setup", **sides(of_set_up)),
    Case("lab_pages.plate_map_pdf", **sides(empty_plate)),
    Case("lab_pages.command_codes", **sides(bench_of)),
    Case("lab_pages.wells_of_labs"),
    Case("lab_pages.wells_audit", **sides(bench_of)),
    Case("lab_pages.tell_wells", "POST", ok=303, **sides(lambda s: told(s, data=1))),
]

CASES = API + PAGES
