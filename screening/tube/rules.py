"""The life of a tube as one table, and its state as a fold over the facts held (pure).

A tube's state is a function of the *set* of facts, never of their arrival: stages are ranked, a
backward fact names the line it takes back, and whatever contradicts is kept and reported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, IntFlag
from typing import NamedTuple

from screening.errors import Problem


class Stage(IntEnum):
    """Rising along the chain; from VOID_EMPTY on a tube has left it."""

    PRINTED = 0
    ISSUED = 1
    OPEN = 2
    CLOSED = 3
    PACKED = 4
    IN_TRANSIT = 5
    RECEIVED = 6
    PLATED = 7
    TESTED = 8
    REVIEWED = 9
    RELEASED = 10
    VOID_EMPTY = 20
    REJECTED = 21
    LOST = 22
    DISCARDED = 23


class Verb(IntEnum):
    """What a custody line says."""

    OPEN = 1
    CLOSE = 2
    REOPEN = 3
    JOIN = 4
    UNBIND = 5
    MARK = 6
    OVER = 7
    BIND = 8  # never stored: a bind is a specimen row
    PACK = 10
    UNPACK = 11
    SEAL = 12
    UNSEAL = 13
    HAND_OVER = 14
    ARRIVE = 15
    REDIRECT = 16
    BOX_OPEN = 17
    RECONCILE = 18
    RECEIVE = 20
    REJECT = 21
    PLATE = 30
    TEST = 31
    UNPLATE = 32
    RERUN = 33
    REVIEW = 34
    RELEASE = 40
    CORRECT = 41
    LOSE = 50
    FIND = 51
    COMPLETE = 52
    MOVE_ROUND = 53
    DISCARD = 54
    SETTLE = 55  # a hold settled by a second person (data.kind names the ticket kind)


STAGE_OF: dict[Verb, Stage] = {
    Verb.OPEN: Stage.OPEN,
    Verb.CLOSE: Stage.CLOSED,
    Verb.PACK: Stage.PACKED,
    Verb.SEAL: Stage.PACKED,
    Verb.HAND_OVER: Stage.IN_TRANSIT,
    Verb.ARRIVE: Stage.IN_TRANSIT,
    Verb.REDIRECT: Stage.IN_TRANSIT,
    Verb.RECEIVE: Stage.RECEIVED,
    Verb.REJECT: Stage.REJECTED,
    Verb.PLATE: Stage.PLATED,
    Verb.TEST: Stage.TESTED,
    Verb.REVIEW: Stage.REVIEWED,
    Verb.RELEASE: Stage.RELEASED,
    Verb.CORRECT: Stage.RELEASED,
    Verb.LOSE: Stage.LOST,
    Verb.DISCARD: Stage.DISCARDED,
}

# verbs whose `answers` takes back an earlier line of the same tube
TAKES_BACK = frozenset((Verb.REOPEN, Verb.UNPACK, Verb.UNPLATE, Verb.RERUN, Verb.FIND, Verb.UNSEAL))
# tests and reviews belong to one plating (`answers` names its line) and fall with it
ON_PLATE = frozenset((Verb.TEST, Verb.REVIEW))
GONE = frozenset((Stage.VOID_EMPTY, Stage.REJECTED, Stage.LOST, Stage.DISCARDED))

# What a *command* may do. Facts are not checked against this: they happened.
NEXT: dict[Verb, frozenset[Stage]] = {
    Verb.PLATE: frozenset((Stage.CLOSED, Stage.PACKED, Stage.IN_TRANSIT, Stage.RECEIVED)),
    Verb.TEST: frozenset((Stage.PLATED,)),
    Verb.UNPLATE: frozenset((Stage.PLATED, Stage.TESTED, Stage.REVIEWED)),
    Verb.RERUN: frozenset((Stage.TESTED, Stage.REVIEWED)),
    Verb.REVIEW: frozenset((Stage.TESTED, Stage.REVIEWED)),
    Verb.RELEASE: frozenset((Stage.REVIEWED,)),
    Verb.CORRECT: frozenset((Stage.RELEASED,)),
    Verb.LOSE: frozenset(
        (Stage.OPEN, Stage.CLOSED, Stage.PACKED, Stage.IN_TRANSIT, Stage.RECEIVED, Stage.PLATED)
    ),
    Verb.FIND: frozenset((Stage.LOST,)),
    Verb.REJECT: frozenset(
        (Stage.CLOSED, Stage.PACKED, Stage.IN_TRANSIT, Stage.RECEIVED, Stage.PLATED, Stage.TESTED)
    ),
    Verb.COMPLETE: frozenset(Stage) - GONE,
    Verb.SETTLE: frozenset(Stage),
    Verb.MOVE_ROUND: frozenset(Stage),
    Verb.DISCARD: frozenset((Stage.RELEASED, Stage.REJECTED)),
    Verb.RECEIVE: frozenset(
        (Stage.OPEN, Stage.CLOSED, Stage.PACKED, Stage.IN_TRANSIT, Stage.RECEIVED)
    ),
}


class Mode(IntEnum):
    """How swabs share the tube; `single` takes one person, `household` one household."""

    SINGLE = 1
    HOUSEHOLD = 2
    POOLED = 3


MODES = {"single": Mode.SINGLE, "household": Mode.HOUSEHOLD, "pooled": Mode.POOLED}


class Purpose(IntEnum):
    SCREEN = 0
    RESAMPLE = 1
    RECHECK = 2


class Void(IntEnum):
    """Why a specimen does not count. Those below LOST are the seat's story, the rest the tube's."""

    LIVE = 0
    UNBOUND = 1
    MOVED = 2
    NOT_SWABBED = 3
    SPILLED = 4
    BROKEN = 5
    OTHER = 6
    LOST = 10
    REJECTED = 11
    INVALID = 12
    EMPTY = 13


MARKS = {
    "not_swabbed": Void.NOT_SWABBED,
    "spilled": Void.SPILLED,
    "broken": Void.BROKEN,
    "other": Void.OTHER,
}
# nobody's swab lies in the tube for these
NOT_IN_TUBE = frozenset((Void.UNBOUND, Void.MOVED, Void.NOT_SWABBED))
# the person must be swabbed again
RESAMPLE = frozenset(
    (
        Void.NOT_SWABBED,
        Void.SPILLED,
        Void.BROKEN,
        Void.OTHER,
        Void.LOST,
        Void.REJECTED,
        Void.INVALID,
    )
)


class Hold(IntFlag):
    """Why nothing of a tube may be released."""

    NO_PERSONS = 1
    LIST_INCOMPLETE = 2
    NO_CAPTURE = 4
    TWO_SITES = 8
    REUSED = 16
    AFTER_PACK = 32
    UNASSIGNED = 64
    AFTER_LOSS = 128


class WrongStage(Problem):
    status = 409
    code = "wrong_stage"
    zh = "试管 {barcode} 当前为“{stage}”，不能执行此操作。"
    en = "Tube {barcode} is {stage}; this cannot be done to it now."


class Line(NamedTuple):
    """One custody line, in the order of the table's columns after its key."""

    line_id: int
    verb: int
    stage: int
    at: datetime
    device_id: int
    journal_id: int
    seq: int
    staff_id: int | None = None
    site_id: int | None = None
    lab_id: int | None = None
    batch_id: int | None = None
    n: int | None = None
    answers: int | None = None
    data: dict | None = None

    @property
    def order(self) -> tuple:
        return (self.at, self.device_id, self.journal_id, self.seq)


