"""What a recount comes to: the facts of every tube, packs, released versions, faults."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from screening.ledger.rules import Difference
from screening.tube.rules import Bind, Line


@dataclass
class Told:
    """All facts of one tube. `homes` are the (cell, round) where it may lie; `maybe` the lines
    that depend on what was known when they came (a box's facts after a tube was taken out)."""

    lines: dict[int, Line] = field(default_factory=dict)
    maybe: dict[int, Line] = field(default_factory=dict)
    binds: dict[int, Bind] = field(default_factory=dict)
    homes: set[tuple[int, int]] = field(default_factory=set)
    opened: bool = False


@dataclass
class Result:
    """A released version as its command told it."""

    outcome: int
    command_id: int
    members: list[int] | None


@dataclass
class Expected:
    """The whole recount."""

    tubes: dict[str, Told] = field(default_factory=lambda: defaultdict(Told))
    packs: dict[tuple[int, int, str, int], datetime] = field(default_factory=dict)
    results: dict[tuple[str, int], Result] = field(default_factory=dict)
    unread: list[tuple[int, int, int]] = field(default_factory=list)
    doubtful: set[int] = field(default_factory=set)  # settled by hand: there or not, both are right
    faults: list[Difference] = field(default_factory=list)
    commands: int = 0
