"""What control charts and the watch over positivity say, for pages and for the API alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from screening.lab.queries import LabRow, get_lab, get_readings
from screening.lab.queries.charts import (
    ControlValue,
    LotRow,
    list_control_values,
    list_hours,
    list_lots,
    list_recent_counts,
    rules_in_use,
)
from screening.lab.queries.holds import HoldRow, counts_of, list_holds
from screening.lab.rules.rule_sets import RuleSet
from screening.lab.service import rule_sets
from screening.lab.service.rule_sets import Version
from screening.lab.service.runs import Shown
from screening.lab.watch import positivity, westgard
from screening.lab.watch.positivity import Count

LOOK_BACK = timedelta(days=180)
SHOWN = 60  # points a chart; the base of twenty may lie before them
HOURS = 48  # of positivity


class Mark(NamedTuple):
    """What a control showed, and how it stands in its series."""

    value: ControlValue
    point: westgard.Point


class Chart(NamedTuple):
    """One control of a kit and lot against one target: its base and its last values, judged."""

    kind: str
    target: str
    base: westgard.Base | None
    points: list[Mark]


class Charts(NamedTuple):
    """The charts of one kit and lot, with the kits and lots that may be asked for."""

    lab: LabRow
    kits: list[str]
    kit: str
    lots: list[LotRow]
    lot: str
    charts: list[Chart]


def control_charts(lab_id: int, kit: str = "", lot: str = "", *, at: datetime) -> Charts:
    """Of the kit and lot asked for, else of the kit used last and its newest lot."""
    lab = get_lab(lab_id)
    used = set(rules_in_use(lab, at - LOOK_BACK))
    versions = rule_sets.list_versions()
    names = list(dict.fromkeys(v.name for v in versions if v.rule_id in used))
    name = kit if kit in {v.name for v in versions} else (names[0] if names else "general-ct40")
    held = list_lots(lab, name)
    chosen, since, until = period(held, lot, at)
    mine = [v for v in versions if v.name == name]
    values = list_control_values(lab, [v.rule_id for v in mine], since, until)
    drawn = [chart(kind, target, found) for (kind, target), found in series(mine, values)]
    return Charts(lab, names if name in names else [name, *names], name, held, chosen, drawn)


def chart(kind: str, target: str, found: Sequence[ControlValue]) -> Chart:
    """One control's values against the base that its first ones make; without one, bare points."""
    cts = [v.ct for v in found]
    base = westgard.base_of(cts)
    if base is None:
        points = [westgard.Point(ct, None, ()) for ct in cts]
    else:
        points = westgard.judge(cts, base)
    marks = [Mark(v, p) for v, p in zip(found, points, strict=True)]
    return Chart(kind, target, base, marks[-SHOWN:])


def period(
    held: Sequence[LotRow], wanted: str, at: datetime
) -> tuple[str, datetime, datetime | None]:
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


def _amplifies(found: Sequence[ControlValue]) -> bool:
    return 2 * sum(v.ct is not None for v in found) > len(found)


def broken_by(made: Shown) -> dict[str, str]:
    """By control well of a run: the targets whose values break a rule in their chart, and which.

    A run that waits is seen as the last of its lot."""
    lab, run = get_lab(made.run.lab_id), made.run
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
        for r in get_readings(run) if r["well"] in controls
    ]  # fmt: skip


# --- positivity ---------------------------------------------------------------------------------


class Hour(NamedTuple):
    """What was judged in an hour; within `low` and `high` signals it is as expected."""

    hour: datetime
    tubes: int
    signals: int
    low: int
    high: int
    state: str


class Plate(NamedTuple):
    """An adopted run of the last day."""

    run_id: int
    at: datetime
    plate: str
    tubes: int
    signals: int
    state: str


class Positivity(NamedTuple):
    """A laboratory's last day against what is expected. `alone`: too little is known of others,
    so it is held against itself."""

    lab: LabRow
    own: Count
    others: Count
    expected: float
    alone: bool
    hours: list[Hour]
    plates: list[Plate]
    holds: list[HoldRow]


def positivity_of(lab_id: int, *, at: datetime) -> Positivity:
    """Signals by the hour, the last day's plates, and what is on hold."""
    lab = get_lab(lab_id)
    own, others = counts_of(lab, at)
    rate = positivity.expected(own, others)
    hours = [
        Hour(hour, c.tubes, c.signals, *positivity.band(c.tubes, rate), positivity.side(c, rate))
        for hour, c in list_hours(lab, at, HOURS)
    ]
    plates = [
        Plate(run_id, when, plate, n, signals, positivity.side(Count(n, signals), rate))
        for run_id, when, plate, n, signals in list_recent_counts(lab, at)
    ]
    alone = others.tubes < positivity.ENOUGH.value
    return Positivity(lab, own, others, rate, alone, hours, plates, list_holds([lab]))
