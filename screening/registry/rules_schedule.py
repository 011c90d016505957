"""Pure rules of schedules: when somebody of a cohort must be swabbed, and how the load is spread."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from screening.places.rules import CITY, COUNTY, STREET
from screening.registry.rules import HOUSE, Word

A_DAY = timedelta(days=1)
LOOK_BACK = 30  # days: lateness is told exactly up to here; older swabs need not be read
MOST_EVERY = 30  # days between two swabs of a schedule; beyond that it is no schedule
MOST_DAY = 60  # the last day of a list of days

PLAN_9 = "新型冠状病毒肺炎防控方案（第九版），2022-06-28"
JIANGXI = "江西省重点行业“两天一检”名单"


class Kind(StrEnum):
    EVERY = "every"
    DAYS = "days"


class State(StrEnum):
    DRAFT = "draft"
    ON = "on"
    ENDED = "ended"


STATES: dict[State, Word] = {
    State.DRAFT: Word("草稿", "draft"),
    State.ON: Word("执行中", "running"),
    State.ENDED: Word("已停止", "ended"),
}


class Rhythm(NamedTuple):
    """How often. EVERY: one swab every `every` days. DAYS: on each of `days`, counted from a start
    of one's own (arrival, contact), whose date has the number `first_day` (0 or 1).

    `starts_on`, `ends_on`: from when to when it is asked for. `spread`: shares of those who are
    late when it begins, one a day from `starts_on` on; empty: all of them on the first day."""

    kind: Kind
    every: int
    days: tuple[int, ...]
    first_day: int
    starts_on: date
    ends_on: date | None = None
    spread: tuple[int, ...] = ()

    @property
    def horizon(self) -> int:
        """How many days back a swab can still matter."""
        return LOOK_BACK + (self.every if self.kind is Kind.EVERY else 0)


class Member(NamedTuple):
    """Somebody in the cohort. `since`: the own start (DAYS), or from when on (EVERY); `number`
    decides the place in a spread; `back`: the day on which the last exemption ended."""

    number: int
    since: date
    back: date | None = None


class Standing(NamedTuple):
    """Where somebody stands on a day: due since `due_on` (a later day: not yet; None: no more),
    counted from the swabs before that day; `missed` days of a list that passed without a swab."""

    due_on: date | None
    missed: int = 0

    def late(self, day: date) -> int:
        """Days late on `day` for who has not been swabbed on it."""
        return 0 if self.due_on is None else max((day - self.due_on).days, 0)

    def is_due(self, day: date) -> bool:
        return self.due_on is not None and self.due_on <= day


NEVER = Standing(None)


def standing(rhythm: Rhythm, member: Member, swabs: Collection[date], day: date) -> Standing:
    """Where a member stands on `day`. Only swabs before `day` decide it, in whatever order."""
    if rhythm.ends_on is not None and day > rhythm.ends_on:
        return NEVER
    found = _every(rhythm, member, swabs, day) if rhythm.kind is Kind.EVERY else _days(
        rhythm, member, swabs, day
    )  # fmt: skip
    if found.due_on is None:
        return found
    # who was excused comes back on the day the excuse ends, not on a day long past
    due = max(found.due_on, member.back) if member.back else found.due_on
    if rhythm.ends_on is not None and due > rhythm.ends_on:
        return NEVER
    return Standing(max(due, day - timedelta(days=LOOK_BACK)), found.missed)


def _every(rhythm: Rhythm, member: Member, swabs: Collection[date], day: date) -> Standing:
    gap = timedelta(days=rhythm.every)
    begin = max(rhythm.starts_on, member.since)
    last = max((s for s in swabs if s < day), default=None)
    if last is not None and last + gap >= begin:
        return Standing(last + gap)
    wait = phase(rhythm.spread, member.number) if begin == rhythm.starts_on else 0
    return Standing(begin + timedelta(days=wait))


def _days(rhythm: Rhythm, member: Member, swabs: Collection[date], day: date) -> Standing:
    """A swab counts for the day of the list on or after which it was taken, never for one to come;
    a day that passes into the next one without a swab is missed for good."""
    slots = dates_of(rhythm, member.since)
    missed = 0
    for slot, after in zip(slots, [*slots[1:], None], strict=True):
        if after is not None and after <= rhythm.starts_on:
            continue  # over before anybody asked
        if slot >= day:
            return Standing(max(slot, rhythm.starts_on), missed)
        done = any(slot <= s < day and (after is None or s < after) for s in swabs)
        open_still = after is None or after > day
        if open_still and not done:
            return Standing(max(slot, rhythm.starts_on), missed)
        missed += not done
    return Standing(None, missed)


def dates_of(rhythm: Rhythm, since: date) -> list[date]:
    """The dates of a list of days for somebody with this start."""
    return [since + timedelta(days=d - rhythm.first_day) for d in sorted(set(rhythm.days))]


# --- the load, and how to spread it ---------------------------------------------------------


def phase(spread: Sequence[int], number: int) -> int:
    """On which day of the spread somebody's first swab is asked for: always the same one."""
    whole = sum(spread)
    if whole <= 0:
        return 0
    # ids rise in time; the multiplication scatters them (Knuth's multiplicative hashing)
    at = ((number * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF) >> 24) % whole
    for day, share in enumerate(spread):
        if at < share:
            return day
        at -= share
    return 0


