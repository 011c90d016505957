"""The filters above the missed list: what the address asks for, and what can be chosen."""

from __future__ import annotations

from typing import Any

from flask import request

from screening.coverage.missed_rules import (
    AGE_BANDS,
    MOST_ROUNDS,
    RESIDENCE,
    UNKNOWN_AGE,
    UNSAID,
    Wanted,
)
from screening.i18n import _
from screening.registry.residence import RESIDENCES
from screening.registry.residence import UNSAID as NOT_STATED
from screening.registry.rules import COHORTS
from screening.reminders import rules
from screening.reminders.pages.frame import said


def the_filters() -> Wanted:
    """What the address asks for. Raises NoSuchFilter."""
    ask = request.args
    found = Wanted(
        frozenset(filter(None, [ask.get("state", "")])), ask.get("cohort", ""), ask.get("age", ""),
        ask.get("cannot_walk") == "1", ask.get("rounds", 0, type=int), ask.get("added") == "1",
        ask.get("late") == "1", ask.get("residence", ""),
    )  # fmt: skip
    return found.check([str(s) for s in rules.STATES], COHORTS)


def in_address(asked: Wanted) -> dict[str, Any]:
    """The filters as an address carries them; what asks nothing is left out."""
    plain = {**asked._asdict(), "state": next(iter(asked.states), "")}
    del plain["states"]
    return {k: (1 if v is True else v) for k, v in plain.items() if v}


def filters() -> dict[str, list[tuple[str, str]]]:
    """The choices of the form above the list."""
    everybody = ("", _("全部"))
    return {
        "state": [everybody, *((str(s), said(w)) for s, w in rules.STATES.items())],
        "cohort": [everybody, *((c, said(w)) for c, w in COHORTS.items())],
        "age": [everybody, *((b, _("%(band)s 岁", band=b)) for b in AGE_BANDS),
                (UNKNOWN_AGE, _("年龄不详"))],
        "residence": [everybody, *((k, said(RESIDENCES[r])) for k, r in RESIDENCE.items()),
                      (UNSAID, said(NOT_STATED))],
        "rounds": [("", _("不限")), *((str(n), _("连续 %(n)s 轮", n=n))
                                     for n in range(2, MOST_ROUNDS.value + 1))],
    }  # fmt: skip
