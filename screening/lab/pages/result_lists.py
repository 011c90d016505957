"""Result lists at the desk: template, upload, what every row says, which tubes stay open."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for

from screening import clock
from screening.accounts.guard import current_actor, require
from screening.errors import Faults, Problem
from screening.forms import text as form
from screening.forms import undo
from screening.i18n import _
from screening.lab import queries, words
from screening.lab.api.result_lists import template
from screening.lab.lists import template as list_template
from screening.lab.pages.bench import may_write
from screening.lab.pages.frame import PAGE, bp, me, outcome_badge, said, shown, state_badge
from screening.lab.queries import RunRow
from screening.lab.queries import result_lists as lists
from screening.lab.readers.refusals import EmptyFile
from screening.lab.rules.well_rules import DIFFERS
from screening.lab.scopes import BENCH, LAB, READERS, WRITERS
from screening.lab.service import result_lists as service
from screening.lab.service.result_lists import Shown

COLUMNS = {"tube": lambda: _("管码"), "result": lambda: _("结果"), "time": lambda: _("检测时间")}
FAULTS_SHOWN = 200  # a wrong column makes a fault of every row


@bp.get("/lab/<int:lab_id>/result-lists")
@require(*READERS, at=LAB)
def result_lists(lab_id: int) -> Any:
    """What the laboratory still owes a result, the template, and the lists so far."""
    return shown("lab/result_lists.html", **lists_view(lab_id))


def lists_view(lab_id: int) -> dict[str, Any]:
    lab = queries.get_lab(lab_id)
    before = request.args.get("before", type=int)
    found = lists.list_lists([lab], before=before, limit=PAGE)
    owed = lists.list_owed(lab) if lab.own_lis else []
    return {
        "lab": lab,
        "rows": [list_line(r) for r in found],
        "next": found[-1].run_id if len(found) == PAGE else None,
        "owed": len(owed),
        "oldest": owed[0].received_at if owed else None,
        "may_write": lab.own_lis and may_write(lab_id),
        "as_of": clock.now(),
    }


def list_line(r: RunRow) -> dict[str, Any]:
    counts = {int(k): n for k, n in r.verdict.get("counts", {}).items()}
    return {
        "at": r.imported_at,
        "state": state_badge(words.RUN_STATES, r.state),
        "rows": r.verdict.get("rows"),
        "tubes": r.verdict.get("tubes"),
        "signals": counts.get(2, 0) + counts.get(3, 0) if counts else None,
        "open": len(r.verdict["open"]) if "open" in r.verdict else None,
        "href": url_for(".result_list", lab_id=r.lab_id, run_id=r.run_id),
    }


@bp.get("/lab/<int:lab_id>/result-lists/template.<form>")
@require(*READERS, at=LAB)
def result_template(lab_id: int, form: str) -> Any:
    """The template with the tubes that wait for a result."""
    return template(lab_id, form if form in list_template.FORMATS else "xlsx")


@bp.post("/lab/<int:lab_id>/result-lists")
@require(*WRITERS, at=LAB)
def upload_list(lab_id: int) -> Any:
    """A list is read and shown; nothing moves until it is confirmed."""
    file = request.files.get("file")
    try:
        if file is None:
            raise EmptyFile()
        made = service.preview(lab_id, file.read(), by=me(), at=clock.now())
    except Problem as problem:
        return refused(problem, lab_id)
    if made.already:
        flash(_("这份清单已经导入过，没有重复导入。"), "look")
    return redirect(url_for(".result_list", lab_id=lab_id, run_id=made.run.run_id), 303)


def refused(problem: Problem, lab_id: int) -> Any:
    """Every fault has its row; a very long list of them is cut, and says so."""
    sentence, faults = undo(problem)
    for fault in faults:
        fault.column = COLUMNS[fault.column]() if fault.column in COLUMNS else fault.column
    more = max(0, len(faults) - FAULTS_SHOWN)
    return shown(
        "lab/result_lists.html", problem.status, sentence=sentence, faults=faults[:FAULTS_SHOWN],
        more=more, **lists_view(lab_id),
    )  # fmt: skip


@bp.get("/lab/<int:lab_id>/result-lists/<int:run_id>")
@require(*READERS, at=LAB)
def result_list(lab_id: int, run_id: int) -> Any:
    """What a list says, what would become of it or what did."""
    try:
        made = service.show(lab_id, run_id, at=clock.now())
    except Faults as changed:  # the tubes have moved since it was looked at
        return refused(changed, lab_id)
    return shown("lab/result_list.html", may_write=may_write(lab_id), **list_view(made))


def list_view(made: Shown) -> dict[str, Any]:
    verdict = made.verdict
    listed = {line["barcode"] for line in made.lines if line["word"] is None}
    lines = sorted(made.lines, key=urgency)
    return {
        "lab": made.lab,
        "list": made.run,
        "verdict": verdict,
        "waits": made.run.state == "previewed",
        "state": state_badge(words.RUN_STATES, made.run.state),
        "counts": {int(k): n for k, n in verdict.get("counts", {}).items()},
        "signals": len(verdict.get("signals", {})),
        "lines": [line_of(x, made.run.state != "quarantined") for x in lines],
        "targets": verdict["targets"],
        "open": [{"barcode": b, "named": _("清单写明") if b in listed else ""} for b in made.open],
        "unnamed": len(set(made.open) - listed),
        "repeated": len(verdict["repeated"]),
        "review_href": url_for(
            "reporting_pages.show_run", lab_id=made.lab.lab_id, run_id=made.run.run_id
        )
        if current_actor().roles & set(BENCH)
        else "",
    }  # fmt: skip


def urgency(line: dict[str, Any]) -> int:
    """What somebody must look at comes first; the order of the list within."""
    return (2, 3, 4, 1, None).index(line["outcome"])


def line_of(line: dict[str, Any], adopted: bool) -> dict[str, Any]:
    outcome, word = line["outcome"], line["word"]
    differs = any(r["code"] in DIFFERS for r in line["reasons"])
    before = _("此前已有") if word and adopted else ""
    cts = {f"ct_{t}": "—" if ct is None else f"{ct:.1f}" for t, ct in line["cts"].items()}
    return {
        "row": line["row"],
        "barcode": line["barcode"],
        "word": said(words.OUTCOMES, word) if word else _("待检"),
        "outcome": outcome_badge(outcome) if outcome else before,
        "why": "；".join(reason(r) for r in line["reasons"]),
        "kit": line["kit"],
        "tested": datetime.fromisoformat(line["at"]) if line["at"] else None,
        "operator": line["operator"],
        "tone": {2: "stop", 3: "look"}.get(outcome or 0, "look" if differs else ""),
        **cts,
    }


def reason(r: dict[str, Any]) -> str:
    """What is an instrument's call on a plate is the laboratory's own word in a list."""
    if r["code"] in DIFFERS:
        return _("与清单上的结果不同")
    return " ".join(filter(None, (r.get("target", ""), said(words.REASONS, r["code"]))))


@bp.post("/lab/<int:lab_id>/result-lists/<int:run_id>/confirm")
@require(*WRITERS, at=LAB)
def confirm_list(lab_id: int, run_id: int) -> Any:
    """Adopt the list: tests, calls and alerts in one go."""
    seen = form("seen_open", 1) == "1"
    try:
        made = service.confirm(lab_id, run_id, seen_open=seen, by=me(), at=clock.now())
    except Faults as changed:
        return refused(changed, lab_id)
    except Problem as problem:
        sentence, _none = undo(problem)
        made = service.show(lab_id, run_id, at=clock.now())
        return shown(
            "lab/result_list.html", problem.status, sentence=sentence,
            may_write=may_write(lab_id), **list_view(made),
        )  # fmt: skip
    if made.already:
        flash(_("这份清单已经确认过。"), "look")
    return redirect(url_for(".result_list", lab_id=lab_id, run_id=run_id), 303)


@bp.post("/lab/<int:lab_id>/result-lists/<int:run_id>/discard")
@require(*WRITERS, at=LAB)
def discard_list(lab_id: int, run_id: int) -> Any:
    """Forget a list that was only looked at; a signal in it is told all the same."""
    told = service.discard(lab_id, run_id, by=me(), at=clock.now())
    if told:
        flash(_("清单中有信号，已发出 %(n)s 条暂定预警，清单留存备查。", n=told), "look")
    return redirect(url_for(".result_lists", lab_id=lab_id), 303)
