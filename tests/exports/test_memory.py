"""A file of ten times the rows takes no more memory, in any format."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from screening import jobs
from screening.accounts.queries import actor_of
from screening.accounts.roles import Role
from screening.db import db
from screening.exports import kinds, queries, rules, service
from screening.places.queries import TREE
from tests import make, world

COLUMNS = (kinds.Column("a", "甲", "a"), kinds.Column("b", "乙", "b"))


@pytest.fixture
def long_list(monkeypatch):
    """A list as long as it is told to be, of rows that are made one at a time."""
    size = [0]

    def rows(_order: kinds.Order) -> Iterator[tuple[str, str]]:
        for i in range(size[0]):
            yield f"{i:012d}", "一二三四五六七八九十" * 4

    listing = kinds.Listing("long", "长", "long", (Role.DISTRICT_HEAD,), COLUMNS, rows,
                            lambda _o: size[0])  # fmt: skip
    monkeypatch.setitem(kinds.LISTINGS, "long", listing)
    return size


@pytest.mark.parametrize("form", rules.FORMATS)
def test_memory_does_not_grow_with_the_list(app, db_session, long_list, form):
    with app.test_request_context():
        city = world.city(persons=1)
        TREE.forget()
        who = actor_of(make.staff(Role.DISTRICT_HEAD).staff_id)
        area = city.sites[0].area.area_id

        def peak(n: int) -> tuple[int, int]:
            long_list[0] = n
            number = service.ask("long", area, city.round_id, form, by=who, lang="zh")
            db.session.commit()
            tracemalloc.start()
            jobs.run_due()
            most = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            row = queries.get_export(number)
            assert (row.state, row.done) == (rules.DONE, n)
            return row.size, most

        peak(100)
        small, one = peak(6_000)
        large, ten = peak(60_000)
        assert large > 5 * small and ten < one + 6 * rules.PIECE.value
