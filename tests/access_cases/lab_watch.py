"""What a laboratory's head watches, and the archive: who may see and do what where."""

from __future__ import annotations

from screening import clock
from screening.lab.service import archive
from screening.tube.rules import Verb
from screening.tube.service import advance
from tests.access import Case, Side
from tests.access_cases.lab import previewed, sides, tube_at


def at_lab(side: Side) -> dict:
    return {"values": {"lab_id": side.lab.lab_id}}


def kept(side: Side) -> str:
    """A tube in the archive of the side's laboratory, alone in its box: no box ever gets full."""
    tube, now = tube_at(side), clock.now()
    archive.put(side.lab.lab_id, tube, rack="R1", box=f"B{tube}", place=None, by=1, at=now)
    return tube


def rejected(side: Side) -> str:
    """A tube that may go at once."""
    tube, now = tube_at(side), clock.now()
    advance(Verb.REJECT, {tube: {"lab_id": side.lab.lab_id}}, kind="reject", round_id=0, by=1,
            cell=side.lab.cell_id, at=now, recorded_at=now)  # fmt: skip
    return tube


def put(side: Side) -> dict:
    form = {"rack": "R1", "box": f"B{tube_at(side)}", "code": tube_at(side)}
    return at_lab(side) | {"data": form}


def taken(side: Side) -> dict:
    return at_lab(side) | {"data": {"code": kept(side)}}


def thrown(side: Side) -> dict:
    return at_lab(side) | {"data": {"code": rejected(side)}}


def lot(side: Side) -> dict:
    return at_lab(side) | {"data": {"kit": "general-ct40", "lot": f"L{tube_at(side)}"}}


def full(side: Side) -> dict:
    kept(side)
    return at_lab(side)


def new_lot(side: Side) -> dict:
    return at_lab(side) | {"json": {"kit": "general-ct40", "lot": f"L{tube_at(side)}"}}


def kept_in_box(side: Side) -> dict:
    return at_lab(side) | {"query_string": {"rack": "R1", "box": f"B{kept(side)}"}}


def found(side: Side) -> dict:
    return {"values": {"lab_id": side.lab.lab_id, "barcode": kept(side)}}


def tube_in(maker):
    return lambda side: at_lab(side) | {"json": {"tube": maker(side)}}


def put_by_api(side: Side) -> dict:
    return at_lab(side) | {
        "json": {"rack": "R1", "box": f"B{tube_at(side)}", "tube": tube_at(side)}
    }


API = [
    Case("lab_api.get_control_charts", **sides(at_lab)),
    Case("lab_api.open_kit_lot", "POST", ok=201, **sides(new_lot)),
    Case("lab_api.get_positivity", **sides(at_lab)),
    Case("lab_api.list_archive", **sides(full)),
    Case("lab_api.list_archive_box", **sides(kept_in_box)),
    Case("lab_api.find_in_archive", **sides(found)),
    Case("lab_api.put_into_archive", "POST", ok=201, **sides(put_by_api)),
    Case("lab_api.take_from_archive", "POST", **sides(tube_in(kept))),
    Case("lab_api.list_discards", **sides(full)),
    Case("lab_api.discard_from_archive", "POST", **sides(tube_in(rejected))),
]

CASES = [
    *API,
    Case("lab_pages.charts", **sides(at_lab)),
    Case("lab_pages.open_lot", "POST", ok=303, **sides(lot)),
    Case("lab_pages.positivity_watch", **sides(at_lab)),
    Case("lab_pages.capacity_page", **sides(at_lab)),
    Case("lab_pages.run_curves", **sides(previewed)),
    Case("lab_pages.archive", **sides(full)),
    Case("lab_pages.archive_put", "POST", **sides(put)),
    Case("lab_pages.archive_take", "POST", ok=303, **sides(taken)),
    Case("lab_pages.discards", **sides(full)),
    Case("lab_pages.discard_tube", "POST", **sides(thrown)),
    Case("reporting_pages.list_run_holds"),
]
