"""A town at noon for the tests of reminders."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from screening import clock
from tests.reminders import town as towns


@pytest.fixture
def town(db_session, client) -> Iterator[towns.Town]:
    towns.at_noon()
    yield towns.build(client)
    clock.configure(None)
