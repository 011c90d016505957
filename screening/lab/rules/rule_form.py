"""A rule set as fields of a form, pure: the numbers that a laboratory changes, in and out."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from screening.errors import Fault, Faults, Problem

CHOICES: dict[str, tuple[str, ...]] = {
    "single_target": ("inconclusive", "positive"),
    "control_lost": ("positive", "inconclusive"),
    "controls.ic_in_negative": ("required", "absent", "ignored"),
    "controls.positive_needs": ("all", "any"),
    "controls.positive_wells": ("each", "one"),
}
_PLAIN = (
    "max_ct", "controls.positive_max_ct", "controls.negatives", "controls.positives",
    "patterns.adjacent", "patterns.splash_cycles",
)  # fmt: skip
_WHOLE = {"controls.negatives", "controls.positives", "patterns.adjacent"}


class NoNumber(Problem):
    status = 422
    code = "no_number"
    zh = "这里须填数字。"
    en = "A number is needed here."


class NoChoice(Problem):
    status = 422
    code = "no_choice"
    zh = "请从列出的选项中选择。"
    en = "Choose one of those listed."


class Slot(NamedTuple):
    """A field: where it stands in the body; `empty`: it may stay empty (no such limit)."""

    path: str
    empty: bool = False


def slots(body: Mapping[str, Any], cohorts: Iterable[str]) -> list[Slot]:
    """The numbers of a rule set that a form offers."""
    found = []
    for i, _ in enumerate(body["targets"]):
        found += [Slot(f"targets.{i}.positive_below"), Slot(f"targets.{i}.grey_below", True)]
    if body.get("internal_control"):
        found.append(Slot("internal_control.positive_below"))
    found.append(Slot("controls.clean_from", True))
    found += [Slot(path) for path in _PLAIN]
    return found + [Slot(f"cohort_cutoffs.{c}", True) for c in cohorts]


def values(body: Mapping[str, Any], cohorts: Iterable[str]) -> dict[str, str]:
    """What the fields show."""
    shown = {}
    for slot in slots(body, cohorts):
        value = _get(body, slot.path)
        shown[slot.path] = "" if value is None else f"{value:g}"
    for path in CHOICES:
        shown[path] = str(_get(body, path))
    return {**shown, "source": body["source"]}


def read(
    body: Mapping[str, Any], form: Mapping[str, str], cohorts: Iterable[str]
) -> dict[str, Any]:
    """A body with the fields' values; what the form does not have stays. Raises Faults."""
    made, faults = copy.deepcopy(dict(body)), []
    for slot in slots(body, cohorts):
        text = form.get(slot.path)
        if text is None:
            continue
        value = _number(text)
        if value is None and not (slot.empty and not text.strip()):
            faults.append(Fault(NoNumber(), field=slot.path))
            continue
        _put(made, slot.path, int(value) if value is not None and slot.path in _WHOLE else value)
    for path, allowed in CHOICES.items():
        chosen = form.get(path)
        if chosen is not None and chosen not in allowed:
            faults.append(Fault(NoChoice(), field=path))
        elif chosen is not None:
            _put(made, path, chosen)
    if faults:
        raise Faults(faults)
    made["source"] = form.get("source", made["source"])
    limits = made["cohort_cutoffs"]
    made["cohort_cutoffs"] = {c: ct for c, ct in limits.items() if ct is not None}
    return made


def _number(text: str) -> float | None:
    try:
        value = float(text.strip().replace(",", ".").replace("，", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _get(body: Any, path: str) -> Any:
    for step in path.split("."):
        body = body[int(step)] if isinstance(body, list) else body.get(step)
    return body


def _put(body: Any, path: str, value: Any) -> None:
    *steps, last = path.split(".")
    for step in steps:
        body = body[int(step)] if isinstance(body, list) else body[step]
    body[last] = value
