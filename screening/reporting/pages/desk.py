"""The review desk: runs that wait, one run as a table, two signatures, the release."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import redirect, render_template, request, url_for

from screening import clock
from screening.accounts.desk_mark import current_desk
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.queries import names_of
from screening.accounts.roles import Actor
from screening.errors import Problem
from screening.forms import refused, text
from screening.i18n import _, current_lang
from screening.lab.queries.holds import HoldRow, holds_of, list_holds
from screening.lab.queries.labs import LabRow, get_lab, list_labs
from screening.lab.queries.plates import list_plates
from screening.lab.queries.result_lists import is_list
from screening.lab.queries.runs import CallRow, RunRow, codes_of, get_run, list_calls, list_runs
from screening.lab.rules.well_rules import Outcome
from screening.lab.service.rule_sets import in_kit_order
from screening.lab.watch.positivity import KINDS
from screening.places.queries import place_of_lab
from screening.reporting import gates, queries, refusals, rules, scopes, service, words
from screening.reporting.pages.frame import bp, tell
from screening.reporting.queries import Standing
from screening.reporting.service.reviews import is_plain
from screening.tube.queries import Key, list_tubes
from screening.tube.rules import Stage

RUNS = 40  # newest runs of a desk; older ones are found by their tubes


@bp.get("/reporting")
@require(*scopes.SIGNERS, at=OWN_ROWS)
def desk() -> Any:
    """What waits for a review or a release, by plate, in the own laboratories."""
    labs = list_labs(current_actor().places(scopes.SIGNERS))
    rows = [row for lab in labs for row in _runs(lab)]
    rows.sort(key=lambda r: r["rank"])  # what waits comes first; the newest first within
    waiting = queries.list_corrections(labs, state=rules.ASKED)
    return render_template(
        "reporting/desk.html", rows=rows, labs=labs, corrections=len(waiting),
        held=len(list_holds(labs)), as_of=clock.now(),
    )  # fmt: skip


def _runs(lab: LabRow) -> list[dict[str, Any]]:
    codes = {p.plate_id: p.code for p in list_plates([lab], limit=2 * RUNS)}
    runs = [r for r in list_runs([lab], limit=RUNS) if r.state != "previewed"]
    held = {h.run_id for h in holds_of(lab, [r.run_id for r in runs])}
    return [_run(lab, r, _code(r, codes), held) for r in runs]


def _code(r: RunRow, codes: dict[int, str]) -> str:
    tail = str(r.run_id)[-6:]
    return _("清单 %(n)s", n=tail) if is_list(r) else codes.get(r.plate_id, tail)


def _run(lab: LabRow, run: RunRow, code: str, held: set[int]) -> dict[str, Any]:
    calls = list_calls(lab.cell_id, run.run_id)
    keys = {Key(c.barcode, c.tube_cell, c.tube_round): c for c in calls}
    stages = Counter(t["stage"] for t in list_tubes(keys))
    signals = sum(1 for c in keys.values() if c.outcome in rules.CALLS_BACK)
    step = _desk_step(run, stages, held)
    return {
        "step": step,
        "rank": step["rank"],
        "code": code,
        "lab": lab.name,
        "made_at": run.imported_at,
        "tubes": len(keys),
        "signals": {"text": signals, "tone": "stop", "sort": signals} if signals else 0,
        "tested": stages[Stage.TESTED],
        "reviewed": stages[Stage.REVIEWED],
        "released": stages[Stage.RELEASED],
        "href": url_for(".show_run", lab_id=lab.lab_id, run_id=run.run_id),
        "tone": "look" if signals and stages[Stage.TESTED] + stages[Stage.REVIEWED] else "",
    }


def _desk_step(run: RunRow, stages: Counter[int], held: set[int]) -> dict[str, Any]:
    """What a run waits for, in the order in which a desk takes them."""
    if run.state in gates.NEVER_RELEASED:
        return {"rank": 4, "tone": "unknown", "text": _("本板无效")}
    if run.run_id in held:
        return {"rank": 0, "tone": "stop", "text": _("整板暂缓")}
    if stages[Stage.TESTED]:
        return {"rank": 1, "tone": "look", "text": _("待审核")}
    if stages[Stage.REVIEWED]:
        return {"rank": 2, "tone": "look", "text": _("待二审或发布")}
    return {"rank": 3, "tone": "ok", "text": _("已处理")}


# --- one run ----------------------------------------------------------------------------------


class Wells(NamedTuple):
    """A run with its tubes as the desk shows them."""

    lab: LabRow
    run_id: int
    state: str
    rows: list[dict[str, Any]]


@bp.get("/reporting/runs/<int:lab_id>/<int:run_id>")
@require(*scopes.SIGNERS, at=scopes.LAB)
def show_run(lab_id: int, run_id: int) -> Any:
    """The tubes of a run: call, Ct, members, what holds them, who signed."""
    return render_template("reporting/run.html", **_view(lab_id, run_id))


def _view(lab_id: int, run_id: int, kept: Sequence[str] | None = None) -> dict[str, Any]:
    """`kept`: what was ticked on the page that was refused, so that it stands there again."""
    lab, actor = get_lab(lab_id), current_actor()
    calls = {c.barcode: c for c in list_calls(lab.cell_id, run_id)}
    found = queries.standings(calls, lab)
    names = names_of({by for s in found.values() for by in s.reviews.values()})
    run = get_run(lab, run_id)
    targets = in_kit_order(run.rule_id, {t for c in calls.values() for t in c.cts})
    rows = [_row(found[b], calls[b], run_id, names, targets) for b in calls if b in found]
    # what has to be opened one by one comes first, what is out of this run's hands last
    rows.sort(key=lambda r: (r["next"] in ("again", "gone", "moved"), r["plain"]))
    reviewer = actor.may(scopes.RELEASERS, place_of_lab(lab_id))
    steps = _steps(rows, actor, reviewer)
    counts = Counter(r["next"] for r in rows)
    asked = request.values.get("step", 0, int)
    step = asked if asked in steps else next(iter(steps), 0)
    return {
        "lab": lab,
        "run_id": run_id,
        "code": codes_of([lab], {run_id}).get(run_id) or _("清单 %(n)s", n=str(run_id)[-6:]),
        "state": run.state,
        "rows": rows,
        "targets": targets,
        "counts": counts,
        "may_release": reviewer,
        "step": step,
        "ticked": _ticked(rows, step) if kept is None else set(kept),
        "steps": steps,
        "labels": labels(rows),
        "holds": [hold_line(h, actor) for h in holds_of(lab, [run_id])],
    }


def hold_line(h: HoldRow, actor: Actor) -> dict[str, Any]:
    """A hold in a sentence; whoever asked for it to be lifted does not agree to it too."""
    told, zh, en = h.told, *KINDS[h.kind]
    return {
        "hold_id": h.hold_id,
        "what": en if current_lang() == "en" else zh,
        "counted": f"{told.get('signals', 0)} / {told.get('tubes', 0)}",
        "expected": f"{100 * told.get('expected', 0):.2f} %",
        "wells": " ".join(told.get("wells", [])),
        "asked": h.asked_by is not None,
        "own": h.asked_by == actor.staff_id,
        "reason": h.reason or "",
    }


def quiet(code: int) -> dict[str, Any]:
    """An outcome as a cell; a negative is a word among many, not a badge."""
    said = words.outcome(code) or {}
    return {**said, "tone": "" if code == Outcome.NEGATIVE else said.get("tone"), "sort": code}


_ABOVE = ("not_reviewed", "not_tested", "watched")


def _row(
    s: Standing, call: CallRow, run_id: int, names: dict, targets: Sequence[str]
) -> dict[str, Any]:
    other = s.test is not None and s.test.run_id != run_id
    codes = [] if s.version else gates.refusals(s.gate)
    # what holds the whole run is told once, above the tubes
    held = [refusals.problem(c, s) for c in codes if c not in _ABOVE]
    return {
        "barcode": s.barcode,
        "well": call.well,
        "outcome": quiet(call.outcome),
        **{f"ct_{t}": "—" if call.cts.get(t) is None else f"{call.cts[t]:.1f}" for t in targets},
        "members": {
            "text": f"{s.gate.members} / {s.tube['confirmed'] or '?'}",
            "sort": s.gate.members,
        },
        "held": held,
        "watched": "watched" in codes,
        "differs": "undecided" in codes,
        "plain": is_plain(s),
        "reviews": [(step, names.get(by, ("", ""))[1]) for step, by in sorted(s.reviews.items())],
        "signed": dict(s.reviews),
        "next": "moved" if other else _next(s, codes),
        "version": s.version,
        "tone": "stop"
        if "alert_conflict" in codes
        else ("look" if held or "watched" in codes else ""),
        "href": url_for(".show_tube", barcode=s.barcode),
    }


def _next(s: Standing, codes: Sequence[str]) -> str:
    """What the desk does with the tube next."""
    if s.version:
        return "released"
    if s.test is None or "gone" in codes:
        return "again" if s.gate.stage in (Stage.RECEIVED, Stage.PLATED) else "gone"
    if 1 not in s.reviews:
        return "review1"
    if 2 not in s.reviews:
        return "review2"
    return "held" if codes else "release"


def _steps(rows: list[dict[str, Any]], actor: Actor, reviewer: bool) -> dict[int, int]:
    """The steps this person can sign now, the second first, and for how many tubes each."""
    second = [r for r in rows if r["next"] == "review2" and r["signed"][1] != actor.staff_id]
    waits = {2: len(second) if reviewer else 0, 1: sum(r["next"] == "review1" for r in rows)}
    return {step: n for step, n in waits.items() if n}


def _ticked(rows: list[dict[str, Any]], step: int) -> set[str]:
    """What one press is for: the plain negatives to be signed, else what may be released."""
    plain = {r["barcode"] for r in rows if step and r["plain"] and r["next"] == f"review{step}"}
    return plain or {r["barcode"] for r in rows if r["next"] == "release"}


def _chosen() -> list[str]:
    """The ticked tubes. Raises NothingTicked: a page without a tick never means the whole run."""
    chosen = request.form.getlist("barcode")
    if not chosen:
        raise refusals.NothingTicked()
    return chosen


def labels(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {
        "review1": _("待一审"),
        "review2": _("待二审"),
        "release": _("可发布"),
        "held": _("暂不能发布"),
        "released": _("已发布"),
        "moved": _("已另行检测"),
        "again": _("待复测"),
        "gone": _("已退出"),
    }


def again(problem: Problem, lab_id: int, run_id: int) -> Any:
    view = _view(lab_id, run_id, request.form.getlist("barcode"))
    return refused(problem, "reporting/run.html", **view)


@bp.post("/reporting/runs/<int:lab_id>/<int:run_id>/review")
@require(*scopes.SIGNERS, at=scopes.LAB)
def review_run(lab_id: int, run_id: int) -> Any:
    """Sign the ticked tubes of a run."""
    try:
        out = service.review(
            _chosen(), 2 if text("step") == "2" else 1, lab_id=lab_id,
            by=current_actor(), secret=text("secret", 256), run_id=run_id, desk=current_desk(),
            at=clock.now(),
        )  # fmt: skip
    except Problem as problem:
        return again(problem, lab_id, run_id)
    tell(
        _("已审核 %(n)s 管", n=len(out.signed)) if out.signed else "",
        _("%(n)s 管您此前已审核", n=len(out.repeated)) if out.repeated else "",
        out.refused,
    )
    return redirect(url_for(".show_run", lab_id=lab_id, run_id=run_id), 303)


@bp.post("/reporting/runs/<int:lab_id>/<int:run_id>/release")
@require(*scopes.RELEASERS, at=scopes.LAB)
def release_run(lab_id: int, run_id: int) -> Any:
    """Release the ticked tubes of a run."""
    try:
        out = service.release(
            _chosen(), lab_id=lab_id, by=current_actor(), run_id=run_id,
            desk=current_desk(), at=clock.now(),
        )  # fmt: skip
    except Problem as problem:
        return again(problem, lab_id, run_id)
    done = _("已发布 %(n)s 管，新增复采任务 %(c)s 人", n=len(out.released), c=out.callbacks)
    tell(
        done if out.released else "",
        _("%(n)s 管此前已发布，没有重复发布", n=len(out.repeated)) if out.repeated else "",
        out.refused,
    )
    return redirect(url_for(".show_run", lab_id=lab_id, run_id=run_id), 303)
