"""Whatever happens in a town, every figure of every area is what plain Python counts from the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from screening import clock
from screening.db import db, fetch
from screening.figures import service
from screening.figures.queries import Scene, sheet_of
from screening.figures.queries.picture import picture_of
from screening.figures.queries.tubes import list_tubes
from screening.places.queries import TREE
from tests import database
from tests.coverage.happenings import Town
from tests.coverage.test_recount_property import scripts

POSITIVE, RECHECK = 2, 2
OPEN, CLOSED, RECEIVED, TESTED, RELEASED, VOID, REJECTED, LOST, DISCARDED = (
    2,
    3,
    6,
    8,
    10,
    20,
    21,
    22,
    23,
)
EVERY = "/* fan-out: test */"


@pytest.fixture(scope="module")
def ground(app: Any, database_url: str) -> Iterator[Any]:
    with app.test_request_context():
        yield app
        db.session.rollback()
        db.session.remove()
    clock.configure(None)
    database.clean(database_url)


@given(script=scripts)
@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_figure_is_as_recounted(ground, client, script):
    town = Town(client)
    try:
        town.play(script)
        town.work()
        service.take_rollups(at=clock.now())
        for round_id in town.rounds:
            rows, at = Rows(round_id), clock.now()
            for node in (
                n for n in TREE.get().by_id.values() if n.path.startswith(town.county.path)
            ):
                scene = Scene(round_id, node.area_id, at=at)
                compare(rows, scene, at)
    finally:
        db.session.rollback()
        town.close()


def compare(rows: Rows, scene: Scene, at: datetime) -> None:
    sheet, node = sheet_of(scene), scene.node
    told = {k: f.value for k, f in sheet.figures.items()}
    expected = rows.tubes_in(node.path, at) | rows.persons_in(scene.communities, at)
    assert {k: told[k] for k in expected} == expected, node.name
    for what in ("tubes_collected", "tubes_released", "positive_tubes"):
        assert len(list_tubes(scene, what)) == told[what]
    body = picture_of(scene)
    if body["children"] and node.level < 4:
        for key in ("due", "reached", "missed", "resulted"):
            assert sum(c[key] for c in body["children"]) == told[key]
    closed = [t for t in rows.inside(node.path) if t["stage"] >= CLOSED and t["stage"] != VOID]
    if node.level < 4 and scene.sight.sites:
        assert sum(n for _s, n, _r in rows.slots(body)) == sum(t["members"] for t in closed)


class Rows:
    """Everything about tubes of a round, as it lies in the tables."""

    def __init__(self, round_id: int) -> None:
        self.round_id = round_id
        columns = ("cell_id", "barcode", "site_id", "lab_id", "stage", "members", "holds", "due_at")
        self.tubes = [
            dict(zip(columns, r, strict=True))
            for r in fetch(
                f"SELECT {', '.join(columns)} FROM tube WHERE round_id = %s {EVERY}", (round_id,)
            )
        ]
        self.results: dict[str, tuple[int, int]] = {}
        for barcode, version, outcome in fetch(
            f"SELECT barcode, version, outcome FROM result WHERE round_id = %s {EVERY}", (round_id,)
        ):
            if version > self.results.get(barcode, (-1, 0))[0]:
                self.results[barcode] = (version, outcome)
        self.alerts = fetch(
            f"SELECT barcode, outcome, settled_at, settled_how, seen_at FROM alert WHERE round_id = %s {EVERY}",
            (round_id,),
        )
        self.callbacks = fetch(
            "SELECT barcode, community_id, state, due_at, outcome, reason FROM callback "
            f"WHERE round_id = %s {EVERY}", (round_id,),
        )  # fmt: skip
        self.again = {
            r[0] for r in fetch(f"SELECT barcode FROM specimen WHERE round_id = %s AND purpose = %s {EVERY}",
                                (round_id, RECHECK))
        }  # fmt: skip
        by_id = TREE.get().by_id
        self.paths = {s: by_id[a].path for s, a in fetch("SELECT site_id, area_id FROM site")}
        self.lab_paths = {s: by_id[a].path for s, a in fetch("SELECT lab_id, area_id FROM lab")}

    def inside(self, path: str) -> list[dict[str, Any]]:
        """A tube belongs to its site's area; to its laboratory's only while no site is known."""
        out = []
        for t in self.tubes:
            where = (
                self.paths.get(t["site_id"]) if t["site_id"] else self.lab_paths.get(t["lab_id"])
            )
            if where is not None and where.startswith(path):
                out.append(t)
        return out

    def slots(self, body: dict[str, Any]) -> list[list[int]]:
        return body["slots"]

    def positive(self, barcode: str) -> bool:
        if barcode in self.again:
            return False
        if barcode in self.results:
            return self.results[barcode][1] == POSITIVE
        return any(
            b == barcode
            and outcome == POSITIVE
            and (settled is None or how in ("released", "resampled"))
            for b, outcome, settled, how, _seen in self.alerts
        )

    def tubes_in(self, path: str, at: datetime) -> dict[str, int]:
        found = self.inside(path)
        stages = Counter(t["stage"] for t in found)

        def count(*wanted: int) -> int:
            return sum(stages[s] for s in wanted)

        chain = [t for t in found if t["stage"] < RELEASED]
        signal = [t for t in found if self.positive(t["barcode"])]
        names = {t["barcode"] for t in found}
        return {
            "tubes_open": count(OPEN),
            "tubes_collected": count(3, 4, 5, 6, 7, 8, 9, 10, REJECTED, LOST, DISCARDED),
            "tubes_delivered": count(6, 7, 8, 9, 10, REJECTED, DISCARDED),
            "tubes_tested": count(8, 9, 10, DISCARDED),
            "tubes_released": count(10, DISCARDED),
            "tubes_gone": count(REJECTED, LOST),
            "tubes_held": sum(1 for t in chain if t["holds"]),
            "positive_tubes": len(signal),
            "positive_persons": sum(t["members"] for t in signal),
            "alerts_unseen": sum(1 for a in self.alerts
                                 if a[0] in names and a[2] is None and a[4] is None),
        }  # fmt: skip

    def persons_in(self, communities: list[int], at: datetime) -> dict[str, int]:
        mine = [c for c in self.callbacks if c[1] in communities]
        return {
            "callbacks_open": sum(1 for c in mine if c[2] in ("open", "sampled")),
            "callbacks_late": sum(1 for c in mine if c[2] == "open" and c[3] < at),
            "recheck_positive": sum(1 for c in mine if c[2] == "closed" and c[4] == POSITIVE),
        }
