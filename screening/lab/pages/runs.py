"""A run: uploaded, looked at, confirmed or forgotten."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.errors import Problem
from screening.forms import undo
from screening.i18n import _, current_lang
from screening.lab import queries, words
from screening.lab.pages.bench import may_write
from screening.lab.pages.frame import PAGE, bp, me, outcome_badge, said, shown, state_badge
from screening.lab.pages.plates import CONTROLS, one_well, plate_view
from screening.lab.plates import layout
from screening.lab.queries.result_lists import is_list
from screening.lab.queries.runs import codes_of
from screening.lab.readers.refusals import EmptyFile
from screening.lab.readers.run import Remark
from screening.lab.scopes import LAB, READERS, WRITERS
from screening.lab.service import rule_sets, runs
from screening.lab.service.charts import broken_by
from screening.lab.service.runs import Shown


@bp.get("/lab/runs")
@require(*READERS, at=OWN_ROWS)
def list_runs() -> Any:
    """Runs of the own laboratories, newest first."""
    labs = {x.lab_id: x for x in queries.list_labs(current_actor().places(READERS))}
    before = request.args.get("before", type=int)
    found = queries.list_runs(list(labs.values()), before=before, limit=PAGE)
    codes = codes_of(list(labs.values()), {r.run_id for r in found})
    rows = [
        {
            "plate": codes.get(r.run_id) or _("清单 %(n)s", n=str(r.run_id)[-6:]),
            "at": r.imported_at,
            "lab": labs[r.lab_id].name,
            "instrument": r.instrument,
            "state": state_badge(words.RUN_STATES, r.state),
            "tubes": r.verdict.get("tubes"),
            "signals": signals_cell(r.verdict),
            "tone": "look" if r.state == "previewed" else "",
            "href": url_for(".run", lab_id=r.lab_id, run_id=r.run_id),
        }
        for r in found
    ]
    following = found[-1].run_id if len(found) == PAGE else None
    return shown("lab/runs.html", rows=rows, next=following)


def signals_cell(verdict: dict[str, Any]) -> Any:
    """Positive and doubtful tubes of a run; nothing where there are none."""
    n = sum(verdict.get("counts", {}).get(str(o), 0) for o in (2, 3))
    return {"tone": "stop", "text": n, "sort": n} if n else 0


@bp.post("/lab/<int:lab_id>/plates/<int:plate_id>/runs")
@require(*WRITERS, at=LAB)
def upload_run(lab_id: int, plate_id: int) -> Any:
    """A file is read and shown; nothing moves until it is confirmed."""
    file = request.files.get("file")
    try:
        if file is None:
            raise EmptyFile()
        made = runs.preview(
            lab_id, plate_id, file.read(), file.filename or "", by=me(), at=clock.now()
        )
    except Problem as problem:
        sentence, faults = undo(problem)
        return shown(
            "lab/plate.html", problem.status, sentence=sentence, faults=faults,
            **plate_view(lab_id, plate_id),
        )  # fmt: skip
    if made.already:
        notice = _("这个文件已经导入过（板 %(code)s），没有重复导入。", code=made.plate.code)
        flash(notice, "look")
    return redirect(url_for(".run", lab_id=lab_id, run_id=made.run.run_id), 303)


@bp.get("/lab/<int:lab_id>/runs/<int:run_id>")
@require(*READERS, at=LAB)
def run(lab_id: int, run_id: int) -> Any:
    """What a file says, what would become of it or what did; a list of results has its own page."""
    if is_list(queries.get_run(queries.get_lab(lab_id), run_id)):
        return redirect(url_for(".result_list", lab_id=lab_id, run_id=run_id))
    made = runs.show(lab_id, run_id, at=clock.now())
    return shown("lab/run.html", may_write=may_write(lab_id), **run_view(made))


def run_view(made: Shown) -> dict[str, Any]:
    verdict, lab_id = made.verdict, made.run.lab_id
    becomes = verdict.get("becomes", made.run.state)
    return {
        "lab": queries.get_lab(lab_id),
        "run": made.run,
        "plate": made.plate,
        "verdict": verdict,
        "waits": made.run.state == "previewed",
        "becomes": becomes,
        "state": state_badge(words.RUN_STATES, made.run.state),
        "differences": [difference_line(d) for d in verdict.get("differences", [])],
        "faults_found": [fault_line(f) for f in verdict.get("faults", [])],
        "hints": [
            {"text": said(words.HINTS, h["code"]), "wells": " ".join(h["wells"])}
            for h in verdict.get("hints", [])
        ],
        "warnings": [remark(w) for w in verdict.get("warnings", [])],
        "counts": {int(k): n for k, n in verdict.get("counts", {}).items()},
        "signals": len(verdict.get("signals", {})),
        "calls": [call_line(c) for c in sorted(made.calls, key=urgency)],
        "targets": rule_sets.in_kit_order(
            made.run.rule_id, {t for c in made.calls for t in c["cts"]}
        ),
        **plate_of(made),
        "controls": control_lines(made),
        "problems": sum(len(verdict.get(k, [])) for k in ("differences", "faults", "hints"))
        + len(verdict.get("warnings", [])),
        "same_href": url_for(".run", lab_id=lab_id, run_id=made.same_as) if made.same_as else "",
    }


def plate_of(made: Shown) -> dict[str, Any]:
    """The plate as it was loaded, each well with what this run says of it."""
    row, tubes = made.plate, queries.list_wells(made.plate)
    called = {c["barcode"]: c["outcome"] for c in made.calls}
    down, across = layout.SHAPES[row.size]
    grid = [
        [one_well(layout.well(r, c), row, tubes, called) for c in range(across)]
        for r in range(down)
    ]
    return {"rows": grid, "columns": list(range(1, across + 1))}


def control_lines(made: Shown) -> list[dict[str, Any]]:
    """Every control well with its Ct by target, and what is wrong with it."""
    wrong: dict[str, list[str]] = {}
    for f in made.verdict.get("faults", []):
        wrong.setdefault(f["well"], []).append(said(words.CONTROL_FAULTS, f["code"]))
    drift = broken_by(made)
    cts: dict[str, dict[str, str]] = {}
    for r in queries.get_readings(made.run):
        if r["well"] in made.plate.layout:
            ct = "—" if r.get("ct") is None else f"{r['ct']:.1f}"
            cts.setdefault(r["well"], {})[r.get("target") or r.get("dye") or "Ct"] = ct
    out = []
    for well, kind in sorted(made.plate.layout.items(), key=lambda x: (x[1], x[0])):
        bad = wrong.get(well, [])
        name = kind.partition(":")[0]
        out.append({
            "well": well,
            "kind": said(CONTROLS, name),
            "state": {"tone": "stop", "text": "、".join(bad)} if bad
            else {"tone": "ok", "text": _("合格")} if well in cts
            else {"tone": "unknown", "text": _("无读数")},
            "drift": drift.get(well),
            **{f"ct_{t}": ct for t, ct in cts.get(well, {}).items()},
        })  # fmt: skip
    return out


def urgency(call: dict[str, Any]) -> int:
    """What somebody must look at comes first; plate order within."""
    return (2, 3, 4, 1).index(call["outcome"])


def difference_line(d: dict[str, Any]) -> dict[str, Any]:
    return {
        "well": d["well"] or "—",
        "what": said(words.DIFFERENCES, d["code"]),
        "planned": d.get("planned"),
        "found": d.get("found"),
    }


def fault_line(f: dict[str, Any]) -> dict[str, Any]:
    moves = [said(words.MOVES, m) for m in f.get("looks_like", [])]
    return {
        "well": f["well"] or "—",
        "what": said(words.CONTROL_FAULTS, f["code"]),
        "target": f["target"],
        "ct": f["ct"],
        "moves": "、".join(moves),
    }


def remark(w: dict[str, Any]) -> str:
    return Remark(w["code"], w["wells"]).sentence(current_lang())


def call_line(c: dict[str, Any]) -> dict[str, Any]:
    why = [
        " ".join(filter(None, (r.get("target", ""), said(words.REASONS, r["code"]))))
        for r in c["reasons"]
    ]
    tone = {2: "stop", 3: "look"}.get(c["outcome"], "")
    cts = {f"ct_{t}": f"{ct:.1f}" if ct is not None else "—" for t, ct in c["cts"].items()}
    return {
        "well": c["well"],
        "barcode": c["barcode"],
        "outcome": outcome_badge(c["outcome"]),
        "why": "；".join(why),
        "tone": tone,
        **cts,
    }


@bp.post("/lab/<int:lab_id>/runs/<int:run_id>/confirm")
@require(*WRITERS, at=LAB)
def confirm_run(lab_id: int, run_id: int) -> Any:
    """Adopt the run: calls, alerts and tests in one go."""
    made = runs.confirm(lab_id, run_id, by=me(), at=clock.now())
    if made.already:
        flash(_("这次结果已经确认过。"), "look")
    return redirect(url_for(".run", lab_id=lab_id, run_id=run_id), 303)


@bp.post("/lab/<int:lab_id>/runs/<int:run_id>/discard")
@require(*WRITERS, at=LAB)
def discard_run(lab_id: int, run_id: int) -> Any:
    """Forget a file that was only looked at; back to its plate."""
    plate_id = queries.get_run(queries.get_lab(lab_id), run_id).plate_id
    told = runs.discard(lab_id, run_id, by=me(), at=clock.now())
    if told:
        flash(_("文件中有信号，已发出 %(n)s 条暂定预警，文件留存备查。", n=told), "look")
    return redirect(url_for(".plate", lab_id=lab_id, plate_id=plate_id), 303)
