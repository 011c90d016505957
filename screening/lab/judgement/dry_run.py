"""What a proposed rule set would have said of past runs, pure: old and new judgement side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any, NamedTuple

import msgspec

from screening.lab.judgement.judging import Judgement
from screening.lab.rules.well_rules import Outcome, WellCall


class Limit(NamedTuple):
    """A number of the house with where it comes from."""

    value: int
    source: str


DAYS = Limit(14, "house; as far back as a bench looks for plates and runs")
MOST_DAYS = Limit(90, "house")
MOST_RUNS = Limit(
    300, "house; the newest, some seconds of judging; the rest is said to be left out"
)
LISTED = Limit(2_000, "house; tubes that are listed one by one, all are counted")
GOOD_FOR = timedelta(hours=24)  # house; what an approval may rest on must be of the day


class TubeChange(msgspec.Struct, frozen=True):
    """A tube that would have been called otherwise. `old`, `new`: well_rules.Outcome, None: the
    plate would not have been judged at all."""

    lab_id: int
    run_id: int
    plate: str
    well: str
    barcode: str
    at: str
    old: int | None
    new: int | None
    reasons: list[str] = []
    cts: dict[str, float | None] = {}


class PlateChange(msgspec.Struct, frozen=True):
    """A plate that would have become something else (evaluated, invalid, quarantined)."""

    lab_id: int
    run_id: int
    plate: str
    at: str
    old: str
    new: str
    faults: list[str] = []
    tubes: int = 0


class Past(msgspec.Struct, frozen=True):
    """Which run is judged again."""

    lab_id: int
    run_id: int
    plate: str
    at: str


class Report(msgspec.Struct, frozen=True):
    """What would have changed. `pairs`: "old>new" → how many tubes; `lost` and `won`: signals that
    would not, or would newly, have raised an alert; `left_out`: older runs that were not judged."""

    runs: int = 0
    tubes: int = 0
    changed: int = 0
    lost: int = 0
    won: int = 0
    left_out: int = 0
    pairs: dict[str, int] = {}
    plates: list[PlateChange] = []
    lines: list[TubeChange] = []


def report(judged: Iterable[tuple[Past, Judgement, Judgement]], *, left_out: int = 0) -> Report:
    """Of each past run its judgement by its own version and by the proposed one."""
    runs = tubes = lost = won = 0
    plates: list[PlateChange] = []
    lines: list[TubeChange] = []
    for past, old, new in judged:
        runs, tubes = runs + 1, tubes + len(old.calls)
        if old.state != new.state:
            plates.append(_plate(past, old, new))
        lines += _tubes(past, old, new)
        lost += len(old.signals.keys() - new.signals.keys())
        won += len(new.signals.keys() - old.signals.keys())
    pairs = Counter(f"{ln.old or '-'}>{ln.new or '-'}" for ln in lines)
    worst_first = sorted(lines, key=_weight)
    return Report(
        runs, tubes, len(lines), lost, won, left_out, dict(pairs), plates,
        worst_first[: LISTED.value],
    )  # fmt: skip


def only_of(found: Report, labs: Collection[int]) -> dict[str, Any]:
    """The report as plain values, plates and tubes of these laboratories only; the counts stay."""
    shown = msgspec.structs.asdict(found)
    for part in ("plates", "lines"):
        shown[part] = [x for x in shown[part] if x.lab_id in labs]
    return shown


def _plate(past: Past, old: Judgement, new: Judgement) -> PlateChange:
    why = new if new.state != "evaluated" else old
    faults = sorted({f.code for f in why.faults} | {d.code for d in why.differences})
    return PlateChange(
        past.lab_id, past.run_id, past.plate, past.at, old.state, new.state, faults, len(old.calls)
    )


def _tubes(past: Past, old: Judgement, new: Judgement) -> Iterator[TubeChange]:
    for barcode in sorted(old.calls.keys() | new.calls.keys()):
        was, would = old.calls.get(barcode), new.calls.get(barcode)
        if _outcome(was) == _outcome(would):
            continue
        well, call = would or was or ("", WellCall(Outcome.INVALID))
        yield TubeChange(
            past.lab_id, past.run_id, past.plate, well, barcode, past.at, _outcome(was),
            _outcome(would), [r.code for r in call.reasons], call.cts,
        )  # fmt: skip


def _outcome(called: tuple[str, WellCall] | None) -> int | None:
    return None if called is None else int(called[1].outcome)


def _weight(change: TubeChange) -> tuple[int, str, str]:
    """Signals that would be lost first, then new ones, then the rest."""
    signals = (Outcome.POSITIVE, Outcome.INCONCLUSIVE)
    was, will = change.old in signals, change.new in signals
    return (0 if was and not will else 1 if will and not was else 2, change.plate, change.barcode)


class FieldChange(NamedTuple):
    """A number or word of the rule set that would change; None: not there."""

    path: str
    old: Any
    new: Any


def field_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[FieldChange]:
    """What the two bodies say differently, number by number."""
    was, will = dict(_flat(old)), dict(_flat(new))
    paths = [*was, *(p for p in will if p not in was)]
    return [
        FieldChange(p, was.get(p), will.get(p))
        for p in paths
        if was.get(p) != will.get(p) and p != "version"
    ]


def _flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _flat(inner, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list) and any(isinstance(x, Mapping) for x in value):
        for i, inner in enumerate(value):
            word = inner.get("name", i) if isinstance(inner, Mapping) else i
            yield from _flat(inner, f"{path}[{word}]")
    else:
        yield path, value