class Bind(NamedTuple):
    """One person's swab as the journal told it."""

    specimen_id: int
    person_id: int
    home_cell: int
    community_id: int
    seat: int
    purpose: int
    at: datetime
    device_id: int
    journal_id: int
    seq: int
    staff_id: int | None = None
    site_id: int | None = None
    reason: str | None = None
    void: int = 0
    of_record: bool = False

    @property
    def order(self) -> tuple:
        return (self.at, self.device_id, self.journal_id, self.seq)


@dataclass(slots=True)
class State:
    """What the facts add up to. `voids` maps specimen to Void; `findings` are the ticket kinds
    that hold now, with both sides; `touched` the devices that had a hand in the tube's list."""

    stage: Stage = Stage.PRINTED
    since: datetime | None = None
    site_id: int | None = None
    table_no: int | None = None
    mode: int = 0
    pool_size: int = 0
    channel: str | None = None
    holder_kind: str = "stock"
    holder_id: int = 0
    confirmed: int | None = None
    members: int = 0
    complete: bool = False
    holds: int = 0
    home_cells: list[int] = field(default_factory=list)
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    received_at: datetime | None = None
    lab_id: int | None = None
    batch_id: int | None = None
    outcome: int | None = None
    version: int = 0
    voids: dict[int, int] = field(default_factory=dict)
    findings: dict[str, dict] = field(default_factory=dict)


def check_move(barcode: str, stage: int, verb: Verb) -> None:
    """Whether a command may act on a tube in `stage`. Raises WrongStage."""
    if Stage(stage) not in NEXT[verb]:
        raise WrongStage(barcode=barcode, stage=Stage(stage).name.lower())


