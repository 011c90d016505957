"""Fixtures of the ledger: a whole small day through real journals and desks."""

from __future__ import annotations

import pytest

from tests.ledger.day import Day
from tests.reporting import bench as made


@pytest.fixture
def day(app, client, db_session):
    """Three tubes: two packed, carried, received, tested and released; one still at its site."""
    with app.test_request_context():
        yield Day(made.set_up(client))
