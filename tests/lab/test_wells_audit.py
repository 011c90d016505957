"""Wells against tubes: what stands behind a laboratory's results, and what is odd about it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from screening import clock
from screening.db import db
from screening.i18n import ZONE
from screening.lab import queries
from screening.lab.plates.control_places import seen
from screening.lab.plates.problems import ControlWell, WellTaken
from screening.lab.plates.wells_audit import DayCount, RunCount, Told
from screening.lab.service import bench as scanner
from screening.lab.service import wells

AT = datetime(2026, 11, 22, tzinfo=UTC)


def run_of(tubes: int, wells: int, read: int, judged: int) -> RunCount:
    return RunCount(1, 2, "P1", 3, "evaluated", AT, tubes, wells, read, judged)


@pytest.mark.parametrize(
    ("count", "per_tube", "flags"),
    [
        (run_of(10, 10, 10, 10), 1, []),
        (run_of(10, 30, 30, 10), 3, []),
        (run_of(10, 10, 10, 10), 3, ["fewer_wells"]),
        (run_of(10, 10, 9, 10), 1, ["fewer_wells"]),
        (run_of(10, 10, 9, 0), 1, ["wells_unread"]),
        (run_of(1, 1, 1, 5), 1, ["fewer_wells"]),
    ],
)
def test_a_run_with_fewer_wells_than_tubes_is_marked(count, per_tube, flags) -> None:
    assert count.flags(per_tube) == flags


@pytest.mark.parametrize(
    ("judged", "run", "listed", "capacity", "flags"),
    [
        (90, 90, 0, 100, []),
        (90, 270, 0, 100, []),
        (90, 89, 0, 100, ["fewer_wells"]),
        (90, 90, 20, 100, ["over_capacity", "no_wells"]),
        (90, 90, 0, 0, []),
        (0, 0, 5, 100, ["no_wells"]),
    ],
)
def test_a_day_beyond_its_capacity_or_without_wells_is_marked(
    judged, run, listed, capacity, flags
) -> None:
    assert DayCount(date(2026, 11, 22), 1, judged, run, listed).flags(capacity) == flags


@pytest.mark.parametrize(
    ("listed", "wells_told", "reactions", "flags"),
    [
        (500, 520, 530, []),
        (500, 60, 530, ["fewer_wells"]),
        (500, 520, 60, ["fewer_reactions"]),
        (500, 60, 60, ["fewer_wells", "fewer_reactions"]),
        (0, 10, 100, ["told_fewer"]),
    ],
)
def test_what_a_laboratory_tells_is_held_against_what_it_reports(
    listed, wells_told, reactions, flags
) -> None:
    """Six hundred tubes and sixty reactions: pools of ten were mixed again."""
    judged = 0 if listed else 10
    run = 0 if listed else 20
    told = Told(wells_told, reactions, 7, AT)
    assert DayCount(date(2026, 11, 22), 1, judged, run, listed, told).flags(0) == flags


def test_the_last_word_on_a_day_counts_and_an_odd_one_is_refused(bench) -> None:
    lab, at = bench.lab.lab_id, clock.now()
    today = at.astimezone(ZONE).date()
    for n, wells_run in enumerate((40, 50)):
        moment = at + timedelta(seconds=n)
        wells.tell(lab, day=today, wells=wells_run, reactions=60, by=7, at=moment)
    ((day, flags),) = wells.audit(lab, at=at).days
    assert day.told is not None
    assert (day.told.wells, day.told.reactions, flags) == (50, 60, [])
    for day_told, run in (
        (today + timedelta(days=1), 1),
        (today - timedelta(days=20), 1),
        (today, -1),
    ):
        with pytest.raises(wells.BadUse):
            wells.tell(lab, day=day_told, wells=run, reactions=1, by=7, at=at)


def test_a_laboratory_that_ran_what_it_reports_is_quiet(bench) -> None:
    plate = bench.plate()
    bench.load(plate, bench.received(5))
    bench.run(plate, bench.file(plate))
    found = wells.audit(bench.lab.lab_id, at=clock.now())
    ((day, flags),) = found.days
    assert (day.plates, day.judged, day.wells, day.listed, flags) == (1, 5, 5, 0, [])
    ((run, flags),) = found.runs
    assert (run.tubes, run.wells, run.read, run.judged, flags) == (5, 5, 5, 5, [])


def test_edge_45_a_file_with_fewer_wells_than_the_plate_has_tubes_is_marked(bench) -> None:
    """Beijing: what was pooled again shows as wells that were never run."""
    plate = bench.plate()
    tubes = bench.load(plate, bench.received(5))
    gone = list(tubes.values())[-1]
    lines = bench.file(plate).decode().splitlines(keepends=True)
    shown = bench.preview(plate, "".join(x for x in lines if not x.startswith(f"{gone},")).encode())
    bench.confirm(shown)
    found = wells.audit(bench.lab.lab_id, at=clock.now())
    marked = [flags for run, flags in found.runs if run.read == 4]
    assert marked == [["wells_unread"]]


# --- what a new plate is given --------------------------------------------------------------------


def test_successive_plates_of_a_laboratory_differ_in_their_positive_controls(bench) -> None:
    made = [bench.plate(f"P{n}") for n in range(12)]
    assert len({seen(x.layout, ("pc",)) for x in made}) == 12
    marked = [bench.plate(f"M{n}", marked=True) for n in range(6)]
    assert len({seen(x.layout) for x in marked}) == 6
    assert all("mark" in x.layout.values() for x in marked)


def test_a_marked_plate_that_is_read_for_another_is_not_adopted(bench) -> None:
    one, two = bench.plate("P1", marked=True), bench.plate("P2", marked=True)
    a, b = bench.received(1), bench.received(1)
    bench.load(one, a)
    bench.load(two, b)
    # what stood on the second was read as the first: its controls are elsewhere
    swapped = {w: (31.0, 31.0, 28.0) for w, k in two.layout.items() if k == "pc"}
    quiet = {w: (None, None, None) for w, k in two.layout.items() if k == "mark"}
    tube = {w: (None, None, 28.0) for w in one.layout}
    shows = {w: (tube | quiet | swapped)[w] for w in one.layout}
    shown = bench.run(one, bench.file(one, names=False, controls=shows))
    assert shown.run.state == "invalid"


# --- into the well that was pointed at ------------------------------------------------------------


def take(bench, plate, text, well=None):
    done = scanner.take(
        bench.lab.lab_id, text, by=bench.by, at=clock.now(), plate_id=plate.plate_id, well=well
    )
    db.session.commit()
    return done


def test_a_tube_goes_into_the_well_that_was_pointed_at(bench) -> None:
    one, two, three = bench.received(3)
    plate = bench.plate()
    assert take(bench, plate, one, "E5").wells == ["E5"]
    with pytest.raises(WellTaken):
        take(bench, plate, two, "E5")
    with pytest.raises(ControlWell):
        take(bench, plate, two, "A1")
    db.session.rollback()
    assert take(bench, plate, two).wells == ["B1"]
    take(bench, plate, "CMD-UNDO")
    take(bench, plate, "CMD-UNDO")
    assert queries.list_wells(plate) == {}
    assert take(bench, plate, three, "H12").wells == ["H12"]


def test_a_kit_with_several_wells_a_tube_goes_on_from_the_well_pointed_at(bench) -> None:
    (one,) = bench.received(1)
    plate = bench.plate(rule="cdc-n1-n2-rp")
    assert take(bench, plate, one, "A5").wells == ["A5", "B5", "C5"]
