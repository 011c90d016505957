"""Pure rules of reporting: which test counts, who is called back, what a person's state is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from enum import IntEnum
from typing import NamedTuple

from screening.lab.rules.well_rules import Outcome
from screening.tube.rules import (
    NOT_IN_TUBE,
    ON_PLATE,
    RESAMPLE,
    TAKES_BACK,
    Bind,
    Line,
    Purpose,
    Verb,
)
from screening.tube.state import State

STEPS = (1, 2)
# a released outcome whose members must be swabbed again, each alone
CALLS_BACK = frozenset((Outcome.POSITIVE, Outcome.INCONCLUSIVE))
OPEN, SAMPLED, CLOSED, WITHDRAWN = "open", "sampled", "closed", "withdrawn"
RUNNING = (OPEN, SAMPLED)
ASKED, DONE, REFUSED = "asked", "done", "refused"
# what came of a try to reach somebody who was called back; `moved` explains why nobody came
ATTEMPTS = ("will_come", "absent", "moved", "refused", "unreachable")
EXPLAINS = frozenset(("moved",))


class Limit(NamedTuple):
    """A number of the house with where it comes from."""

    value: int
    source: str


ACCESS_DAYS = Limit(90, "house; two rounds of slips, then a new one at any desk")
LOOKUP_ROUNDS = Limit(12, "house; the newest rounds that a resident is shown")
LIST_ROWS = Limit(500, "house; one screen of callbacks, paged beyond")


# --- which test counts ------------------------------------------------------------------------


class Reading(NamedTuple):
    """The test that holds now: the line that plated the tube, the run, what it says."""

    plating: int
    run_id: int
    outcome: int


def current_test(lines: Iterable[Line]) -> Reading | None:
    """The latest test whose plating was not taken back by a rerun; None before any."""
    ordered = sorted(lines, key=lambda ln: ln.order)
    taken = {ln.answers for ln in ordered if ln.verb in TAKES_BACK and ln.answers is not None}
    found = None
    for ln in ordered:
        alive = ln.line_id not in taken and not (ln.verb in ON_PLATE and ln.answers in taken)
        if ln.verb == Verb.TEST and alive and ln.data and ln.answers is not None:
            found = Reading(ln.answers, ln.data.get("run", 0), ln.data["outcome"])
    return found


def inside(binds: Iterable[Bind], state: State | None = None) -> list[Bind]:
    """The swabs that lie physically in the tube, whatever else is said of them."""
    voids = state.voids if state is not None else {}
    return [b for b in binds if voids.get(b.specimen_id, b.void) not in NOT_IN_TUBE]


# --- gaps in journals -------------------------------------------------------------------------


class Gap(NamedTuple):
    """Numbers of a journal that the server does not hold: `first` to `last`. `received_at` is when
    the block after the gap came; `waits`: it may still be filled, else declared lost."""

    device_id: int
    journal_id: int
    first: int
    last: int
    received_at: datetime
    waits: bool
    heard_until: datetime | None = None  # corrected time of the last entry before the gap


def has_gap(lines: Sequence[Line], binds: Sequence[Bind], gaps: Sequence[Gap]) -> bool:
    """Whether an entry that nobody holds may have put somebody into this tube before its close.

    A list completed from paper by a supervisor, or a settled hold, answers the question."""
    for ln in lines:
        settled = ln.verb == Verb.SETTLE and (ln.data or {}).get("kind") == "journal_gap"
        if settled or ln.verb == Verb.COMPLETE:
            return False
    return any(_matters(gap, lines, binds) for gap in gaps)


_OF_LIST = frozenset(
    (Verb.OPEN, Verb.CLOSE, Verb.REOPEN, Verb.JOIN, Verb.UNBIND, Verb.MARK, Verb.OVER)
)


def _matters(gap: Gap, lines: Sequence[Line], binds: Sequence[Bind]) -> bool:
    own = (gap.device_id, gap.journal_id)
    mine = [ln for ln in lines if (ln.device_id, ln.journal_id) == own and ln.verb in _OF_LIST]
    if not mine and not any((b.device_id, b.journal_id) == own for b in binds):
        return False
    opens = [ln for ln in lines if ln.verb == Verb.OPEN]
    closes = [ln for ln in lines if ln.verb == Verb.CLOSE]
    own_open = [ln.seq for ln in mine if ln.verb == Verb.OPEN]
    own_close = [ln.seq for ln in mine if ln.verb == Verb.CLOSE]
    if own_open and min(own_open) > gap.last:
        return False
    if own_close:
        return gap.first < max(own_close)
    if opens and gap.received_at <= min(ln.at for ln in opens):
        return False  # written and sent before the tube was opened anywhere
    if not closes or not gap.waits or gap.heard_until is None:
        return True
    return gap.heard_until < max(ln.at for ln in closes)


# --- a person's state -------------------------------------------------------------------------


class PersonState(IntEnum):
    """What holds for a person, the worst first: the worst open one of all swabs decides.

    A re-check that is positive outweighs a re-check still due: more is known. Both outweigh a
    swab that must be taken again, that one a swab on its way, and all of them a negative."""

    RECHECK_POSITIVE = 1
    PENDING_RECHECK = 2
    NEEDS_SWAB = 3
    WAITING = 4
    NEGATIVE = 5
    NOT_SAMPLED = 9


class Swab(NamedTuple):
    """One swab of a person and what is known of its tube. `outcome`: of the newest released
    version, None before; `covered`: that version speaks of this swab; `callback` and
    `callback_outcome`: of the callback that this tube made for this person."""

    at: datetime
    void: int = 0
    purpose: int = Purpose.SCREEN
    outcome: int | None = None
    covered: bool = False
    callback: str | None = None
    callback_outcome: int | None = None
    alone: bool = False


def swab_state(s: Swab) -> PersonState | None:
    """What one swab says of its person; None when it says nothing any more."""
    if s.callback in RUNNING:
        return PersonState.PENDING_RECHECK
    if s.callback == CLOSED and s.callback_outcome == Outcome.POSITIVE:
        return PersonState.RECHECK_POSITIVE
    if s.void:
        return PersonState.NEEDS_SWAB if s.void in RESAMPLE else None
    if s.outcome is None or not s.covered:
        return PersonState.WAITING
    return _resulted(s)


def _resulted(s: Swab) -> PersonState | None:
    if s.outcome == Outcome.NEGATIVE:
        return PersonState.NEGATIVE
    if s.outcome == Outcome.INVALID:
        return PersonState.NEEDS_SWAB
    if s.callback is not None:
        return None  # closed negative: the re-check's own result speaks; or withdrawn
    if s.purpose != Purpose.RECHECK:
        return PersonState.PENDING_RECHECK
    # a re-check in doubt shows in the callback, which opened again
    positive = s.outcome == Outcome.POSITIVE and s.alone
    return PersonState.RECHECK_POSITIVE if positive else None


def person_state(swabs: Iterable[Swab]) -> PersonState:
    """The state that all swabs physically in tubes add up to: the worst open one decides."""
    return together((s, swab_state(s)) for s in swabs)


def together(told: Iterable[tuple[Swab, PersonState | None]]) -> PersonState:
    """The worst open state of one person's swabs, each with what it says.

    A swab to be taken again is settled by any later swab that is in a tube and alive."""
    rows = [(s, state) for s, state in told if s.void not in NOT_IN_TUBE or s.void in RESAMPLE]
    alive = [s.at for s, state in rows if state not in (None, PersonState.NEEDS_SWAB)]
    states = [
        state
        for s, state in rows
        if state is not None
        and not (state == PersonState.NEEDS_SWAB and any(at > s.at for at in alive))
    ]
    return min(states, default=PersonState.NOT_SAMPLED)


def proof(swabs: Sequence[Swab]) -> Swab | None:
    """The newest negative swab, which a proof may state; none while anything is to be re-checked."""
    if person_state(swabs) in (PersonState.RECHECK_POSITIVE, PersonState.PENDING_RECHECK):
        return None
    good = [s for s in swabs if swab_state(s) == PersonState.NEGATIVE]
    return max(good, key=lambda s: s.at, default=None)


# --- a positive pool --------------------------------------------------------------------------


def pool_state(callbacks: Collection[tuple[str, int | None, str | None]]) -> str:
    """Where a positive pool stands, from (state, outcome, attempt) of its callbacks.

    `confirmed` as soon as one re-check is positive; `not_confirmed` when every member's is
    negative; `explained` when the rest could not be reached for a reason; else `open`."""
    live = [c for c in callbacks if c[0] != WITHDRAWN]
    if any(outcome == Outcome.POSITIVE for _, outcome, _ in live):
        return "confirmed"
    if any(state in RUNNING and attempt not in EXPLAINS for state, _, attempt in live):
        return "open"
    if any(state in RUNNING for state, _, _ in live):
        return "explained"
    return "not_confirmed" if live else "withdrawn"
