"""Every route x role x scope: inside succeeds, all else is refused and leaves no trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask

from tests import access, database
from tests.access_cases import all_cases

CASES = all_cases()


@pytest.fixture(scope="module")
def worlds(app: Flask, database_url: str) -> Iterator[dict[str, access.World]]:
    """The world of the slice at hand: a new one for each, since the cases of one slice may open
    rounds and tickets that those of another would stumble over."""
    yield {}
    database.clean(database_url)


@pytest.fixture
def world(
    app: Flask, database_url: str, worlds: dict[str, access.World], case: access.Case
) -> access.World:
    from screening.db import db

    name = case.endpoint.split("_")[0]
    if name not in worlds:
        worlds.clear()
        database.clean(database_url)
        with app.app_context():
            worlds[name] = access.make_world(app)
            db.session.remove()
    return worlds[name]


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_a_route_serves_its_roles_within_their_scope_and_nobody_else(world, case):
    access.Walk(world, case).walk()


def test_every_route_has_a_case_and_every_case_a_route(app):
    routes, cases = set(access.routes(app)), Counter((c.endpoint, c.method) for c in CASES)
    missing = [f"{m} {e}" for e, m in sorted(routes - set(cases))]
    stray = [f"{m} {e}" for e, m in sorted(set(cases) - routes)]
    twice = [f"{m} {e}" for (e, m), n in cases.items() if n > 1]
    assert not (missing or stray or twice), (
        f"{len(missing)} routes without a case in tests/access_cases: {', '.join(missing)}; "
        f"cases without a route: {stray}; cases given twice: {twice}"
    )


def test_every_view_says_who_may_call_it(app):
    bare = sorted({e for e, _ in access.routes(app)
                   if not hasattr(app.view_functions[e], "requires")})  # fmt: skip
    assert not bare, f"views without @require or @public: {', '.join(bare)}"
