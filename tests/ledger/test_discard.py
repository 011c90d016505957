"""A tube that was thrown away is accounted for, by a command that the recount repeats."""

from datetime import timedelta

from screening import clock
from screening.db import db
from screening.lab.service import archive


def test_the_recount_of_a_day_agrees_after_a_tube_was_thrown_away(day):
    tube = day.released[0]
    later = clock.now() + timedelta(days=4)
    archive.discard(day.city.lab.lab_id, tube, by=7, at=later)
    db.session.commit()
    assert day.check().equal
