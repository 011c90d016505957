"""The amplification curves of a run, drawn by target; one well can be picked out."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from flask import redirect, request, url_for

from screening import clock
from screening.accounts.guard import require
from screening.i18n import _
from screening.lab import queries
from screening.lab.pages.frame import bp, outcome_badge, shown
from screening.lab.pages.plates import one_well
from screening.lab.plates import layout
from screening.lab.queries.result_lists import is_list
from screening.lab.readers.curves import Curve
from screening.lab.scopes import LAB, READERS
from screening.lab.service import runs
from screening.lab.service.curves import curves_of
from screening.lab.service.runs import Shown
from screening.lab.watch import drawing

TONES = {1: "ok", 2: "stop", 3: "look", 4: "unknown"}
# drawn in this order, the last on top; a well without a call is never shown as a negative
FRONT = ("none", "ok", "unknown", "ntc", "pc", "look", "stop")


@bp.get("/lab/<int:lab_id>/runs/<int:run_id>/curves")
@require(*READERS, at=LAB)
def run_curves(lab_id: int, run_id: int) -> Any:
    """The curves of a run, where its file has them."""
    if is_list(queries.get_run(queries.get_lab(lab_id), run_id)):
        return redirect(url_for(".result_list", lab_id=lab_id, run_id=run_id))
    made = runs.show(lab_id, run_id, at=clock.now())
    picked = request.args.get("well", "")[:4].upper()
    found = curves_of(lab_id, run_id)
    tones = tones_of(made)
    by_target: dict[str, list[Curve]] = defaultdict(list)
    for c in found:
        by_target[c.target].append(c)
    there = {c.well for c in found}
    return shown(
        "lab/curves.html",
        lab=queries.get_lab(lab_id),
        run=made.run,
        plate=made.plate,
        picked=picked,
        drawings=[draw(t, group, tones) for t, group in by_target.items()],
        rows=grid(made, there, lab_id),
        columns=list(range(1, layout.SHAPES[made.plate.size][1] + 1)),
        told=well_facts(made, picked) if picked else None,
    )


def tones_of(made: Shown) -> dict[str, str]:
    """By well: what this run says of it, or which control it is."""
    out = {w: kind.partition(":")[0] for w, kind in made.plate.layout.items()}
    out = {w: kind if kind in FRONT else "none" for w, kind in out.items()}
    called = {c["barcode"]: c["outcome"] for c in made.calls}
    for well, row in queries.list_wells(made.plate).items():
        if row.barcode in called:
            out[well] = TONES[called[row.barcode]]
    return out


def draw(target: str, group: list[Curve], tones: dict[str, str]) -> dict[str, Any]:
    last = max(p[0] for c in group for p in c.points)
    x = drawing.across(0, last)
    y = drawing.upward(*drawing.spread([v for c in group for _n, v in c.points]))
    group = sorted(group, key=lambda c: FRONT.index(tones.get(c.well, "none")))
    return {
        "target": target or _("信号"),
        "ticks": drawing.ticks(y),
        "cycles": [{"x": t.at, "text": t.text} for t in drawing.ticks(x, 9)],
        "curves": [
            {
                "well": c.well,
                "tone": tones.get(c.well, "none"),
                "path": drawing.path(c.points, x, y),
            }
            for c in group
        ],
        "n": len(group),
    }


def grid(made: Shown, there: set[str], lab_id: int) -> list[list[dict[str, Any]]]:
    """The plate; a well with a curve leads to it."""
    row, tubes = made.plate, queries.list_wells(made.plate)
    called = {c["barcode"]: c["outcome"] for c in made.calls}
    down, across = layout.SHAPES[row.size]

    def cell(name: str) -> dict[str, Any]:
        made_cell = one_well(name, row, tubes, called)
        if name in there:
            href = url_for(".run_curves", lab_id=lab_id, run_id=made.run.run_id, well=name)
            made_cell["href"] = href
        return made_cell

    return [[cell(layout.well(r, c)) for c in range(across)] for r in range(down)]


def well_facts(made: Shown, well: str) -> dict[str, Any]:
    """What the file and we say of one well."""
    call = next((c for c in made.calls if c["well"] == well), None)
    readings = [r for r in queries.get_readings(made.run) if r["well"] == well]
    return {
        "well": well,
        "barcode": call["barcode"] if call else "",
        "outcome": outcome_badge(call["outcome"]) if call else None,
        "cts": [
            (r.get("target") or r.get("dye") or "Ct",
             "—" if r.get("ct") is None else f"{r['ct']:.2f}", r.get("call") or "")
            for r in readings
        ],
    }  # fmt: skip
