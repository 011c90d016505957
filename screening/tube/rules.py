"""The life of a tube as one table: its stages, what a fact or a command may do, its limits (pure)."""

from __future__ import annotations

from collections.abc import Mapping
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
# what happens to a box happens to the tubes in it; the line answers the tube's pack line
CARRIED = frozenset((Verb.SEAL, Verb.HAND_OVER, Verb.ARRIVE, Verb.REDIRECT))
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
    Verb.CORRECT: frozenset((Stage.RELEASED, Stage.DISCARDED)),
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


def check_move(barcode: str, stage: int, verb: Verb) -> None:
    """Whether a command may act on a tube in `stage`. Raises WrongStage."""
    if Stage(stage) not in NEXT[verb]:
        raise WrongStage(barcode=barcode, stage=Stage(stage).name.lower())


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
