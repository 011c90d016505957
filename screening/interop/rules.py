"""Pure rules of a proof: from which swab, when none may be had, how long it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from screening.lab.rules.well_rules import Outcome
from screening.reporting.rules import (
    CALLS_BACK,
    Limit,
    PersonState,
    Swab,
    person_state,
    swab_state,
)
from screening.tube.rules import NOT_IN_TUBE, Purpose

HOURS = Limit(48, "多地查验 24 至 72 小时；自采样时间起算")  # counted from the sampling
LIST_HOURS = Limit(24, "house; an older list of withdrawals is called old by the verifier")

NOT_NOW, NONE, PAST = "not_now", "none", "past"
_RECHECK = (PersonState.RECHECK_POSITIVE, PersonState.PENDING_RECHECK)


class Specimen(NamedTuple):
    """One swab with all that stands for or against a proof. `received_at`: its tube in the
    laboratory; `alerts`: open ones; `held`: anything that holds the tube back; `members`: how
    many swabs the newest version speaks of."""

    swab: Swab
    number: int
    round_id: int
    tube_cell: int
    barcode: str
    version: int = 0
    received_at: datetime | None = None
    alerts: int = 0
    held: bool = False
    members: int = 0
    lab_id: int | None = None

    @property
    def sampled_at(self) -> datetime:
        """The corrected time; a swab was never taken after its tube came to the laboratory."""
        at = self.swab.at
        return min(at, self.received_at) if self.received_at else at


def doubtful(s: Specimen) -> bool:
    """Whether a swab that lies in a tube is under alert, hold or re-check.

    A signal on a shared tube stands until it is settled, or until this person alone was tested."""
    if s.swab.void in NOT_IN_TUBE and s.swab.callback is None:
        return False
    if swab_state(s.swab) in _RECHECK:
        return True
    cleared = s.swab.callback_outcome == Outcome.NEGATIVE and s.swab.purpose != Purpose.RECHECK
    bad = s.swab.outcome in CALLS_BACK and s.swab.covered and s.swab.callback is None
    return s.held or (not cleared and (s.alerts > 0 or bad))


def choose(specimens: Sequence[Specimen], at: datetime) -> Specimen | str:
    """The swab that a proof may state, or why there is none: NOT_NOW while any swab of the person
    is in doubt, NONE without a negative result, PAST when the newest is too old."""
    together = person_state(s.swab for s in specimens)
    if together in _RECHECK or any(doubtful(s) for s in specimens):
        return NOT_NOW
    good = [s for s in specimens if swab_state(s.swab) == PersonState.NEGATIVE]
    if not good:
        return NONE
    newest = max(good, key=lambda s: s.sampled_at)
    return newest if at < expires(newest.sampled_at) else PAST


def expires(sampled_at: datetime, hours: int = HOURS.value) -> datetime:
    return sampled_at + timedelta(hours=hours)
