"""The resident's look-up: the own swabs and what may be told of each. Hot path: one statement, no
transaction, no write when the code is right."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from screening.registry.queries import ROUNDS
from screening.registry.rules import OPEN_STATES
from screening.reporting import doors, resident_rules, rules
from screening.reporting.queries import CalledRow, Story, SwabStory, story_of_person, whole
from screening.reporting.resident_rules import Signals
from screening.reporting.rules import PersonState, Swab
from screening.reporting.service.phone_codes import use_code
from screening.tube.rules import NOT_IN_TUBE, RESAMPLE, Mode


class Seen(NamedTuple):
    """One swab as its person may see it: never who else is in the tube."""

    sampled_at: datetime
    round_name: str
    pooled: int | None  # how many shared the tube; None before a result
    household: bool
    state: PersonState | None
    released_at: datetime | None
    version: int


class Looked(NamedTuple):
    """What a resident sees; `state` of all swabs together, the worst open one deciding."""

    state: PersonState
    swabs: list[Seen]
    callback_due: datetime | None


class _Told(NamedTuple):
    """One swab with all that the server knows of its tube."""

    swab: Swab
    row: SwabStory
    signals: Signals


def look_up(
    code: str, *, last4: str = "", number: str = "", address: str | None, at: datetime
) -> Looked:
    """By access code or resident code, with the last four of the document. A right one writes
    nothing. Raises what doors.open_door raises."""
    story = doors.open_door(code, last4, number, address=address, at=at, rounds=recent_rounds())
    return _shown(story)


def look_up_by_phone(phone: str, last4: str, code: str, *, address: str | None) -> Looked:
    """By the one-time code, which ends with it. Raises what phone_codes.use_code raises."""
    cell, person = use_code(phone, last4, code, address=address)
    return _shown(_story(cell, person))


def person_results(cell: int, person: int) -> Looked:
    """All recent swabs of one person and the state that they add up to, as those see it who act."""
    story = _story(cell, person)
    told = _tell(story)
    seen = [_seen(t, rules.swab_state(t.swab), released=t.swab.covered) for t in told]
    return Looked(rules.person_state([t.swab for t in told]), seen, _due(story))


def _story(cell: int, person: int) -> Story:
    rounds = recent_rounds()
    return whole(story_of_person(cell, person, rounds), rounds)


def _shown(story: Story) -> Looked:
    told = _tell(story)
    states = resident_rules.told_states([(t.swab, t.signals) for t in told])
    state = rules.together([(t.swab, s) for t, s in zip(told, states, strict=True)])
    seen = [
        _seen(t, s, released=t.swab.covered and resident_rules.tells_release(s))
        for t, s in zip(told, states, strict=True)
    ]
    return Looked(state, seen, _due(story) if resident_rules.tells_deadline(state) else None)


def _due(story: Story) -> datetime | None:
    return min((c.due_at for c in story.called.values() if c.state == rules.OPEN), default=None)


def recent_rounds() -> list[int]:
    """Every round that is not signed off, since anything in it may still be in doubt; the newest of
    those that are; round 0. From memory."""
    begun = [p for p in ROUNDS.get().values() if p.round_id and p.started_at is not None]
    begun.sort(key=lambda p: p.starts_at, reverse=True)
    kept = {p.round_id for p in begun[: rules.LOOKUP_ROUNDS.value]}
    return [0, *(p.round_id for p in begun if p.round_id in kept or p.state in OPEN_STATES)]


def _tell(story: Story) -> list[_Told]:
    """Newest first; seats that were taken back say nothing, unless the swab must be taken again."""
    rows = [s for s in story.swabs if s.void not in NOT_IN_TUBE or s.void in RESAMPLE]
    told = [_told(s, story.called.get(s.key)) for s in rows]
    return sorted(told, key=lambda t: t.row.at, reverse=True)


def _told(row: SwabStory, called: CalledRow | None) -> _Told:
    tube = row.tube
    swab = Swab(
        at=row.at,
        void=row.void,
        purpose=row.purpose,
        outcome=tube.outcome,
        covered=bool(tube.covered),
        callback=called.state if called else None,
        callback_outcome=called.outcome if called else None,
        alone=tube.members == 1,
    )
    return _Told(swab, row, Signals(tube.unsettled, tube.heard, tube.alerts))


def _seen(t: _Told, state: PersonState | None, *, released: bool) -> Seen:
    tube = t.row.tube
    return Seen(
        sampled_at=t.row.at,
        round_name=_name(t.row.round_id),
        pooled=tube.members if released else None,
        household=tube.mode == Mode.HOUSEHOLD,
        state=state,
        released_at=tube.released_at if released else None,
        version=(tube.version or 0) if released else 0,
    )


def _name(round_id: int) -> str:
    policy = ROUNDS.get().get(round_id)
    return policy.name if policy is not None else ""
