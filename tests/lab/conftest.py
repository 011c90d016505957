"""Fixtures of the laboratory's services."""

from __future__ import annotations

import pytest

from tests import world
from tests.lab import bench as lab_bench


@pytest.fixture
def bench(app, client, db_session):
    """A laboratory in a small city, with the default rule sets."""
    with app.test_request_context():
        yield lab_bench.set_up(world.city(), client)
