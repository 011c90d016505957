"""Pure sums of a due list: what counts as due, done and late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

Key = tuple[int, int]  # (schedule, person)
SumKey = tuple[int, int, str]  # (community, schedule, employer)


class Due(NamedTuple):
    """One line of the list, as it is stored."""

    community_id: int
    employer: str
    due_on: date
    missed: int
    done_at: datetime | None
    excused: bool


@dataclass
class Sum:
    """A tally in the making."""

    due: int = 0
    done: int = 0
    late: int = 0
    late_1: int = 0
    late_2: int = 0
    excused: int = 0
    oldest: date | None = None

    def add(self, row: Due, day: date) -> None:
        if row.excused:
            self.excused += 1
            return
        self.due += 1
        if row.done_at is not None:
            self.done += 1
            return
        late = (day - row.due_on).days
        if late > 0:
            self.late += 1
            self.late_1 += late == 1
            self.late_2 += late == 2
            self.oldest = min(row.due_on, self.oldest or row.due_on)


def sums_of(rows: Mapping[Key, Due], day: date) -> dict[SumKey, Sum]:
    out: dict[SumKey, Sum] = defaultdict(Sum)
    for (schedule, _), row in rows.items():
        out[row.community_id, schedule, row.employer].add(row, day)
    return out
