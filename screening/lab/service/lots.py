"""Lots of kits: a new one is opened, and control charts begin anew with it."""

from __future__ import annotations

from datetime import datetime

from screening.accounts.audit import note
from screening.db import insert, new_id
from screening.errors import Problem
from screening.lab.queries import get_lab
from screening.lab.queries.charts import LotRow, list_lots


class NoLot(Problem):
    status = 422
    code = "no_lot"
    zh = "请扫或输入试剂批号。"
    en = "Scan or enter the number of the lot."


def open_lot(lab_id: int, name: str, lot: str, *, by: int, at: datetime) -> LotRow:
    """From now on this lot is used; the same lot again changes nothing. Raises NoLot."""
    lab, lot = get_lab(lab_id), lot.strip()[:60]
    if not lot:
        raise NoLot()
    held = list_lots(lab, name)
    if held and held[0].lot == lot:
        return held[0]
    columns = ("cell_id", "lot_id", "lab_id", "name", "lot", "since", "opened_by")
    insert("kit_lot", columns, [(lab.cell_id, new_id(), lab_id, name, lot, at, by)])
    note("kit_lot_opened", "lab", lab_id, cell=lab.cell_id, staff_id=by, detail={"kit": name})
    return list_lots(lab, name)[0]