def fold(lines: Iterable[Line], binds: Iterable[Bind], *, round_id: int) -> State:
    """The state of one tube from all its facts, in any order."""
    ordered = sorted(lines, key=_order)
    taken = {ln.answers for ln in ordered if ln.verb in TAKES_BACK and ln.answers is not None}
    live = [
        ln
        for ln in ordered
        if ln.line_id not in taken and not (ln.verb in ON_PLATE and ln.answers in taken)
    ]
    state = State()
    _stage(state, live)
    _story(state, live)
    _members(state, ordered, sorted(binds, key=_order), round_id)
    _findings(state, live, binds, round_id)
    return state


def _order(fact: Line | Bind) -> tuple:
    return fact.order


def after(a: Line | Bind, b: Line | Bind) -> bool:
    """Whether `a` happened after `b`: by number within one journal, by corrected time between."""
    if (a.device_id, a.journal_id) == (b.device_id, b.journal_id) and a.journal_id:
        return a.seq > b.seq
    return a.at > b.at


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


def _story(state: State, live: Sequence[Line]) -> None:
    """Who holds it, since when, what was confirmed: later facts of a kind win, opening the first."""
    for line in live:
        verb = line.verb
        if verb == Verb.OPEN and state.opened_at is None:
            _opened(state, line)
        elif verb == Verb.CLOSE:
            state.closed_at, state.confirmed = line.at, line.n
        elif verb == Verb.COMPLETE:
            state.confirmed = line.n
        elif verb == Verb.PACK:
            state.batch_id = line.batch_id
        elif verb == Verb.RECEIVE:
            state.received_at = state.received_at or line.at
            state.lab_id = line.lab_id
        elif verb == Verb.PLATE:
            state.lab_id = line.lab_id or state.lab_id
        elif verb in (Verb.TEST, Verb.RELEASE, Verb.CORRECT) and line.data:
            state.outcome = line.data.get("outcome", state.outcome)
            state.version = max(state.version, line.data.get("version", 0))
        if line.site_id is not None and state.site_id is None:
            state.site_id = line.site_id
        _holder(state, line)


def _opened(state: State, line: Line) -> None:
    data = line.data or {}
    state.opened_at = line.at
    state.site_id = line.site_id
    state.table_no = data.get("table")
    state.mode = data.get("mode", 0)
    state.pool_size = data.get("size", 0)
    state.channel = data.get("channel")


def _holder(state: State, line: Line) -> None:
    """The place that the furthest line names."""
    if line.stage != state.stage and line.verb != Verb.ARRIVE:
        return
    if line.stage >= Stage.RECEIVED or line.verb == Verb.ARRIVE:
        if line.lab_id is not None:
            state.holder_kind, state.holder_id = "lab", line.lab_id
    elif line.stage == Stage.IN_TRANSIT:
        if state.holder_kind != "lab":
            to = (line.data or {}).get("to")
            state.holder_kind, state.holder_id = "courier", to or line.staff_id or 0
    elif line.stage == Stage.PACKED and line.batch_id is not None:
        state.holder_kind, state.holder_id = "batch", line.batch_id
    elif line.site_id is not None:
        state.holder_kind, state.holder_id = "site", line.site_id


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
    whole = {
        Stage.LOST: Void.LOST,
        Stage.REJECTED: Void.REJECTED,
        Stage.VOID_EMPTY: Void.EMPTY,
    }.get(state.stage, Void.LIVE)
    if whole == Void.LIVE and any(
        ln.data and ln.data.get("resample")
        for ln in ordered
        if ln.verb in (Verb.RELEASE, Verb.CORRECT) and ln.data.get("version") == state.version
    ):
        whole = Void.INVALID
    inside = 0
    for bind in binds:
        void = seats.get(bind.specimen_id, Void.LIVE)
        if void not in NOT_IN_TUBE:
            inside += 1
        state.voids[bind.specimen_id] = int(void or whole)
    state.members = inside
    state.home_cells = sorted({b.home_cell for b in binds})
    state.complete = state.confirmed is not None and state.confirmed == inside and inside > 0


