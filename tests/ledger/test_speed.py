"""The recount of a day is done within a minute (issue: twenty thousand tubes)."""

from __future__ import annotations

import time

import pytest

from screening import clock
from screening.db import db
from screening.field import service
from screening.ledger.check import check
from tests import world

TUBES, PERSONS_A_TUBE, A_BATCH = 2000, 10, 100
WHOLE, SECONDS = 20_000, 60


@pytest.mark.long
@pytest.mark.timeout(600)
def test_twenty_thousand_tubes_would_be_checked_within_a_minute(db_session):
    city = world.city(streets=4, persons=TUBES * PERSONS_A_TUBE // 4, tubes=TUBES)
    for first in range(0, TUBES, A_BATCH):
        phone = city.phone(first % 4)
        for i in range(first, first + A_BATCH):
            phone.fill(city.tube(), city.codes(i * PERSONS_A_TUBE, PERSONS_A_TUBE))
        service.ingest(phone.batch(), received_at=clock.now())
        db.session.commit()
    began = time.perf_counter()
    found = check(city.round_id)
    took = time.perf_counter() - began
    print(f"{TUBES} tubes recounted in {took:.2f} s")
    assert found.equal and found.tubes == TUBES
    assert took * WHOLE / TUBES < SECONDS
