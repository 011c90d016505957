"""What goes into a merge and what comes out of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from screening.tube.queries import Key, Row
from screening.tube.rules import Bind, Line
from screening.tube.state import State


@dataclass(slots=True)
class Facts:
    """What a batch says about one tube. `cell_id` and `round_id` are where it would be claimed."""

    barcode: str
    cell_id: int
    round_id: int
    lines: list[Line] = field(default_factory=list)
    binds: list[Bind] = field(default_factory=list)


@dataclass(slots=True)
class Merged:
    """One tube after merging: where it lives, its state, and what changed that others act on."""

    key: Key
    state: State
    before: Row | None
    new_lines: list[Line]
    new_binds: list[Bind]
    changed: list[Bind]  # with the void they had; `state.voids` has the one they get
    binds: list[Bind]
    moved_from: Key | None = None

    @property
    def list_changed(self) -> bool:
        return bool(self.new_binds or self.changed)


class MergedSet(dict[str, Merged]):
    """Merged tubes by barcode; `again` are the persons (by cell and round) whose of-record flag
    had to be looked at again: they have, or had, more than one swab."""

    def __init__(self) -> None:
        super().__init__()
        self.again: dict[tuple[int, int], set[int]] = defaultdict(set)


Limits = Callable[[int], Mapping[str, int]]
