"""Pure rules of the resident's page: what a person may be told, and when; what a code must come with.

The register's truth (rules.person_state) serves those who act. A resident hears of a signal only
once somebody has it in hand, so that nobody reads of a re-check before anybody can explain it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from screening.lab.rules.well_rules import Outcome
from screening.reporting.rules import CALLS_BACK, CLOSED, Limit, PersonState, Swab, swab_state
from screening.tube.rules import Purpose

CODE_DIGITS = Limit(6, "house; what a person keeps in mind from one screen to the next")
CODE_MINUTES = Limit(10, "house; a slow network, and no longer than the phone is at hand")
# what the last digits, and under attack the whole number, of a document are asked for
LAST = Limit(4, "house; as on collection desks here, ID numbers included")


class Signals(NamedTuple):
    """How many alerts a tube has: not settled, acknowledged, all."""

    open: int = 0
    heard: int = 0
    all: int = 0


NO_SIGNAL = Signals()
_OF_SIGNALS = (PersonState.PENDING_RECHECK, PersonState.RECHECK_POSITIVE)


def unheard(s: Swab, signals: Signals) -> bool:
    """Whether the tube has a signal, or a bad result, that nobody has acknowledged."""
    stands = signals.open or (s.outcome in CALLS_BACK and signals.all)
    return bool(stands) and not signals.heard


def told_state(s: Swab, signals: Signals) -> PersonState | None:
    """What one swab may say to its own person; never the outcome of a tube that was shared."""
    known = swab_state(s)
    if s.void and s.callback is None:
        return known  # out of the tube, or to be taken again whatever the tube says
    if signals.open and _answered(s):
        return None  # the own re-check speaks
    if unheard(s, signals):
        return None if _answered(s) else PersonState.WAITING
    return PersonState.PENDING_RECHECK if signals.open else known


def _answered(s: Swab) -> bool:
    """A re-check of this person alone has said negative: the shared tube says nothing any more."""
    return s.callback == CLOSED and s.callback_outcome == Outcome.NEGATIVE


def told_states(swabs: Sequence[tuple[Swab, Signals]]) -> list[PersonState | None]:
    """The states of all swabs of one person, in order.

    A positive re-check is told through the first tube's callback as well: not before the alert of
    the re-check itself was acknowledged."""
    states = [told_state(s, signals) for s, signals in swabs]
    if any(s.purpose == Purpose.RECHECK and unheard(s, signals) for s, signals in swabs):
        later = {PersonState.RECHECK_POSITIVE: PersonState.PENDING_RECHECK}
        return [later.get(state, state) if state else None for state in states]
    return states


def tells_release(state: PersonState | None) -> bool:
    """Whether the release's time, version and number of sharers go with this state: beside
    anything else they would say that a shared tube has a result, and which."""
    return state in (PersonState.NEGATIVE, PersonState.NEEDS_SWAB)


def tells_deadline(state: PersonState) -> bool:
    return state in _OF_SIGNALS