def _findings(state: State, live: Sequence[Line], binds: Iterable[Bind], round_id: int) -> None:
    """Every contradiction that the facts hold now, and what it holds back."""
    out = state.findings
    opens = [ln for ln in live if ln.verb == Verb.OPEN]
    closes = [ln for ln in live if ln.verb == Verb.CLOSE]
    packs = [ln for ln in live if ln.verb == Verb.PACK]
    settled = {(ln.data or {}).get("kind") for ln in live if ln.verb == Verb.SETTLE}
    arrived = state.stage >= Stage.RECEIVED and state.stage not in GONE
    sites = sorted({ln.site_id for ln in opens if ln.site_id is not None})
    if len(sites) > 1:
        out["two_sites"] = {"sites": sites}
    elif len({(ln.device_id, ln.journal_id) for ln in opens}) > 1:
        out["opened_twice"] = {"devices": sorted({ln.device_id for ln in opens})}
    if opens and closes and after(opens[-1], closes[0]) and len(sites) <= 1:
        out["reused"] = {"first_closed": closes[0].line_id, "opened_again": opens[-1].line_id}
    if arrived and not opens and not binds:
        out["unknown_tube"] = {"lab": state.lab_id}
    elif arrived and state.members == 0:
        out["no_persons"] = {"site": state.site_id}
    if closes or state.confirmed is not None:
        if state.confirmed != state.members and state.stage != Stage.VOID_EMPTY:
            out["list_incomplete"] = {"confirmed": state.confirmed, "known": state.members}
        if state.stage == Stage.VOID_EMPTY and state.members:
            out["empty_with_persons"] = {"known": state.members}
    elif state.stage >= Stage.PACKED and state.members and state.stage not in GONE:
        out["not_closed"] = {"known": state.members}
    if state.pool_size and state.members > state.pool_size:
        noted = any(ln.verb == Verb.OVER for ln in live)
        out["over_count_noted" if noted else "over_count"] = {
            "size": state.pool_size,
            "known": state.members,
        }
    late = [b.specimen_id for b in binds if packs and after(b, packs[0])]
    late = [s for s in late if not state.voids[s]]
    if late:
        out["added_after_pack"] = {"specimens": late}
    _twice(state, binds)
    if state.stage == Stage.LOST and any(
        ln.stage >= Stage.RECEIVED for ln in live if ln.stage < 20
    ):
        out["found_after_loss"] = {}
    if round_id == 0:
        out["unassigned"] = {}
    for kind in settled:
        if kind in out and kind not in ("list_incomplete", "no_persons", "unknown_tube"):
            del out[kind]
    for kind, hold in HOLD_OF.items():
        if kind in out:
            state.holds |= hold


def _twice(state: State, binds: Iterable[Bind]) -> None:
    seen: set[int] = set()
    for bind in binds:
        if state.voids[bind.specimen_id]:
            continue
        if bind.person_id in seen:
            state.findings["twice_in_tube"] = {"person": bind.person_id}
        seen.add(bind.person_id)


HOLD_OF: dict[str, Hold] = {
    "no_persons": Hold.NO_PERSONS,
    "list_incomplete": Hold.LIST_INCOMPLETE,
    "not_closed": Hold.LIST_INCOMPLETE,
    "empty_with_persons": Hold.LIST_INCOMPLETE,
    "unknown_tube": Hold.NO_CAPTURE,
    "two_sites": Hold.TWO_SITES,
    "reused": Hold.REUSED,
    "added_after_pack": Hold.AFTER_PACK,
    "unassigned": Hold.UNASSIGNED,
    "found_after_loss": Hold.AFTER_LOSS,
}
# every finding kind a fold can make: what the tickets desk closes again when it holds no more
FINDINGS = (
    *HOLD_OF, "opened_twice", "over_count", "over_count_noted", "twice_in_tube",
)  # fmt: skip


# Which limit runs while a tube stands in a stage (minutes come from the round's `limits`).
LINK_OF: dict[Stage, str] = {
    Stage.OPEN: "open",
    Stage.CLOSED: "closed",
    Stage.PACKED: "packed",
    Stage.IN_TRANSIT: "in_transit",
    Stage.RECEIVED: "received",
    Stage.PLATED: "plated",
    Stage.TESTED: "tested",
    Stage.REVIEWED: "reviewed",
}


def due_at(stage: Stage, since: datetime | None, limits: Mapping[str, int]) -> datetime | None:
    """When a tube that entered `stage` at `since` becomes overdue; None if never.

    `limits` in minutes by link, as the round holds them."""
    link = LINK_OF.get(stage)
    if link is None or since is None or link not in limits:
        return None
    return since + timedelta(minutes=limits[link])


def of_record(binds: Collection[Bind]) -> int | None:
    """Of one person's specimens in one round, the one that coverage counts: the earliest live one
    that is not a recheck."""
    live = [b for b in binds if not b.void and b.purpose != Purpose.RECHECK]
    return min(live, key=_order).specimen_id if live else None
