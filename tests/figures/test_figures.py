"""One function per figure: what each counts, and that frozen figures never move."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.coverage import service as coverage
from screening.db import db, run
from screening.figures import service
from screening.figures.queries import Scene, figure_of, find_cut, list_cuts, sheet_of
from screening.figures.rules import DEFINITIONS, Sheet, to_plain
from tests.ledger.day import Day
from tests.reporting import bench as made


@pytest.fixture
def day(app, client, db_session):
    with app.test_request_context():
        yield Day(made.set_up(client))


def settled(day: Day, area_id: int | None = None) -> Sheet:
    """Everything counted, then the sheet of the first site's county."""
    coverage.mark_new()
    while coverage.take_marks(at=clock.now()):
        pass
    db.session.commit()
    return sheet_of(Scene(day.city.round_id, area_id or county(day), at=clock.now()))


def county(day: Day) -> int:
    return int(day.city.sites[0].area.path.strip("/").split("/")[-3])


def test_persons_and_tubes_of_a_day_are_counted_once_each(day):
    sheet = settled(day)
    persons = {k: sheet[k] for k in ("due", "reached", "missed", "delivered", "resulted")}
    assert persons == {"due": 80, "reached": 17, "missed": 63, "delivered": 14, "resulted": 14}
    tubes = {k: sheet[k] for k in DEFINITIONS if k.startswith("tubes_")}
    assert tubes == {
        "tubes_open": 0, "tubes_collected": 3, "tubes_delivered": 2, "tubes_tested": 2,
        "tubes_released": 2, "tubes_gone": 0, "tubes_late": 0, "tubes_held": 0,
    }  # fmt: skip


def test_an_area_without_the_site_counts_no_tubes_but_its_own_people(day):
    other = day.city.sites[1].area.area_id
    sheet = settled(day, other)
    assert sheet["tubes_collected"] == 0 and sheet["due"] == 40


def test_a_pool_is_screened_positive_from_its_alert_on(day):
    day.bench.test(day.waiting, outcome=made.POS)
    sheet = settled(day)
    assert (sheet["positive_tubes"], sheet["positive_persons"]) == (1, 3)
    assert sheet["alerts_unseen"] == 1 and sheet["callbacks_open"] == 0


def test_an_alert_that_proved_to_be_contamination_leaves_no_positive(day):
    day.bench.test(day.waiting, outcome=made.POS)
    run("UPDATE alert SET settled_at = now(), settled_how = 'contamination' WHERE cell_id = %s",
        (day.cell,))  # fmt: skip
    assert settled(day)["positive_tubes"] == 0


def test_after_the_release_the_newest_result_decides_and_members_are_called_back(day):
    day.bench.through(day.waiting, outcome=made.POS)
    sheet = settled(day)
    assert (sheet["positive_tubes"], sheet["callbacks_open"], sheet["callbacks_late"]) == (1, 3, 0)
    late = clock.now() + timedelta(days=3)
    assert figure_of("callbacks_late", day.city.round_id, county(day), at=late).value == 3


def test_a_recheck_is_no_first_screening(day):
    day.bench.through(day.waiting, outcome=made.POS)
    again = day.bench.fill(20, 1, mode="single", purpose="recheck")
    day.bench.through(again, outcome=made.POS)
    sheet = settled(day)
    assert (sheet["positive_tubes"], sheet["recheck_positive"]) == (1, 1)
    assert sheet["callbacks_open"] == 2


def test_every_figure_has_a_definition_in_two_languages_and_a_door(day):
    sheet = settled(day)
    assert set(sheet.figures) == set(DEFINITIONS)
    assert all(d.why_zh and d.why_en for d in DEFINITIONS.values())
    assert all(f.door.endpoint for f in sheet.figures.values())


def test_frozen_figures_never_move(day):
    settled(day)
    cut_off = clock.now()
    frozen = service.freeze(day.city.round_id, county(day), cut_off)
    kept = to_plain(frozen)
    day.bench.fill(30, 5)
    assert settled(day)["reached"] == 22
    again = service.freeze(day.city.round_id, county(day), cut_off)
    assert to_plain(again) == kept and again["reached"] == 17
    assert to_plain(find_cut(day.city.round_id, county(day))) == kept
    assert list_cuts(day.city.round_id, county(day)) == [cut_off]


def test_freezing_counts_first_what_the_rollups_have_not_seen(day):
    settled(day)
    day.bench.fill(30, 5)
    frozen = service.freeze(day.city.round_id, county(day), clock.now())
    assert frozen["reached"] == 22 and frozen["tubes_collected"] == 4
