"""Control charts of a laboratory: Levey-Jennings by kit, lot, control and target."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import flash, redirect, request, url_for

from screening import clock
from screening.accounts.guard import require
from screening.errors import Problem
from screening.i18n import ZONE, _, current_lang
from screening.lab import queries
from screening.lab.pages.bench import may_write
from screening.lab.pages.frame import bp, form, me, shown, undo
from screening.lab.pages.plates import CONTROLS
from screening.lab.queries.charts import (
    ControlValue,
    LotRow,
    list_control_values,
    list_lots,
    rules_in_use,
)
from screening.lab.rules.rule_sets import RuleSet
from screening.lab.scopes import LAB, READERS, WRITERS
from screening.lab.service import lots, rule_sets
from screening.lab.service.rule_sets import Version
from screening.lab.service.runs import Shown
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
    lab, at = queries.get_lab(lab_id), clock.now()
    used = set(rules_in_use(lab, at - LOOK_BACK))
    versions = rule_sets.list_versions()
    names = list(dict.fromkeys(v.name for v in versions if v.rule_id in used))
    kit = kit or request.args.get("kit", "")
    name = kit if kit in {v.name for v in versions} else (names[0] if names else "general-ct40")
    held = list_lots(lab, name)
    lot, since, until = period(held, request.args.get("lot", ""), at)
    mine = [v for v in versions if v.name == name]
    values = list_control_values(lab, [v.rule_id for v in mine], since, until)
    drawn = [chart(lab_id, key, found) for key, found in series(mine, values)]
    return {
        "lab": lab,
        "as_of": at,
        "kits": [(v, v) for v in (names if name in names else [name, *names])],
        "kit": name,
        "lots": held,
        "lot": lot,
        "charts": drawn,
        "broken": [b for c in drawn for b in c["broken"]],
        "rules": rule_words(),
        "enough": int(westgard.ENOUGH.value),
        "may_write": may_write(lab_id),
    }


def period(held: Sequence[LotRow], wanted: str, at: datetime) -> tuple[str, datetime, Any]:
    """(lot, from, to) of the charts: of the newest lot unless another is asked for. Before the
    first lot was noted ("-", or none at all) everything counts as one."""
    oldest = at - LOOK_BACK
    if not held:
        return "", oldest, None
    if wanted == "-":
        return "-", oldest, held[-1].since
    i = next((n for n, x in enumerate(held) if str(x.lot_id) == wanted), 0)
    return str(held[i].lot_id), max(held[i].since, oldest), held[i - 1].since if i else None


def series(
    versions: Sequence[Version], values: Sequence[ControlValue]
) -> list[tuple[tuple[str, str], list[ControlValue]]]:
    """The values by (control, target), positive controls first. Negative controls make a chart
    only of what amplifies in them: their internal control."""
    rules: Sequence[RuleSet] = [v.rule for v in versions]
    out: dict[tuple[str, str], list[ControlValue]] = defaultdict(list)
    names = {t.name: (i, t) for rule in reversed(rules) for i, t in enumerate(rule.every_target)}
    for v in values:
        name = next((n for n, (_i, t) in names.items() if t.answers_to(v.target or v.dye)), "")
        if name and (v.kind != "mark"):
            out[v.kind, name].append(v)
    kept = {k: found for k, found in out.items() if k[0] == "pc" or _amplifies(found)}
    return sorted(kept.items(), key=lambda x: (x[0][0] != "pc", names[x[0][1]][0], x[0]))


def broken_by(made: Shown) -> dict[str, str]:
    """By control well of a run: the targets whose values break a rule in their chart, and which.

    A run that waits is seen as the last of its lot."""
    lab, run = queries.get_lab(made.run.lab_id), made.run
    version = rule_sets.get_version(made.plate.rule_id)
    versions = [v for v in rule_sets.list_versions() if v.name == version.name]
    held = [x for x in list_lots(lab, version.name) if x.since <= run.imported_at]
    _lot, since, _until = period(held, "", run.imported_at)
    end = run.imported_at if run.state == "previewed" else run.imported_at + timedelta(seconds=1)
    values = list_control_values(lab, [v.rule_id for v in versions], since, end)
    if run.state == "previewed":
        values += values_of(made)
    out: dict[str, list[str]] = defaultdict(list)
    for (_kind, target), found in series(versions, values):
        cts = [v.ct for v in found]
        if (base := westgard.base_of(cts)) is None:
            continue
        for v, p in zip(found, westgard.judge(cts, base), strict=True):
            if v.run_id == run.run_id and p.broken:
                out[v.well].append(f"{target} {' '.join(p.broken)}")
    return {well: "；".join(words) for well, words in out.items()}


def values_of(made: Shown) -> list[ControlValue]:
    """The control wells of a run that is not confirmed."""
    controls, run = made.plate.layout, made.run
    return [
        ControlValue(
            run.run_id, run.imported_at, run.state, made.plate.code, r["well"],
            controls[r["well"]].partition(":")[0], r.get("target"), r.get("dye"), r.get("ct"),
            r.get("measured", True),
        )
        for r in queries.get_readings(run) if r["well"] in controls
    ]  # fmt: skip


def _amplifies(found: Sequence[ControlValue]) -> bool:
    return 2 * sum(v.ct is not None for v in found) > len(found)


def chart(lab_id: int, key: tuple[str, str], found: list[ControlValue]) -> dict[str, Any]:
    """One chart: its frame, limits and points."""
    cts = [v.ct for v in found]
    base = westgard.base_of(cts)
    if base is None:
        points = [westgard.Point(ct, None, ()) for ct in cts]
    else:
        points = westgard.judge(cts, base)
    last = list(zip(found, points, strict=True))[-SHOWN:]
    kind = CONTROLS.get(key[0], (key[0], key[0]))[current_lang() == "en"]
    values = [p.value for _v, p in last if p.value is not None]
    limits = [base.mean + k * base.sd for k in (-3.5, 3.5)] if base else []
    y = drawing.upward(*drawing.spread([*values, *limits]))
    x = drawing.across(0.5, len(last) + 0.5)
    return {
        "title": f"{kind} · {key[1]}",
        "id": f"{key[0]}-{key[1]}".replace(" ", "-"),
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
            broken_line(lab_id, f"{kind} · {key[1]}", v, p)
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
