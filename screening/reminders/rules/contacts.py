"""Why somebody is missed, and what may come of a contact."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from screening.coverage.rules import REASONS
from screening.errors import Problem
from screening.registry.rules import Flag, Word


class State(StrEnum):
    """Why a person is missed; coverage decides which, the worst first."""

    RESAMPLE = "resample"
    NEW = "new"
    WILL_COME = "will_come"
    PENDING = "pending"
    AWAY = "away"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    VISIT = "visit"


STATES: dict[State, Word] = {State(part): Word(zh, en) for part, zh, en in REASONS}


# Who is visited at home: who asked for it, whom no call reaches, whose swab was lost, and, of those
# who have not said otherwise, who cannot walk to a site.
TO_VISIT = (State.RESAMPLE, State.VISIT, State.UNREACHABLE)
NOT_AT_HOME = (State.AWAY, State.REFUSED, State.PENDING)


def to_visit(state: str, flags: int) -> bool:
    return state in TO_VISIT or (bool(flags & Flag.CANNOT_WALK) and state not in NOT_AT_HOME)


class Outcome(NamedTuple):
    """What came of a contact. `until`: may, must or must not carry a time; with one the person is
    left in peace until then."""

    zh: str
    en: str
    until: str  # "", "may", "must"


CONTACT_OUTCOMES: dict[str, Outcome] = {
    "will_come": Outcome("会来采样", "will come", "may"),
    "already_done": Outcome("称已采样", "says it is done", ""),
    "away": Outcome("外出", "away", "must"),
    "refused": Outcome("拒绝", "refused", ""),
    "unreachable": Outcome("联系不上", "unreachable", ""),
    "exempt_pending": Outcome("申请豁免", "asks to be exempt", ""),
    "visit": Outcome("需要上门", "needs a visit", "may"),
    "later": Outcome("稍后再联系", "contact again later", "must"),
    "absent": Outcome("上门未遇", "not at home", ""),
    "moved": Outcome("已搬离", "moved away", ""),
}
CONTACT_KINDS = ("call", "visit", "sms", "desk")
# What a contact becomes that was taken back: it names nobody any more, and keeps a copy of itself
# that arrives late from counting.
UNDONE = "undone"
# who is to be called today: the others promised, refused, or are visited; the first come first
TO_CALL = (State.RESAMPLE, State.NEW, State.UNREACHABLE)
MOST_HOURS = 24 * 14  # a person is left in peace for two weeks at most; source: HOUSE
# how long somebody is left in peace when the page's quick choice is taken; source: HOUSE
QUICK_HOURS = {"away": 72, "later": 2}


class WrongOutcome(Problem):
    status = 422
    code = "wrong_contact_outcome"
    zh = "没有这种联系结果。"
    en = "There is no such outcome of a contact."


class UntilNeeded(Problem):
    status = 422
    code = "contact_until"
    zh = "这个结果要写明到什么时候为止，而且要在将来。"
    en = "This outcome needs a time until when, and it must lie in the future."


class NoUntil(Problem):
    status = 422
    code = "contact_no_until"
    zh = "这个结果不带时间。"
    en = "This outcome carries no time."


def check_outcome(outcome: str, until: datetime | None, *, at: datetime) -> None:
    """Raises WrongOutcome, UntilNeeded, NoUntil."""
    known = CONTACT_OUTCOMES.get(outcome)
    if known is None:
        raise WrongOutcome()
    if until is None and known.until != "must":
        return
    if until is None or (known.until and until <= at):
        raise UntilNeeded()
    if not known.until:
        raise NoUntil()
