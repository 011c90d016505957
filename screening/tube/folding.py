"""A tube's state as a fold over the facts held (pure).

The state is a function of the *set* of facts, never of their arrival: stages are ranked, a
backward fact names the line it takes back, and whatever contradicts is kept and reported.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from screening.tube.findings import examine
from screening.tube.rules import (
    CARRIED,
    NOT_IN_TUBE,
    ON_PLATE,
    TAKES_BACK,
    Bind,
    Line,
    Purpose,
    Stage,
    Verb,
    Void,
)
from screening.tube.state import State


def fold(lines: Iterable[Line], binds: Iterable[Bind], *, round_id: int) -> State:
    """The state of one tube from all its facts, in any order."""
    ordered = sorted(lines, key=_order)
    taken = {ln.answers for ln in ordered if ln.verb in TAKES_BACK and ln.answers is not None}
    out_of = {ln.answers: ln for ln in reversed(ordered) if ln.verb == Verb.UNPACK}
    live = [
        ln
        for ln in ordered
        if ln.line_id not in taken
        and not (ln.verb in ON_PLATE and ln.answers in taken)
        and not _missed(ln, out_of.get(ln.answers))
    ]
    state = State()
    _stage(state, live)
    _story(state, live)
    swabs = sorted(binds, key=_order)
    _filled(state, swabs)
    _members(state, ordered, swabs, round_id)
    examine(state, live, binds, round_id)
    return state


def _missed(line: Line, unpack: Line | None) -> bool:
    """Whether a box moved without this tube: a carried line answers the tube's pack line, and was
    written before anybody told that the tube had been taken out. Out of the box, out of its seal."""
    if unpack is None or line.verb not in CARRIED:
        return False
    return line.verb == Verb.SEAL or line.at >= unpack.at


def _order(fact: Line | Bind) -> tuple:
    return fact.order


def _stage(state: State, live: Sequence[Line]) -> None:
    """The furthest stage that anybody reported; what has left the chain stays out of it."""
    best: Line | None = None
    for line in live:
        stage = line.stage
        if line.verb == Verb.CLOSE and line.n == 0:
            stage = Stage.VOID_EMPTY
        if stage and (best is None or stage > state.stage):
            best, state.stage = line, Stage(stage)
    if best is not None:
        state.since = best.at
    elif live:
        state.since = live[0].at


def _filled(state: State, binds: Sequence[Bind]) -> None:
    """Swabs whose tube nobody has told the opening of yet lie in an open tube all the same."""
    if not binds or state.stage >= Stage.OPEN:
        return
    first = binds[0]
    state.stage, state.since = Stage.OPEN, first.at
    state.site_id = first.site_id if state.site_id is None else state.site_id
    if state.site_id is not None:
        state.holder_kind, state.holder_id = "site", state.site_id


def _story(state: State, live: Sequence[Line]) -> None:
    """Who holds it, since when, what was confirmed: of one kind later facts win, of opening the
    first."""
    for line in live:
        tell = _TELL.get(line.verb)
        if tell is not None:
            tell(state, line)
        if line.site_id is not None and state.site_id is None:
            state.site_id = line.site_id
        _holder(state, line)


def _closed(state: State, line: Line) -> None:
    state.closed_at, state.confirmed = line.at, line.n


def _completed(state: State, line: Line) -> None:
    state.confirmed = line.n


def _packed(state: State, line: Line) -> None:
    state.batch_id = line.batch_id
    if line.batch_id is not None:
        state.batches.add(line.batch_id)


def _received(state: State, line: Line) -> None:
    state.received_at = state.received_at or line.at
    state.lab_id = line.lab_id


def _plated(state: State, line: Line) -> None:
    state.lab_id = line.lab_id or state.lab_id


def _judged(state: State, line: Line) -> None:
    data = line.data or {}
    state.outcome = data.get("outcome", state.outcome)
    state.version = max(state.version, data.get("version", 0))


def _opened(state: State, line: Line) -> None:
    if state.opened_at is not None:
        return
    data = line.data or {}
    state.opened_at = line.at
    state.site_id = line.site_id
    state.table_no = data.get("table")
    state.mode = data.get("mode", 0)
    state.pool_size = data.get("size", 0)
    state.channel = data.get("channel")


_TELL: dict[int, Callable[[State, Line], None]] = {
    Verb.OPEN: _opened,
    Verb.CLOSE: _closed,
    Verb.COMPLETE: _completed,
    Verb.PACK: _packed,
    Verb.RECEIVE: _received,
    Verb.PLATE: _plated,
    Verb.TEST: _judged,
    Verb.RELEASE: _judged,
    Verb.CORRECT: _judged,
}


def _holder(state: State, line: Line) -> None:
    """The place that the furthest line names."""
    if line.verb == Verb.REDIRECT or (line.stage != state.stage and line.verb != Verb.ARRIVE):
        return  # another destination is not another holder
    if line.stage >= Stage.RECEIVED or line.verb == Verb.ARRIVE:
        # whoever tests, reviews or releases it does so where it was received
        if (lab := line.lab_id or state.lab_id) is not None:
            state.holder_kind, state.holder_id = "lab", lab
    elif line.stage == Stage.IN_TRANSIT:
        if state.holder_kind != "lab":
            to = (line.data or {}).get("to")
            state.holder_kind, state.holder_id = "courier", to or line.staff_id or 0
    elif line.stage == Stage.PACKED and line.batch_id is not None:
        state.holder_kind, state.holder_id = "batch", line.batch_id
    elif line.site_id is not None:
        state.holder_kind, state.holder_id = "site", line.site_id


def _whole(state: State, ordered: Sequence[Line]) -> Void:
    """Why all of a tube's specimens are void, if they are: it left the chain, or the released
    result says that its members need a new swab."""
    if state.stage in _WHOLE:
        return _WHOLE[state.stage]
    released = [ln for ln in ordered if ln.verb in (Verb.RELEASE, Verb.CORRECT) and ln.data]
    for line in released:
        data = line.data or {}
        if data.get("version") == state.version and data.get("resample"):
            return Void.INVALID
    return Void.LIVE


_WHOLE = {
    Stage.LOST: Void.LOST,
    Stage.REJECTED: Void.REJECTED,
    Stage.VOID_EMPTY: Void.EMPTY,
}


def _members(state: State, ordered: Sequence[Line], binds: Sequence[Bind], round_id: int) -> None:
    """Which swabs count, and why the others do not."""
    seats: dict[int, int] = {}
    for line in ordered:
        if line.answers is None:
            continue
        if line.verb == Verb.UNBIND:
            moved = bool(line.data and line.data.get("moved"))
            seats[line.answers] = Void.MOVED if moved else Void.UNBOUND
        elif line.verb == Verb.MARK:
            seats.setdefault(line.answers, int((line.data or {}).get("void", Void.OTHER)))
    whole = _whole(state, ordered)
    inside = 0
    for bind in binds:
        void = seats.get(bind.specimen_id, Void.LIVE)
        if void not in NOT_IN_TUBE:
            inside += 1
        state.voids[bind.specimen_id] = int(void or whole)
    state.members = inside
    state.home_cells = sorted({b.home_cell for b in binds})
    state.complete = state.confirmed is not None and state.confirmed == inside and inside > 0


def of_record(binds: Collection[Bind]) -> int | None:
    """Of one person's specimens in one round, the one that coverage counts: the earliest live one
    that is not a recheck."""
    live = [b for b in binds if not b.void and b.purpose != Purpose.RECHECK]
    return min(live, key=_order).specimen_id if live else None
