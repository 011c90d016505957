"""Reference tables in memory: what may still be rolled back is nobody else's."""

from datetime import date

import pytest

from screening.db import db
from screening.errors import Faults
from screening.places.queries import TREE
from screening.places.snapshots import Snapshot
from screening.registry.service import setting_up
from tests import make, world

DAY = date(2026, 11, 22)


@pytest.fixture
def in_earnest(app, db_session, monkeypatch):
    """The memory as the product has it: a second old at most."""
    monkeypatch.setitem(app.config, "TESTING", False)
    db_session.commit()
    return db_session


def test_a_change_is_read_by_its_own_transaction_alone_until_it_is_committed(app, in_earnest):
    rows = ["old"]
    table = Snapshot(lambda: list(rows))
    in_earnest.connection()
    assert table.get() == ["old"]
    rows[:] = ["new"]
    table.forget()
    assert table.get() == table.fresh() == ["new"]
    rows[:] = ["old"]  # what everybody else's transaction finds
    with app.app_context():
        assert table.get() == ["old"]
    assert table.get() == ["new"]
    rows[:] = ["new"]
    in_earnest.commit()
    with app.app_context():
        assert table.get() == ["new"]


def test_a_savepoint_taken_back_takes_what_was_read_with_it(in_earnest):
    rows = ["old"]
    table = Snapshot(lambda: list(rows))
    step = db.session.begin_nested()
    rows[:] = ["new"]
    table.forget()
    assert table.get() == ["new"]
    rows[:] = ["old"]
    step.rollback()
    assert table.get() == ["old"]


def test_a_community_with_people_is_not_closed_and_nobody_saw_it_go(in_earnest):
    made = make.area("community")
    world.people(made, 1)
    in_earnest.commit()
    TREE._held, home = None, made.area_id  # makers write rows without a word
    assert home in TREE.get().by_id
    with pytest.raises(Faults) as refused:
        setting_up.close_area(home, on=DAY)
    assert [f.problem.code for f in refused.value.faults] == ["area_lived_in"]
    assert home not in TREE.get().by_id
    in_earnest.rollback()
    assert home in TREE.get().by_id
