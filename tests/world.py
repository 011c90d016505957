"""A small city for tests of the chain: one round sampling, sites, a laboratory, people, labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from screening import clock
from screening.db import db, insert, new_id
from screening.registry import seals
from screening.registry.documents import DocType, Document
from screening.registry.person_codes import make_resident_code
from screening.registry.queries import ROUNDS
from screening.registry.rules import default_limits
from screening.registry.service.persons import ring
from screening.registry.service.rounds import make_partitions
from screening.tube.codes import Kind, make_code
from tests import devices, make


@dataclass
class City:
    """`people` are (cell, person_id, resident code); `tube(i)` the i-th printed tube number."""

    round_id: int
    sites: list[Any]
    lab: Any
    people: list[tuple[int, int, str]]
    first: int
    used: int = 0
    phones: dict[int, devices.Phone] = field(default_factory=dict)

    def tube(self, i: int | None = None) -> str:
        if i is None:
            i, self.used = self.used, self.used + 1
        return make_code(Kind.TUBE, self.first + i)

    def codes(self, first: int, n: int) -> list[str]:
        return [p[2] for p in self.people[first : first + n]]

    def phone(self, site: int = 0, **kw: Any) -> devices.Phone:
        return devices.phone(site=self.sites[site], round=self.round_id, **kw)

    def bench(self, **kw: Any) -> devices.Phone:
        """The laboratory reception's device."""
        return devices.phone(lab=self.lab, round=self.round_id, **kw)


def people(community: Any, n: int) -> list[tuple[int, int, str]]:
    """`n` registered persons of a community: (cell, person_id, resident code)."""
    keys = ring()
    rows, out = [], []
    for i in range(n):
        person = new_id()
        details = seals.Details(f"居民{i}", f"MADE{person}", None, None, "1", "101")
        sealed = seals.seal_person(keys, details)
        rows.append((
            community.cell_id, person, community.area_id, 6,
            seals.doc_hash(keys, Document(DocType.PASSPORT, f"XX-{person}")),
            seals.name_hash(keys, details.name), sealed, 0, 0, clock.now(),
        ))  # fmt: skip
        out.append((community.cell_id, person, make_resident_code(community.cell_id, person)))
    columns = (
        "cell_id", "person_id", "community_id", "doc_type", "doc_hash", "name_hash", "sealed",
        "flags", "lane", "created_at",
    )  # fmt: skip
    insert("person", columns, rows)
    insert("person_key", ("doc_hash", "person_id", "cell_id"), [(r[4], r[1], r[0]) for r in rows])
    return out


def start_round(
    areas: list[Any],
    *,
    limits: dict | None = None,
    kind: str = "mass",
    state: str = "sampling",
) -> int:
    """A round that has been sampling for an hour over these areas."""
    round_id = make.number() + 1
    now = clock.now()
    columns = (
        "round_id", "name", "kind", "state", "starts_at", "ends_at", "started_at", "limits",
        "pool_rules", "drill",
    )  # fmt: skip
    insert("round", columns, [(
        round_id, f"第{round_id}轮", kind, state, now - timedelta(hours=1),
        now + timedelta(hours=12), now - timedelta(hours=1), Jsonb(limits or default_limits()),
        Jsonb([]), False,
    )])  # fmt: skip
    insert("round_area", ("round_id", "area_id"), [(round_id, a.area_id) for a in areas])
    make_partitions(round_id)
    ROUNDS.forget()
    return round_id


def city(*, streets: int = 2, persons: int = 40, tubes: int = 30) -> City:
    """Streets with one community and one site each, a laboratory, people, a label run."""
    county = make.area("county")
    communities = [make.area("community", make.area("street", county)) for _ in range(streets)]
    sites = [make.site(c) for c in communities]
    lab = make.lab(communities[0])
    round_id = start_round([county])
    found = [people(c, persons) for c in communities]
    first = make.number() * 1000
    run_id = new_id()
    now = clock.now()
    insert(
        "label_run",
        ("run_id", "kind", "first", "count", "site_id", "made_at", "practice"),
        [(run_id, "tube", first, tubes, sites[0].site_id, now, False)],
    )
    insert(
        "tube_key",
        ("barcode", "run_id", "state"),
        [(make_code(Kind.TUBE, first + i), run_id, 0) for i in range(tubes)],
    )
    db.session.commit()
    return City(round_id, sites, lab, [p for group in found for p in group], first)
