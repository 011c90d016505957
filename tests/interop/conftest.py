"""Fixtures: the made laboratory of reporting, with codes in people's hands."""

from __future__ import annotations

import pytest

from tests.reporting import bench as made


@pytest.fixture
def bench(app, client, db_session):
    """A small city, a laboratory with a technician and two reviewers."""
    with app.test_request_context():
        yield made.set_up(client)
