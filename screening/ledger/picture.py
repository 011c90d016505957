"""A round at one moment, by site and laboratory: counted from the tables, or as the worker kept it.

Whoever looks at many cells sees the picture that the worker took; a site's own is counted at once.
Signatures and checks count every row."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from screening.ledger import parts, queries
from screening.ledger.parts import BoxCount, Count
from screening.ledger.rules import Balance, gather
from screening.ledger.sight import Sight
from screening.registry.queries import get_policy


class Standing(NamedTuple):
    """Tubes of one site and laboratory in one stage."""

    site_id: int | None
    lab_id: int | None
    stage: int
    tubes: int
    persons: int


class Heard(NamedTuple):
    """Journals of one site and laboratory: complete, open, lost; or silent phones."""

    site_id: int | None
    lab_id: int | None
    state: str
    n: int


@dataclass
class Picture:
    round_id: int
    at: datetime
    stages: list[Standing] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    boxes: list[BoxCount] = field(default_factory=list)
    devices: list[Heard] = field(default_factory=list)
    swabs: dict[int, int] = field(default_factory=dict)
    matters: dict[str, int] = field(default_factory=dict)

    def seen_by(self, sight: Sight) -> Picture:
        """Only what somebody may see; swabs and open matters belong to the whole."""
        if sight.everywhere:
            return self
        return Picture(
            self.round_id,
            self.at,
            [s for s in self.stages if sight.sees(s.site_id, s.lab_id)],
            [c for c in self.counts if sight.sees(c.site_id, c.lab_id)],
            [b for b in self.boxes if sight.sees(b.site_id, b.lab_id)],
            [d for d in self.devices if sight.sees(d.site_id, d.lab_id)],
        )

    def balance(self) -> Balance:
        """The table of the round: every tube in one place, every part with its explanations."""
        stages: dict[int, list[int]] = defaultdict(lambda: [0, 0])
        for s in self.stages:
            stages[s.stage][0] += s.tubes
            stages[s.stage][1] += s.persons
        heard: Counter[str] = Counter({"complete": 0, "open": 0, "lost": 0, "silent": 0})
        for d in self.devices:
            heard[d.state] += d.n
        return Balance(
            self.round_id,
            tubes=sum(s.tubes for s in self.stages),
            stages=dict(stages),
            swabs=self.swabs,
            parts=gather(self.counts),
            devices={**heard, "heard": heard["complete"] + heard["open"] + heard["lost"]},
            matters=self.matters,
        )

    def to_json(self) -> dict[str, Any]:
        plain = asdict(self) | {"at": self.at.isoformat()}
        plain["counts"] = [_iso(c) for c in self.counts]
        return plain

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Picture:
        counts = [
            Count._make([*c[:-1], datetime.fromisoformat(c[-1]) if c[-1] else None])
            for c in kept["counts"]
        ]
        return cls(
            kept["round_id"],
            datetime.fromisoformat(kept["at"]),
            [Standing(*s) for s in kept["stages"]],
            counts,
            [BoxCount(*b) for b in kept["boxes"]],
            [Heard(*d) for d in kept["devices"]],
            {int(k): n for k, n in kept["swabs"].items()},
            kept["matters"],
        )


def _iso(c: Count) -> list[Any]:
    return [*c[:-1], c.oldest.isoformat() if c.oldest else None]


def take(round_id: int, *, at: datetime, sight: Sight, exact: bool = False) -> Picture:
    """Count a round now, as far as `sight` reaches; `exact` counts the swabs row by row and not by
    their counter, which is a few seconds old. Raises NoSuchRound."""
    get_policy(round_id)
    out = Picture(
        round_id,
        at,
        stages=[Standing(*r) for r in queries.count_stages(round_id, sight)],
        counts=parts.count_parts(round_id, at=at, sight=sight),
        boxes=parts.by_box(round_id, at=at, sight=sight),
        devices=_devices(round_id, sight),
    )
    if sight.everywhere:
        count = queries.count_swabs if exact else queries.told_swabs
        out.swabs = count(round_id, sight.cells)
        out.matters = queries.count_matters(round_id, sight.cells)
    return out


def _devices(round_id: int, sight: Sight) -> list[Heard]:
    found: Counter[tuple[int | None, int | None, str]] = Counter()
    for d in queries.list_devices(round_id, sight):
        state = "open" if d.why else ("lost" if d.state == "lost" else "complete")
        found[d.site_id, d.lab_id, state] += 1
    for s in queries.list_silent(round_id, sight):
        found[s.site_id, None, "silent"] += 1
    return [Heard(*key, n) for key, n in found.items()]
