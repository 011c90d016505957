"""Reception by one field: a seal takes the box in or opens it, a tube is received where it lies, and
the bench's command codes reject one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import flash

from screening.accounts.guard import lab, require
from screening.accounts.roles import LAB_ROLES
from screening.field.pages.frame import answered, bp, lang, spoken, state, told
from screening.field.pages.reception import PAGE, back, desk_of, round_of, seal_of_form
from screening.forms import text
from screening.i18n import _
from screening.lab.bench.commands import REASONS, BenchCommand, Command, read_command
from screening.transport import checks
from screening.transport.desk_queries import BatchRow, find_seal, find_tube_box
from screening.transport.rules import BatchStage
from screening.transport.words import REJECTIONS
from screening.tube.answers import STOP, Answer, worst
from screening.tube.codes import CodeProblem, Kind, grouped, read_code
from screening.tube.labels import PATTERNS, read_seal, read_tube


@bp.post("/reception/<int:lab_id>/scan")
@require(*LAB_ROLES, at=lab())
def reception_scan(lab_id: int) -> Any:
    """Whatever is scanned at the door: the seal of a box, or a tube."""
    seal = seal_of_form()
    try:
        command = read_command(text("code"))
        if command is Command.UNDO:
            return _undo(lab_id, seal)
        if command is not None and command in REASONS:
            return back(lab_id, seal, awaits=command.value.removeprefix("CMD-").lower())
        if command is not None:
            raise BenchCommand(code=command.value)
        kind = read_code(text("code"), PATTERNS.get()).kind
        if kind is Kind.SEAL:
            return _box(lab_id, read_seal(text("code")))
        tube = read_tube(text("code"))
        if (awaited := text("awaits").upper()) and (reason := _reason(awaited)):
            return _reject(lab_id, seal, tube, reason)
        return _tube(lab_id, seal, tube)
    except CodeProblem as p:
        return _stopped([checks.refused(p)], lab_id, seal)


def _undo(lab_id: int, seal: str) -> Any:
    """Nothing is awaited any more; what was received or rejected is a fact and stays."""
    if text("awaits"):
        flash(_("已取消，没有退样；下一管照常签收。"), "ok")
    else:
        flash(_("这里没有可撤销的步骤：签收和退样已经记下，不能收回。"), "look")
    return back(lab_id, seal)


def _box(lab_id: int, seal: str) -> Any:
    """A box that is not here yet arrives whole and uncounted: its tubes are counted by their wells
    or by scan. One that is here is opened."""
    batch = find_seal(seal)
    if batch is None or batch.stage < BatchStage.ARRIVED:
        answers = checks.check_arrive(seal, None)
        if worst(answers) == STOP:
            return _stopped(answers, lab_id, "")
        state([{"kind": "arrive", "seal": seal}], round_id=round_of(batch), lab_id=lab_id)
        told([a for a in answers if a.tone == "look"])
        flash(_("已收箱 %(seal)s。", seal=seal), "ok")
    return back(lab_id, seal, seal)


def _stopped(answers: Sequence[Answer], lab_id: int, seal: str) -> Any:
    """The field itself says what it read and why that was refused."""
    why = " ".join(a["text"] for a in spoken(answers))
    last = {"tone": STOP, "text": text("code")[:40], "message": why}
    return answered(PAGE, answers, **desk_of(lab_id, seal) | {"last": last})


def _tube(lab_id: int, seal: str, tube: str) -> Any:
    """A tube is received; without a box being unpacked, as one of the box that it lies in."""
    batch = find_seal(seal) if seal else find_tube_box(tube, lab_id)
    seal = seal or (batch.seal if batch and batch.seal else "")
    answers = checks.check_receive(tube, seal or None)
    if worst(answers) == STOP:
        return _stopped(answers, lab_id, seal)
    entry = {"kind": "receive", "tube": tube, "seal": seal or None}
    state([entry], round_id=round_of(batch, tube), lab_id=lab_id)
    told([a for a in answers if a.tone == "look"])
    flash(_("已签收 %(tube)s。", tube=grouped(tube)), "ok")
    _tell_end(batch, seal)
    return back(lab_id, seal, tube)


def _reason(awaited: str) -> str:
    command = read_command(f"CMD-{awaited}")
    return REASONS.get(command, "") if command else ""


def _reject(lab_id: int, seal: str, tube: str, reason: str) -> Any:
    batch = find_seal(seal) if seal else find_tube_box(tube, lab_id)
    seal = seal or (batch.seal if batch and batch.seal else "")
    entry = {"kind": "reject", "tube": tube, "reason": reason}
    state([entry], round_id=round_of(batch, tube), lab_id=lab_id)
    word = REJECTIONS[reason][lang()]
    flash(_("已退样 %(tube)s（%(why)s），管内人员需重采。", tube=grouped(tube), why=word), "look")
    _tell_end(batch, seal)
    return back(lab_id, seal, tube)


def _tell_end(before: BatchRow | None, seal: str) -> None:
    now = find_seal(seal) if seal else None
    if before and now and before.stage < BatchStage.RECONCILED == now.stage:
        flash(_("这一箱清点完毕，全部签收。"), "ok")
