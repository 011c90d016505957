"""The resident's look-up: the own swabs and what may be told of each. Hot path: three indexed
statements, no session row, no write when the code is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.db import fetch
from screening.registry.queries import ROUNDS
from screening.reporting import doors, resident_rules, rules
from screening.reporting.queries import CalledRow, Story, SwabRow, story_of_person
from screening.reporting.resident_rules import NO_SIGNAL, Signals
from screening.reporting.rules import PersonState, Swab
from screening.reporting.service.phone_codes import use_code
from screening.tube.queries import Key
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
    row: SwabRow
    signals: Signals
    mode: int
    version: int
    released_at: datetime | None
    members: int | None


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
    return _shown(story_of_person(cell, person, recent_rounds()))


def person_results(cell: int, person: int) -> Looked:
    """All recent swabs of one person and the state that they add up to, as those see it who act."""
    story = story_of_person(cell, person, recent_rounds())
    told = _tell(story)
    seen = [_seen(t, rules.swab_state(t.swab), released=t.swab.covered) for t in told]
    return Looked(rules.person_state([t.swab for t in told]), seen, _due(story))


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
    """The newest rounds and round 0, from memory."""
    policies = sorted(ROUNDS.get().values(), key=lambda p: p.starts_at, reverse=True)
    newest = [p.round_id for p in policies if p.round_id][: rules.LOOKUP_ROUNDS.value]
    return [0, *newest]


# Both halves name the tube's cell, so that each asks one place.
_TUBES = (
    "SELECT t.cell_id, t.round_id, t.barcode, t.mode, r.version, r.outcome, r.released_at, "
    "r.members, a.unsettled, a.heard, a.alerts FROM tube t "
    "LEFT JOIN LATERAL (SELECT version, outcome, released_at, members FROM result "
    "WHERE cell_id = t.cell_id AND round_id = t.round_id AND barcode = t.barcode "
    "ORDER BY version DESC LIMIT 1) r ON true "
    "LEFT JOIN LATERAL (SELECT count(*) FILTER (WHERE settled_at IS NULL) AS unsettled, "
    "count(seen_at) AS heard, count(*) AS alerts FROM alert "
    "WHERE cell_id = t.cell_id AND round_id = t.round_id AND barcode = t.barcode) a ON true "
    "WHERE t.cell_id = ANY(%s) AND t.round_id = ANY(%s) AND t.barcode = ANY(%s)"
)
_UNKNOWN = (0, None, None, None, None, *NO_SIGNAL)


def _tell(story: Story) -> list[_Told]:
    """Newest first; seats that were taken back say nothing, unless the swab must be taken again."""
    rows = [s for s in story.swabs if s.void not in NOT_IN_TUBE or s.void in RESAMPLE]
    tubes = _tubes(rows)
    told = [_told(s, tubes.get(s.key, _UNKNOWN), story.called.get(s.key)) for s in rows]
    return sorted(told, key=lambda t: t.row.at, reverse=True)


def _tubes(rows: Sequence[SwabRow]) -> Mapping[Key, tuple]:
    if not rows:
        return {}
    places = [sorted({s.tube_cell for s in rows}), sorted({s.round_id for s in rows})]
    found = fetch(_TUBES, [*places, sorted({s.barcode for s in rows})])
    return {Key(t[2], t[0], t[1]): t[3:] for t in found}


def _told(row: SwabRow, tube: tuple, called: CalledRow | None) -> _Told:
    mode, version, outcome, released_at, members = tube[:5]
    covered = members is not None and row.specimen_id in members
    swab = Swab(
        at=row.at,
        void=row.void,
        purpose=row.purpose,
        outcome=outcome,
        covered=covered,
        callback=called.state if called else None,
        callback_outcome=called.outcome if called else None,
        alone=members is not None and len(members) == 1,
    )
    signals = Signals(*tube[5:])
    n = len(members) if members is not None else None
    return _Told(swab, row, signals, mode, version or 0, released_at, n)


def _seen(t: _Told, state: PersonState | None, *, released: bool) -> Seen:
    said: dict[str, Any] = {"pooled": None, "released_at": None, "version": 0}
    if released:
        said = {"pooled": t.members, "released_at": t.released_at, "version": t.version}
    return Seen(
        sampled_at=t.row.at,
        round_name=_name(t.row.round_id),
        household=t.mode == Mode.HOUSEHOLD,
        state=state,
        **said,
    )


def _name(round_id: int) -> str:
    policy = ROUNDS.get().get(round_id)
    return policy.name if policy is not None else ""