def loads(
    rhythm: Rhythm, people: Iterable[tuple[Member, Collection[date]]], first: date, n: int
) -> list[int]:
    """Swabs a day on `n` days from `first` on, if everybody comes on the day it is asked for."""
    out = [0] * n
    last = first + timedelta(days=n - 1)
    alike: dict[tuple, tuple[list[date], int]] = {}  # most share their days with many others
    for member, swabs in people:
        key = (member.since, member.back, frozenset(swabs), phase(rhythm.spread, member.number))
        days, count = alike.get(key) or (asked(rhythm, member, swabs, first, last), 0)
        alike[key] = (days, count + 1)
    for days, count in alike.values():
        for at in days:
            out[(at - first).days] += count
    return out


def asked(
    rhythm: Rhythm, member: Member, swabs: Collection[date], first: date, last: date
) -> list[date]:
    """The days from `first` to `last` on which a member who always comes will be swabbed."""
    if rhythm.kind is Kind.EVERY:  # the same days as below, found without walking them
        due = standing(rhythm, member, swabs, first).due_on
        until = min(last, rhythm.ends_on) if rhythm.ends_on else last
        begin = None if due is None else max(due, first)
        n = 0 if begin is None else (until - begin).days // rhythm.every + 1
        return [begin + timedelta(days=rhythm.every * i) for i in range(n)] if begin else []
    taken, out, day = set(swabs), [], first
    while day <= last:
        due = standing(rhythm, member, taken, day).due_on
        if due is None:
            break
        if due > day:
            day = due  # nothing is asked before
            continue
        out.append(day)
        taken.add(day)
        day += A_DAY
    return out


def waiting_of(
    rhythm: Rhythm, people: Iterable[tuple[Member, Collection[date]]]
) -> list[tuple[Member, Collection[date]]]:
    """Who has no swab from which the first day follows: all of them stand there when it begins."""
    gap = timedelta(days=rhythm.every)
    return [
        (m, swabs) for m, swabs in people
        if m.since <= rhythm.starts_on
        and not any(rhythm.starts_on <= s + gap for s in swabs if s < rhythm.starts_on)
    ]  # fmt: skip


def level(natural: Sequence[int], waiting: int) -> list[int]:
    """How to share `waiting` persons over days that already carry `natural`, so that the fullest
    day is as low as it can be: the lowest days are filled first."""
    out = [0] * len(natural)
    if not out or waiting <= 0:
        return out
    order = sorted(range(len(natural)), key=lambda i: (natural[i], i))
    for n in range(1, len(order) + 1):
        chosen = order[:n]
        filled = waiting + sum(natural[i] for i in chosen)
        top, more = divmod(filled, n)
        if n == len(order) or top < natural[order[n]]:
            for place, i in enumerate(chosen):
                out[i] = max(top + (place < more) - natural[i], 0)
            return out
    return out


# --- overdue, one level up ------------------------------------------------------------------

# (days late, the level that must answer from then on); the employer and the community know at once
ESCALATE: tuple[tuple[int, int], ...] = ((1, STREET), (2, COUNTY), (4, CITY))


def levels_for(late: int) -> list[int]:
    """The levels that must answer for somebody so many days late."""
    return [at for days, at in ESCALATE if late >= days]


# --- rounds beside each other ---------------------------------------------------------------


class Beside(StrEnum):
    YES = "yes"
    NO = "no"
    NEEDS_SITES = "needs_sites"


Scope = tuple[str, Collection[int] | None]  # (kind of round, sites it names; None: every site)


def beside(mine: Scope, other: Scope) -> Beside:
    """Whether two rounds that share an area and a cohort may sample at the same time: a cohort
    round may beside a mass round, when every site belongs to one of them (a table must never
    wonder for which round it swabs)."""
    if {mine[0], other[0]} != {"mass", "cohort"}:
        return Beside.NO
    (_, named), (_, mass) = sorted((mine, other), key=lambda s: s[0])
    if not named or (mass is not None and not set(named).isdisjoint(mass)):
        return Beside.NEEDS_SITES
    return Beside.YES


# --- words ----------------------------------------------------------------------------------


class Preset(NamedTuple):
    """A rhythm that a plan or notice asks for."""

    zh: str
    en: str
    cohort: str
    kind: Kind
    every: int
    days: tuple[int, ...]
    source: str


E, D = Kind.EVERY, Kind.DAYS
PRESETS: dict[str, Preset] = {
    "contact": Preset("密接 7+3", "contacts 7+3", "close_contact", D, 0, (1, 2, 3, 5, 7, 10), PLAN_9),
    "second": Preset("次密接 7 天", "contacts of contacts", "second_contact", D, 0, (1, 4, 7), PLAN_9),
    "arrival": Preset("来（返）人员 7 天", "arrivals", "arrival", D, 0, (1, 2, 3, 5, 7), HOUSE),
    "two_days": Preset("两天一检", "every second day", "delivery", E, 2, (), JIANGXI),
    "daily": Preset("每天一检", "daily", "cold_chain", E, 1, (), HOUSE),
    "weekly": Preset("每周一检", "weekly", "school", E, 7, (), HOUSE),
}  # fmt: skip


def say(rhythm: Rhythm) -> Word:
    """How often, in words: the 频次 of tables and reports."""
    if rhythm.kind is Kind.DAYS:
        days = sorted(set(rhythm.days))
        return Word(
            f"第 {'、'.join(map(str, days))} 天", f"days {', '.join(map(str, days))}"
        )  # fmt: skip
    if rhythm.every == 1:
        return Word("每天", "daily")
    return Word(f"每 {rhythm.every} 天", f"every {rhythm.every} days")
