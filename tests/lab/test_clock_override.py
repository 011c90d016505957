"""A run held for its instrument's clock alone: a reviewer lets it pass for a named reason."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db
from screening.lab.service import clock_overrides, plates, runs
from screening.lab.service.clock_overrides import NotTheClock, OwnRun, UnknownClockReason
from screening.tube.rules import Stage
from tests import make
from tests.lab.bench import HOT, peek, stages
from tests.lab.test_bench_scan import Desk
from tests.lab.test_service_identity import loaded, told

OTHER = 8


@pytest.fixture
def held(bench):
    """(tube, run) in quarantine, its clock two hours behind."""
    (tube,), plate = loaded(bench)
    data = told(bench.file(plate, {tube: HOT}), clock.now() - timedelta(hours=2))
    return tube, bench.run(plate, data).run.run_id


def override(bench, run_id, reason="reset", by=OTHER):
    try:
        clock_overrides.override(bench.lab.lab_id, run_id, reason, by=by, at=clock.now())
    except Exception:
        db.session.rollback()
        raise
    db.session.commit()


def test_a_held_run_passes_for_a_named_reason_and_is_confirmed_as_usual(bench, held):
    tube, run_id = held
    override(bench, run_id)
    shown = runs.show(bench.lab.lab_id, run_id, at=clock.now())
    assert (shown.run.state, shown.verdict["becomes"]) == ("previewed", "evaluated")
    assert stages(tube) == [int(Stage.PLATED)]
    assert bench.confirm(shown).run.state == "evaluated"
    assert stages(tube) == [int(Stage.TESTED)]
    kept = peek("SELECT verdict->'clock'->>'reason', verdict->'clock'->>'by' FROM run")
    assert kept == [("reset", str(OTHER))]
    assert peek(
        "SELECT staff_id, detail->>'reason' FROM audit WHERE action = 'run_clock_overridden'"
    ) == [(OTHER, "reset")]


def test_whoever_imported_the_file_does_not_let_it_pass(bench, held):
    with pytest.raises(OwnRun):
        override(bench, held[1], by=bench.by)


def test_a_reason_is_one_of_the_list(bench, held):
    with pytest.raises(UnknownClockReason):
        override(bench, held[1], "because")


def test_only_the_clock_can_be_let_pass(bench):
    _, plate = loaded(bench)
    plates.start(bench.lab.lab_id, plate.plate_id, instrument="271", by=1, at=clock.now())
    early = clock.now() - timedelta(hours=2)
    shown = bench.run(plate, told(bench.file(plate), early, "272"))
    assert shown.run.state == "quarantined"
    with pytest.raises(NotTheClock):
        override(bench, shown.run.run_id)


def test_a_run_that_is_not_held_has_nothing_to_let_pass(bench):
    _, plate = loaded(bench)
    shown = bench.run(plate, bench.file(plate))
    with pytest.raises(NotTheClock):
        override(bench, shown.run.run_id)


def test_a_reviewer_is_offered_the_choice_and_a_technician_is_not(app, bench, held):
    url = f"/lab/{bench.lab.lab_id}/runs/{held[1]}"
    technician = Desk(app.test_client(), make.staff(Role.LAB_TECHNICIAN, bench.city.lab))
    assert "clock_reason" not in technician.page(url)
    reviewer = Desk(app.test_client(), make.staff(Role.LAB_REVIEWER, bench.city.lab))
    assert "clock_reason" in reviewer.page(url)
    body = {"csrf_token": reviewer.token, "clock_reason": "zone"}
    assert reviewer.client.post(f"{url}/clock", data=body).status_code == 303
    assert "仪器时区设置不对" in reviewer.page(url)
