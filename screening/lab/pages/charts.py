"""Control charts of a laboratory: Levey-Jennings by kit, lot, control and target."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, request, url_for

from screening import clock
from screening.accounts.guard import require
from screening.errors import Problem
from screening.forms import text as form
from screening.forms import undo
from screening.i18n import ZONE, _, current_lang
from screening.lab.pages.bench import may_write
from screening.lab.pages.frame import bp, me, shown
from screening.lab.pages.plates import CONTROLS
from screening.lab.queries.charts import (
    ControlValue,
)
from screening.lab.scopes import LAB, READERS, WRITERS
from screening.lab.service import charts as service
from screening.lab.service import lots
from screening.lab.watch import drawing, westgard

LOOK_BACK = timedelta(days=180)
SHOWN = 60  # points a chart; the base of twenty may lie before them


@bp.get("/lab/<int:lab_id>/charts")
@require(*READERS, at=LAB)
def charts(lab_id: int) -> Any:
    """The control charts of one kit and lot."""
    return shown("lab/charts.html", **charts_view(lab_id))


@bp.post("/lab/<int:lab_id>/lots")
@require(*WRITERS, at=LAB)
def open_lot(lab_id: int) -> Any:
    """A new lot of a kit is opened: its charts begin anew."""
    name = form("kit", 60)
    try:
        made = lots.open_lot(lab_id, name, form("lot", 60), by=me(), at=clock.now())
    except Problem as problem:
        sentence, _none = undo(problem)
        return shown(
            "lab/charts.html", problem.status, sentence=sentence, **charts_view(lab_id, name)
        )
    flash(_("批号 %(lot)s 从现在起使用，质控图从头开始。", lot=made.lot), "ok")
    return redirect(url_for(".charts", lab_id=lab_id, kit=name), 303)


def charts_view(lab_id: int, kit: str = "") -> dict[str, Any]:
    at = clock.now()
    found = service.control_charts(
        lab_id, kit or request.args.get("kit", ""), request.args.get("lot", ""), at=at
    )
    drawn = [chart(lab_id, c) for c in found.charts]
    return {
        "lab": found.lab,
        "as_of": at,
        "kits": [(v, v) for v in found.kits],
        "kit": found.kit,
        "lots": found.lots,
        "lot": found.lot,
        "charts": drawn,
        "broken": [b for c in drawn for b in c["broken"]],
        "rules": rule_words(),
        "enough": int(westgard.ENOUGH.value),
        "may_write": may_write(lab_id),
    }


def chart(lab_id: int, found: service.Chart) -> dict[str, Any]:
    """One chart: its frame, limits and points."""
    base, last = found.base, found.points
    kind = CONTROLS.get(found.kind, (found.kind, found.kind))[current_lang() == "en"]
    values = [p.value for _v, p in last if p.value is not None]
    limits = [base.mean + k * base.sd for k in (-3.5, 3.5)] if base else []
    y = drawing.upward(*drawing.spread([*values, *limits]))
    x = drawing.across(0.5, len(last) + 0.5)
    return {
        "title": f"{kind} · {found.target}",
        "id": f"{found.kind}-{found.target}".replace(" ", "-"),
        "base": base,
        "n": len(values),
        "lines": [limit_line(base, k, y) for k in range(-3, 4)] if base else [],
        "ticks": drawing.ticks(y),
        "path": drawing.path(
            [(n, p.value) for n, (_v, p) in enumerate(last, 1) if p.value is not None], x, y
        ),
        "points": [mark(lab_id, v, p, x(n), y) for n, (v, p) in enumerate(last, 1)],
        "days": day_ticks([v.at for v, _p in last], x),
        "broken": [
            broken_line(lab_id, f"{kind} · {found.target}", v, p)
            for v, p in reversed(last)
            if p.broken or (base and p.value is None)
        ],
        "rejected": any(p.rejected for _v, p in last[-2:]) if base else False,
    }


def limit_line(base: westgard.Base, k: int, y: drawing.Scale) -> dict[str, Any]:
    words = {0: "x̄", 1: "+1s", 2: "+2s", 3: "+3s", -1: "−1s", -2: "−2s", -3: "−3s"}
    ct = base.mean + k * base.sd
    return {"at": y(ct), "ct": ct, "k": abs(k), "text": words[k]}


def mark(
    lab_id: int, v: ControlValue, p: westgard.Point, x: float, y: drawing.Scale
) -> dict[str, Any]:
    tone = "stop" if p.rejected else ""
    if not tone and p.broken:
        tone = "look"
    said = _("未扩增") if p.value is None else f"Ct {p.value:.2f}"
    rules = " ".join(p.broken)
    return {
        "x": x,
        "y": y(p.value) if p.value is not None else drawing.TOP + 4,
        "tone": tone,
        "none": p.value is None,
        "text": f"{v.plate} {v.well} · {said}{' · ' + rules if rules else ''}",
        "href": url_for(".run", lab_id=lab_id, run_id=v.run_id),
    }


def day_ticks(moments: Sequence[datetime], x: drawing.Scale) -> list[dict[str, Any]]:
    """The first point of each day, as far as their words do not touch."""
    out: list[dict[str, Any]] = []
    seen = None
    for n, at in enumerate(moments, 1):
        day = at.astimezone(ZONE).date()
        if day != seen and (not out or x(n) - out[-1]["x"] > 48):
            out.append({"x": x(n), "at": at})
        seen = day
    return out


def broken_line(lab_id: int, title: str, v: ControlValue, p: westgard.Point) -> dict[str, Any]:
    stop = p.rejected
    word = " ".join(p.broken) if p.value is not None else _("未扩增")
    return {
        "at": v.at,
        "chart": title,
        "plate": {"text": v.plate, "href": url_for(".run", lab_id=lab_id, run_id=v.run_id)},
        "well": v.well,
        "ct": f"{p.value:.2f}" if p.value is not None else "—",
        "z": f"{p.z:+.1f} s" if p.z is not None else "—",
        "rules": {"tone": "stop" if stop else "look", "text": word},
    }


def rule_words() -> list[tuple[str, str]]:
    """What each rule says, for the reader of a chart."""
    return [
        ("1-2s", _("一点超出 ±2s：警告，不单独作为失控")),
        ("1-3s", _("一点超出 ±3s：失控，多为随机误差")),
        ("2-2s", _("连续两点同侧超出 2s：失控，多为系统误差")),
        ("R-4s", _("相邻两点一点超出 +2s、另一点超出 −2s：失控，多为随机误差")),
        ("4-1s", _("连续四点同侧超出 1s：失控，多为系统误差")),
        ("10-x", _("连续十点在均值同侧：失控，多为系统误差")),
    ]
