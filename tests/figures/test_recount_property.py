"""Whatever happens in a town, every figure of every area, and every number of its command page, is
what plain Python counts from the rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screening import clock, jobs
from screening.coverage import service as coverage
from screening.db import db
from screening.figures import service
from screening.figures.queries import FIGURES, Scene, sheet_of
from screening.figures.queries.picture import picture_of
from screening.figures.queries.tubes import MORE, list_tubes
from screening.figures.rules import STAGES
from screening.places.queries import TREE
from tests import database
from tests.coverage.happenings import Happening, Town
from tests.coverage.recount import recount
from tests.coverage.test_recount_property import FEW, MANY, step
from tests.figures.recount import COMMUNITY, Books

# a positive pool and a negative one, somebody lost, somebody who moved street before the swab
USUAL: list[Happening] = [
    ("move_home", 3, 2, 0), ("swab", 0, 2, 1), ("swab", 7, 5, 2), ("receive", 0, 0, 0),
    ("release", 0, 2, 1), ("count", 0, 0, 0), ("swab_as_resample", 0, 1, 2), ("swab", 11, 2, 3),
    ("release", 0, 2, 0), ("contact", 4, 5, 1), ("excuse", 5, 1, 1), ("receive", 3, 0, 0),
]  # fmt: skip
BULGES = {"collect": "tubes_undelivered", "deliver": "tubes_untested", "test": "tubes_unreleased"}
scripts = st.builds(
    lambda usual, rest: USUAL[:usual] + rest,
    st.integers(0, len(USUAL)),
    st.lists(step, min_size=2, max_size=20),
)


@pytest.fixture(scope="module")
def ground(app: Any, database_url: str) -> Iterator[Any]:
    with app.test_request_context():
        yield app
        db.session.rollback()
        db.session.remove()
    clock.configure(None)
    database.clean(database_url)


@given(script=scripts)
@settings(FEW, max_examples=6)
def test_every_figure_and_every_number_of_the_command_page_is_as_recounted(ground, client, script):
    live(client, script)


@pytest.mark.long
@given(script=scripts)
@MANY
def test_every_figure_is_as_recounted_however_days_go(ground, client, script):
    live(client, script)


def live(client, script):
    town = Town(client)
    try:
        town.play(script)
        coverage.mark((s.cell_id, r, coverage.TUBES) for s in town.city.sites for r in town.rounds)
        town.work()
        service.take_rollups(at=clock.now())
        jobs.KINDS["ticket_counts"]()
        for round_id in town.rounds:
            compare(town, round_id)
    finally:
        db.session.rollback()
        town.close()


def compare(town: Town, round_id: int) -> None:
    at = clock.now()
    signed = town.signed_at if round_id == town.rounds[1] else None
    people = town.signed_people if signed else recount(round_id, at=at)
    books = Books(round_id, at, people)
    for node in TREE.get().by_id.values():
        # a signed round keeps its numbers by community; below it nothing is kept
        if node.path.startswith(town.county.path) and (not signed or node.level <= COMMUNITY):
            scene = Scene(round_id, node.area_id, at=at)
            same_figures(books, scene)
            same_page(books, scene, kept=signed is not None)


def same_figures(books: Books, scene: Scene) -> None:
    told = {k: f.value for k, f in sheet_of(scene).figures.items()}
    expected = books.figures(scene.node)
    assert set(expected) == set(FIGURES), "every figure has its recount"
    wrong = {k: (told[k], n) for k, n in expected.items() if told[k] != n}
    assert not wrong, f"{scene.node.name} of level {scene.node.level}: (told, recounted) {wrong}"
    for what in (*STAGES, "tubes_late", "tubes_held", "positive_tubes"):
        assert len(list_tubes(scene, what)) == told[what], what
    for link, what in BULGES.items():
        assert len(list_tubes(scene, what)) == books.page(scene.node)["held"][link][0], what
    assert set(MORE) - set(told) == {"tubes_waiting", *BULGES.values()}


def same_page(books: Books, scene: Scene, *, kept: bool) -> None:
    body, expected = picture_of(scene), books.page(scene.node)
    name = f"{scene.node.name} of level {scene.node.level}"
    held = {k: (h["tubes"], h["persons"], h["late"]) for k, h in body["held"].items()}
    assert held == expected["held"], name
    for kind, barcodes in expected["stragglers"].items():
        assert [s["ref"] for s in body["stragglers"][kind]] == barcodes, (name, kind)
    positives = {(p["channel"], p["size"]): (p["tubes"], p["persons"]) for p in body["positives"]}
    assert positives == expected["positives"], name
    assert body["callbacks"] == expected["callbacks"], name
    assert body["parts"] == expected["parts"], name
    assert {s: n for s, n, _ in body["slots"] if n} == expected["taken"], name
    assert sum(r for _, _, r in body["slots"]) == expected["released"], name
    same_desks(body, expected, name)
    same_children(books, scene, body, kept=kept)
    left = {"collect": ("missed",), "report": ("reached", "resulted")}
    for link, (of, *less) in left.items():
        n = body["figures"][of][0] - sum(body["figures"][x][0] for x in less)
        assert body["forecasts"][link]["left"] == n, (name, link)


def same_desks(body: dict[str, Any], expected: dict[str, Any], name: str) -> None:
    sites = {
        s["site"]: {"hour": s["hour"], "open": s["open"]["tubes"], "waiting": s["waiting"]["tubes"],
                    "devices": s["devices"]}
        for s in body["sites"]
    }  # fmt: skip
    assert sites == expected["sites"], name
    assert body["hour"] == sum(s["hour"] for s in expected["sites"].values()), name
    assert body["heard"]["devices"] == sum(s["devices"] for s in sites.values()), name


def same_children(books: Books, scene: Scene, body: dict[str, Any], *, kept: bool) -> None:
    """The ranking: every area below with its own people, none of them twice. Of a signed round
    (`kept`) nothing is kept below the community: whoever moved since is counted where they live."""
    by_id = TREE.get().by_id
    if kept and scene.node.level >= COMMUNITY:
        return
    for child in body["children"]:
        node = by_id[child["area"]]
        if node == scene.node:  # nobody knows in which grid or house they live
            continue
        told = books.figures(node)
        wrong = {k: (n, told[k]) for k, n in child.items() if k in told and told[k] != n}
        assert not wrong, f"{node.name} below {scene.node.name}: {wrong}"
    if body["children"]:
        for key in ("register", "due", "reached", "missed", "resulted"):
            assert sum(c[key] for c in body["children"]) == body["figures"][key][0], key
