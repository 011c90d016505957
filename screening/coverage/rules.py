"""The equation of coverage: its words, its parts, and sums that cannot fail to add up (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from screening.registry.residence import RESIDENCES, UNSAID, Residence

# why somebody who is due was not reached, the most urgent first: (part, zh, en)
REASONS: tuple[tuple[str, str, str], ...] = (
    ("resample", "待重采", "needs a new swab"),
    ("visit", "待上门", "visit due"),
    ("new", "未联系", "not contacted"),
    ("will_come", "答应来", "will come"),
    ("pending", "待豁免证明", "exempt pending proof"),
    ("away", "外出", "away"),
    ("refused", "拒检", "refused"),
    ("unreachable", "失联", "unreachable"),
)
# how the register divides by how people belong to the place, as REASONS
RESIDENCE_PARTS: tuple[tuple[str, str, str], ...] = (
    *(
        (part, RESIDENCES[r].zh, RESIDENCES[r].en)
        for part, r in zip(("registered", "residents", "floating"), Residence, strict=True)
    ),
    ("unsaid", UNSAID.zh, UNSAID.en),
)
MISSED = tuple(part for part, _, _ in REASONS)

# What a contact's outcome makes of a missed person; an outcome that is not here (a message sent)
# changes nothing. Who says "done" is waited for until a swab is held, who asks to be exempt until
# the exemption itself is.
OF_OUTCOME: dict[str, str] = {
    "will_come": "will_come",
    "already_done": "will_come",
    "exempt_pending": "pending",
    "away": "away",
    "refused": "refused",
    "unreachable": "unreachable",
    "visit": "visit",
    "absent": "visit",
    "moved": "away",
}


class CoverageRow(NamedTuple):
    """The equation of one area in one round, in persons.

    register = exempt + due; due = reached + missed; missed = the sum of its reasons. `delivered`,
    `tested`, `resulted` are those of the reached whose tube came that far; `added` those of the
    register who were entered, `exempt_added` those of the exempt who were excused after the start;
    `registered`, `residents`, `floating` those of the register who belong here in that way;
    `as_of` the oldest count that went in."""

    area_id: int = 0
    register: int = 0
    exempt: int = 0
    due: int = 0
    reached: int = 0
    delivered: int = 0
    tested: int = 0
    resulted: int = 0
    missed: int = 0
    resample: int = 0
    new: int = 0
    will_come: int = 0
    pending: int = 0
    away: int = 0
    refused: int = 0
    unreachable: int = 0
    visit: int = 0
    added: int = 0
    exempt_added: int = 0
    registered: int = 0
    residents: int = 0
    floating: int = 0
    exempt_by: dict[str, int] = {}  # noqa: RUF012  (a value that nobody changes)
    as_of: datetime | None = None

    @property
    def behind(self) -> float:
        """The share of the due who are missed; those who lag first have the most."""
        return self.missed / self.due if self.due else 0.0

    @property
    def unsaid(self) -> int:
        """Those of the register of whom nobody says how they belong to the place."""
        return self.register - self.registered - self.residents - self.floating


NUMBERS = CoverageRow._fields[1:-2]


def total(area_id: int, rows: Iterable[CoverageRow]) -> CoverageRow:
    """One area's row from the rows of what lies in it."""
    sums: Counter[str] = Counter()
    by: Counter[str] = Counter()
    times = []
    for row in rows:
        sums.update({n: getattr(row, n) for n in NUMBERS})
        by.update(row.exempt_by)
        if row.as_of is not None:
            times.append(row.as_of)
    oldest = min(times, default=None)
    numbers = {n: sums[n] for n in NUMBERS}
    return CoverageRow(area_id, **numbers, exempt_by=dict(sorted(by.items())), as_of=oldest)


def adds_up(row: CoverageRow) -> bool:
    """Whether the three equations hold, and no later link has more than the one before it."""
    return (
        row.register == row.exempt + row.due
        and row.due == row.reached + row.missed
        and row.missed == sum(getattr(row, part) for part in MISSED)
        and row.exempt == sum(row.exempt_by.values())
        and row.exempt_added <= row.exempt
        and row.added <= row.register
        and row.unsaid >= 0
        and row.reached >= row.delivered >= row.tested >= row.resulted
    )
