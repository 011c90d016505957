"""Choosing among the missed: why a new swab is needed and until when, age bands, filters (pure)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from screening.errors import Problem
from screening.registry.residence import Residence
from screening.registry.rules import HOUSE, Flag, Word
from screening.tube.rules import Void


class Limit(NamedTuple):
    """A number that somebody may want to change, with where it comes from."""

    value: int
    source: str


# Why the swab that a person gave does not count: (words, most often first)
WHYS: dict[str, Word] = {
    "lost": Word("样本丢失", "sample lost"),
    "leaked": Word("样本泄漏", "sample leaked"),
    "rejected": Word("实验室退样", "rejected by the laboratory"),
    "invalid": Word("结果无效", "result invalid"),
    "not_swabbed": Word("未采到", "not swabbed"),
    "broken": Word("拭子或管破损", "swab or tube broken"),
    "other": Word("其他原因", "another reason"),
}
_OF_VOID: dict[int, str] = {
    Void.NOT_SWABBED: "not_swabbed",
    Void.SPILLED: "leaked",
    Void.BROKEN: "broken",
    Void.OTHER: "other",
    Void.LOST: "lost",
    Void.REJECTED: "rejected",
    Void.INVALID: "invalid",
}


def why_of(void: int, reason: str | None) -> str:
    """The key of WHYS for a voided swab; a laboratory's "leak" is told as such."""
    return "leaked" if reason == "leak" else _OF_VOID.get(void, "other")


class NewSwab(NamedTuple):
    """Why somebody must be swabbed again, since when, and until when it should be done."""

    why: str
    since: datetime
    due_at: datetime

    def late(self, at: datetime) -> bool:
        return self.due_at <= at


def new_swab(void: int, reason: str | None, since: datetime, minutes: int) -> NewSwab:
    return NewSwab(why_of(void, reason), since, since + timedelta(minutes=minutes))


# --- filters ------------------------------------------------------------------------------------

AGE_BANDS: dict[str, tuple[int, int]] = {
    "0-2": (0, 2), "3-17": (3, 17), "18-59": (18, 59), "60-79": (60, 79), "80+": (80, 200),
}  # fmt: skip
UNKNOWN_AGE = "unknown"
RESIDENCE = {said.name.lower(): said for said in Residence}
UNSAID = "unsaid"
MOST_ROUNDS = Limit(5, HOUSE)  # how many rounds back "missed in a row" is looked for


class NoSuchFilter(Problem):
    status = 422
    code = "no_such_missed_filter"
    zh = "没有这种筛选条件：{what}。"
    en = "There is no such filter: {what}."


class Wanted(NamedTuple):
    """Whom of the missed one asks for; what is empty asks nothing. `rounds`: missed in so many
    rounds in a row, this one included; `late`: whose new swab is overdue."""

    states: frozenset[str] = frozenset()
    cohort: str = ""
    age: str = ""
    cannot_walk: bool = False
    rounds: int = 0
    added: bool = False
    late: bool = False
    residence: str = ""

    def check(self, states: Collection[str], cohorts: Collection[str]) -> Wanted:
        """Itself. Raises NoSuchFilter for what nobody can ask."""
        wrong = [s for s in self.states if s not in states]
        wrong += [self.cohort] if self.cohort and self.cohort not in cohorts else []
        wrong += [self.age] if self.age not in ("", UNKNOWN_AGE, *AGE_BANDS) else []
        wrong += [self.residence] if self.residence not in ("", UNSAID, *RESIDENCE) else []
        wrong += [str(self.rounds)] if not 0 <= self.rounds <= MOST_ROUNDS.value else []
        if wrong:
            raise NoSuchFilter(what=wrong[0])
        return self


def in_band(band: str, birth_year: int | None, year: int) -> bool:
    """Whether somebody born in that year belongs to the band. Of the birthday only the year is
    known outside the sealed part, so a band may be a year early."""
    if birth_year is None:
        return band == UNKNOWN_AGE
    low, high = AGE_BANDS.get(band, (-1, -1))
    return low <= year - birth_year <= high


class Candidate(NamedTuple):
    """What the filters look at."""

    state: str
    flags: int
    birth_year: int | None
    cohorts: frozenset[str]
    added: bool
    due_at: datetime | None
    rounds: int
    residence: int | None = None


def fits(c: Candidate, wanted: Wanted, *, at: datetime) -> bool:
    return (
        (not wanted.states or c.state in wanted.states)
        and (not wanted.cohort or wanted.cohort in c.cohorts)
        and (not wanted.age or in_band(wanted.age, c.birth_year, at.year))
        and (not wanted.cannot_walk or bool(c.flags & Flag.CANNOT_WALK))
        and (not wanted.added or c.added)
        and (not wanted.late or (c.due_at is not None and c.due_at <= at))
        and (not wanted.residence or c.residence == RESIDENCE.get(wanted.residence))
        and c.rounds >= wanted.rounds
    )


# --- exemptions after the start -------------------------------------------------------------------

JUMP_LEAST = Limit(10, HOUSE)  # fewer in an hour is a desk at work
JUMP_TIMES = Limit(3, HOUSE)  # so many times the usual hour


def jumps(hours: Mapping[datetime, int]) -> set[datetime]:
    """The hours in which far more was granted than in the usual (median) hour with any."""
    if not hours:
        return set()
    out = set()
    for hour, n in hours.items():
        others = sorted(m for h, m in hours.items() if h != hour and m)
        usual = others[len(others) // 2] if others else 0
        if n >= JUMP_LEAST.value and n >= JUMP_TIMES.value * usual:
            out.add(hour)
    return out
