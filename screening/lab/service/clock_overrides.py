"""A run that is held only because its instrument's clock disagrees: a reviewer may say why, by name.

The file then waits for confirmation again; everything else about it is judged as before."""

from __future__ import annotations

from datetime import datetime

from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.db import run
from screening.errors import Conflict, Problem
from screening.lab import queries
from screening.lab.plates.problems import PlateDone
from screening.lab.queries import RunRow
from screening.lab.service.plates import WAITING_STATES

REASONS = {
    "zone": ("仪器时区设置不对", "the instrument is set to another time zone"),
    "reset": ("仪器时钟掉电重置", "the instrument's clock was reset"),
    "unset": ("仪器时钟没有校准", "the instrument's clock was never set"),
    "software": ("导出软件写错了时间", "the export software writes a wrong time"),
}
CLOCK = "started_early"


class NotTheClock(Conflict):
    code = "not_the_clock"
    zh = "这次结果不是只因仪器时间被隔离，不能按时钟问题放行。"
    en = "This run is not held for the instrument's clock alone."


class UnknownClockReason(Problem):
    status = 422
    code = "clock_reason"
    zh = "请选择时间不符的原因。"
    en = "Choose why the time does not fit."


class OwnRun(Problem):
    status = 403
    code = "own_run"
    zh = "导入的人不能自己放行，请另一位审核人处理。"
    en = "Whoever imported the file does not let it pass; another reviewer does."


def may_override(found: RunRow) -> bool:
    """Held, and for nothing but the clock."""
    codes = {d["code"] for d in found.verdict.get("differences", ())}
    return found.state == "quarantined" and codes == {CLOCK} and "clock" not in found.verdict


def override(lab_id: int, run_id: int, reason: str, *, by: int, at: datetime) -> None:
    """Let a run's own time count for nothing, for a named reason; it waits for confirmation again.

    Raises UnknownClockReason, NotTheClock, OwnRun, PlateDone."""
    if reason not in REASONS:
        raise UnknownClockReason()
    lab = queries.get_lab(lab_id)
    found = queries.get_run(lab, run_id, lock=True)
    if not may_override(found):
        raise NotTheClock()
    if found.imported_by == by:
        raise OwnRun()
    plate = queries.get_plate(lab, found.plate_id, lock=True)
    if plate.state not in WAITING_STATES:
        raise PlateDone(plate=plate.code)
    verdict = {**found.verdict, "clock": {"by": str(by), "at": at.isoformat(), "reason": reason}}
    run(
        "UPDATE run SET state = 'previewed', verdict = %s WHERE cell_id = %s AND run_id = %s",
        (Jsonb(verdict), lab.cell_id, run_id),
    )
    note("run_clock_overridden", "run", run_id, cell=lab.cell_id, staff_id=by,
         detail={"reason": reason})  # fmt: skip
