"""Whatever happens in a town, every number of coverage and every missed person is as recounted."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from screening import clock
from screening.coverage import queries, service
from screening.coverage.rules import REASONS, CoverageRow
from screening.db import db
from screening.places.queries import TREE
from screening.places.rules import COMMUNITY
from screening.reminders.queries import open_missed
from tests import database, make
from tests.coverage.happenings import WHAT, Happening, Town
from tests.coverage.recount import One, add_up, recount

number = st.integers(0, 29)
step = st.tuples(st.sampled_from(WHAT), number, number, number)
# without a usual beginning most scripts would never come to a result
USUAL: list[Happening] = [
    ("swab", 0, 2, 1), ("swab", 7, 5, 2), ("receive", 0, 0, 0), ("release", 0, 0, 1),
    ("contact", 4, 5, 1), ("excuse", 5, 1, 1), ("count", 0, 0, 0), ("move_home", 3, 2, 0),
]  # fmt: skip
scripts = st.builds(
    lambda usual, rest: USUAL[:usual] + rest,
    st.integers(0, len(USUAL)),
    st.lists(step, min_size=2, max_size=24),
)


@pytest.fixture(scope="module")
def ground(app: Any, database_url: str) -> Iterator[Any]:
    with app.test_request_context():
        yield app
        db.session.rollback()
        db.session.remove()
    clock.configure(None)
    database.clean(database_url)


FEW = settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a script of thirty steps can be read
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
MANY = settings(FEW, max_examples=60)


@given(script=scripts)
@FEW
def test_every_number_and_every_state_is_as_recounted(ground, client, script):
    live(client, script)


@pytest.mark.long
@given(script=scripts)
@MANY
def test_every_number_and_every_state_is_as_recounted_however_days_go(ground, client, script):
    live(client, script)


def live(client, script):
    town = Town(client)
    try:
        town.play(script)
        town.work()
        for round_id in town.rounds:
            look = Look(town, round_id, clock.now())
            look.compare() if not look.signed else look.compare_signed()
    finally:
        db.session.rollback()
        town.close()


class Look:
    """All screens of one round at one moment, against the recount."""

    def __init__(self, town: Town, round_id: int, at: datetime) -> None:
        self.town, self.round_id, self.at = town, round_id, at
        self.people = recount(round_id, at=at)
        by_id = TREE.get().by_id
        self.nodes = [n for n in by_id.values() if n.path.startswith(town.county.path)]
        self.client, self.headers = town.client, make.sign_in(town.client, town.head)

    def compare(self) -> None:
        for node in self.nodes:
            self.of_area(node)
            self.of_children(node)
        for node in (n for n in self.nodes if n.level == COMMUNITY):
            self.missed(node)
        self.frozen()
        self.over_http()
        assert service.verify(at=self.at) == [], "the rollup differs from its own full count"

    def compare_signed(self) -> None:
        """A round that was signed off says for ever what it said when it was signed."""
        self.people = self.town.signed_people
        for node in (n for n in self.nodes if n.level <= COMMUNITY):
            self.of_area(node)
        self.at = self.town.signed_at
        self.frozen()

    @property
    def signed(self) -> bool:
        return self.round_id == self.town.rounds[1] and self.town.signed_at is not None

    def under(self, node: Any) -> list[One]:
        """Those who live there. A grid's people are those the register puts into it."""
        by_id = TREE.get().by_id
        if node.level > COMMUNITY:
            return [p for p in self.people if node.area_id in (p.grid, p.building)]
        return [p for p in self.people if by_id[p.community].path.startswith(node.path)]

    def same(self, row: CoverageRow, people: list[One], where: str) -> None:
        told = add_up(people)
        assert {k: getattr(row, k) for k in told} == told, where

    def of_area(self, node: Any) -> None:
        row = queries.coverage_of(node.area_id, self.round_id, at=self.at)
        self.same(row, self.under(node), node.name)

    def of_children(self, node: Any) -> None:
        found = dict(queries.children_of(node.area_id, self.round_id, at=self.at))
        if not found:
            return
        known = {n.area_id for n in found}
        for child, row in found.items():
            people = self.under(child)
            if child == node:  # nobody knows in which grid or house they live
                people = [p for p in self.under(node) if not {p.grid, p.building} & known - {None}]
            self.same(row, people, f"{node.name} / {child.name}")
        whole = add_up(self.under(node))
        assert sum(r.due for r in found.values()) == whole["due"]

    def missed(self, node: Any) -> None:
        told = {p.person: p.state for p in self.under(node) if p.state not in ("reached", "exempt")}
        listed = queries.list_missed(node, self.round_id, at=self.at)
        assert {(m.cell_id, m.person_id): m.state for m in listed} == told
        assert len(listed) == len(told), "nobody stands in the list twice"
        opened = open_missed(node, self.round_id, at=self.at)
        assert {(m.cell_id, m.person_id): m.missed.state for m in opened} == told

    def frozen(self) -> None:
        for row in service.freeze(self.round_id, self.at):
            node = TREE.get().by_id[row.area_id]
            if node.path.startswith(self.town.county.path):
                self.same(row, self.under(node), f"frozen {node.name}")
        db.session.rollback()

    # --- what leaves the house ------------------------------------------------------------

    def over_http(self) -> None:
        county = next(n for n in self.nodes if n.area_id == self.town.county.area_id)
        told = add_up(self.under(county))
        asked = {"area": county.area_id, "round": self.round_id}
        got = self.get("/api/v1/coverage", **asked).json
        assert {k: got[k] for k in told} == told
        table = self.get("/api/v1/coverage.csv", **asked).data.decode("utf-8-sig")
        lines = list(csv.DictReader(io.StringIO(table)))
        words = {"底数": "register", "应检": "due", "已检": "reached", "未检": "missed",
                 **{zh: part for part, zh, _en in REASONS}}  # fmt: skip
        assert {part: int(lines[-1][zh]) for zh, part in words.items()} == {
            part: told[part] for part in words.values()
        }
        out = self.get("/api/v1/missed", **asked, format="ndjson").data.splitlines()
        assert sorted(orjson.loads(x)["state"] for x in out) == sorted(
            zh for part, zh, _en in REASONS for _ in range(told[part])
        )

    def get(self, path: str, **query: Any) -> Any:
        r = self.client.get(path, query_string=query, headers=self.headers)
        assert r.status_code == 200, r.data
        return r
