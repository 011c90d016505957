"""Another laboratory for a box: decided at a desk, told to a second person by name, kept as a fact."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from screening.accounts.queries import find_staff_no, scopes_of
from screening.accounts.roles import LAB_ROLES, Actor, Role
from screening.db import fetch
from screening.errors import Conflict, Fault, Faults, Problem
from screening.places import queries as places
from screening.transport import queries
from screening.transport.desk_queries import BatchRow, find_row
from screening.transport.queries import NoSuchBatch
from screening.transport.rules import BatchStage, batch_ref, redirect_fact
from screening.transport.service import state_fact
from screening.transport.words import REDIRECTIONS
from screening.tube.rules import Verb
from screening.tube.service import mark_dirty, record_command

# who may stand on the other side of such a call: the road, the site's door, the laboratory
TOLD = (Role.COURIER, Role.PACKER, Role.SITE_SUPERVISOR, *LAB_ROLES)
MOVING = (BatchStage.OPEN, BatchStage.SEALED, BatchStage.HANDED_OVER)


class BoxThere(Conflict):
    code = "box_arrived"
    zh = "这个箱子已经到达实验室，不能再改送。"
    en = "This box has arrived at a laboratory and cannot be sent elsewhere."


class SameLab(Conflict):
    code = "redirect_same_lab"
    zh = "这个箱子本来就送往这家实验室。"
    en = "The box goes to this laboratory already."


class NobodyTold(Problem):
    status = 422
    code = "redirect_second_person"
    zh = "请填写已告知的另一人工号：转运员、装箱员、采样点负责人或检测人员。"
    en = "Name the other person who was told: a courier, packer, site supervisor or somebody of the laboratory."


class NoReason(Problem):
    status = 422
    code = "redirect_reason"
    zh = "请选择改送原因。"
    en = "Choose why the box goes elsewhere."


class NoLab(Problem):
    status = 422
    code = "redirect_lab"
    zh = "请选择新的检测机构。"
    en = "Choose the laboratory the box shall go to."


class Redirected(NamedTuple):
    """One change of a box's destination: who decided, who was told, from where to where, and why."""

    cell_id: int
    batch_id: int
    wire: str
    at: datetime
    by: int | None
    told: int | None
    from_lab: int | None
    to_lab: int
    reason: str
    command_id: int = 0


def redirect(
    batch: BatchRow, lab_id: int | None, *, reason: str, told: str, by: Actor, at: datetime,
    before: int | None = None,
) -> int:  # fmt: skip
    """Send a box to `lab_id`; returns the command's id. `told` is the staff number of the second
    person, who has heard it and brings or takes the box; `before` the laboratory it would have
    gone to where none is written on it. Raises Faults, BoxThere, SameLab, NoSuchBatch."""
    second = _second(told, by)
    faults = [Fault(NoReason(), field="reason")] if reason not in REDIRECTIONS else []
    if lab_id is None:
        faults.append(Fault(NoLab(), field="lab_id"))
    if second is None:
        faults.append(Fault(NobodyTold(), field="told"))
    if faults:
        raise Faults(faults)
    places.get_lab(lab_id or 0)
    ref = (batch.cell_id, batch.batch_id)
    queries.lock_batches([ref])
    now = find_row(*ref)
    if now is None:
        raise NoSuchBatch()
    if now.stage not in MOVING:
        raise BoxThere()
    if (now.lab_id or before) == lab_id:
        raise SameLab()
    body = {
        "batch": now.wire_id, "from_lab": now.lab_id or before, "to_lab": lab_id, "with": second,
        "reason": reason, "round": now.round_id,
    }  # fmt: skip
    command = record_command(
        "redirect", body, cell=now.cell_id, round_id=now.round_id, by=by.staff_id, at=at,
        recorded_at=at,
    )  # fmt: skip
    out = state_fact(ref, redirect_fact(command, body, by=by.staff_id, at=at), recorded_at=at)
    mark_dirty(out.merged.values())
    return command


def _second(number: str, by: Actor) -> int | None:
    found = find_staff_no(number.strip())
    if found is None or not found.active or found.staff_id == by.staff_id:
        return None
    return found.staff_id if any(s.role in TOLD for s in scopes_of(found.staff_id)) else None


def list_redirects(cells: list[int], round_id: int, *, limit: int = 50) -> list[Redirected]:
    """Changes of destination of a round's boxes, the latest first."""
    rows = fetch(
        "SELECT at, staff_id, body, command_id FROM command WHERE cell_id = ANY(%s) AND round_id = %s "
        "AND kind = 'redirect' ORDER BY at DESC, command_id DESC LIMIT %s "
        "/* fan-out: the few redirected boxes of an area */",
        (cells, round_id, limit),
    )
    return [
        Redirected(*batch_ref(b["batch"]), b["batch"], at, by, b["with"], b["from_lab"],
                   b["to_lab"], b["reason"], i)
        for at, by, b, i in rows
    ]  # fmt: skip


def redirected(refs: list[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of these boxes, those that somebody sent elsewhere."""
    if not refs:
        return set()
    return set(
        fetch(
            "SELECT DISTINCT cell_id, batch_id FROM batch_fact WHERE cell_id = ANY(%s) "
            "AND batch_id = ANY(%s) AND verb = %s",
            (sorted({c for c, _ in refs}), sorted({b for _, b in refs}), int(Verb.REDIRECT)),
        )
    )
