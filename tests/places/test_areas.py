"""The tree of areas: from a file, dated, the same twice."""

from datetime import date
from pathlib import Path

import pytest

from screening.db import fetch
from screening.errors import Faults
from screening.places import queries, service
from screening.places.readers.areas import read_area_file
from screening.places.rules import COMMUNITY, GRID, STREET
from screening.places.service import AreaIn

FILE = Path(__file__).resolve().parents[2] / "examples" / "taiyuan.csv"
DAY, LATER = date(2026, 11, 1), date(2026, 11, 20)


@pytest.fixture
def taiyuan(db_session):
    return service.import_areas(read_area_file(FILE.read_bytes()), on=DAY)


def small(*changes):
    rows = {
        "140000000000": AreaIn("140000000000", "山西省", 0, None),
        "140100000000": AreaIn("140100000000", "太原市", 1, "140000000000"),
        "140105000000": AreaIn("140105000000", "小店区", 2, "140100000000"),
        "140106000000": AreaIn("140106000000", "迎泽区", 2, "140100000000"),
        "140105001000": AreaIn("140105001000", "坞城街道", 3, "140105000000"),
        "140105001001": AreaIn("140105001001", "一社区", 4, "140105001000"),
        "140105001002": AreaIn("140105001002", "二社区", 4, "140105001000"),
    }
    for row in changes:
        if isinstance(row, str):
            del rows[row]
        else:
            rows[row.code] = row
    return list(rows.values())


def test_the_whole_city_comes_in_with_a_cell_for_each_street(taiyuan):
    assert taiyuan.added == 1522
    levels = dict(fetch("SELECT level, count(*) FROM area GROUP BY level"))
    assert (levels[2], levels[3], levels[4]) == (11, 108, 1401)
    assert fetch("SELECT count(DISTINCT cell_id) FROM area WHERE cell_id <> 0")[0][0] == 108
    assert fetch("SELECT count(*) FROM area WHERE level < 3 AND cell_id <> 0")[0][0] == 0


def test_a_cell_fits_the_printed_resident_code(taiyuan):
    assert fetch("SELECT max(cell_id) FROM area")[0][0] < 2**31


def test_the_same_file_twice_changes_nothing(taiyuan):
    again = service.import_areas(read_area_file(FILE.read_bytes()), on=LATER)
    assert (again.same, again.added, again.renamed, again.closed) == (1522, 0, 0, 0)


def test_a_renamed_area_keeps_its_id_and_its_old_name_stays_dated(db_session):
    service.import_areas(small(), on=DAY)
    before = queries.find_area_by_code("140105001001")
    report = service.import_areas(
        small(AreaIn("140105001001", "新社区", 4, "140105001000")), on=LATER
    )
    after = queries.find_area_by_code("140105001001")
    assert report.renamed == 1
    assert (after.area_id, after.name) == (before.area_id, "新社区")
    old = fetch("SELECT name, valid_from, valid_to FROM area WHERE valid_to IS NOT NULL")
    assert old == [("一社区", DAY, LATER)]


def test_an_area_that_left_the_file_is_closed_with_all_below_it(db_session):
    service.import_areas(small(), on=DAY)
    report = service.import_areas(small("140105001002"), on=LATER)
    assert report.closed == 1
    assert queries.find_area_by_code("140105001002") is None
    closed = fetch("SELECT valid_to FROM area WHERE code = '140105001002'")
    assert closed == [(LATER,)]


def test_a_street_that_changes_its_county_takes_its_communities_along(db_session):
    service.import_areas(small(), on=DAY)
    report = service.import_areas(
        small(AreaIn("140105001000", "坞城街道", 3, "140106000000")), on=LATER
    )
    county = queries.find_area_by_code("140106000000")
    home = queries.find_area_by_code("140105001001")
    assert report.moved == 1 and home.path.startswith(county.path)
    assert home.cell_id == queries.find_area_by_code("140105001000").area_id


def test_every_fault_of_a_file_of_areas_is_named_at_once(db_session):
    rows = [*small(), AreaIn("99", "短", 4, "140105001000"), AreaIn("140105001009", "孤", 4, "7")]
    with pytest.raises(Faults) as caught:
        service.import_areas(rows, on=DAY)
    assert {f.problem.code for f in caught.value.faults} == {
        "bad_area_code",
        "area_without_parent",
    }


def test_grids_are_made_once_below_their_community(db_session):
    service.import_areas(small(), on=DAY)
    home = queries.find_area_by_code("140105001001")
    first = service.ensure_below(GRID, [(home, "01"), (home, "02")], on=DAY)
    again = service.ensure_below(GRID, [(home, "02"), (home, "01"), (home, "03")], on=DAY)
    assert again[home.code, "01"] == first[home.code, "01"] and len(again) == 3
    assert again[home.code, "03"].cell_id == home.cell_id


def test_a_part_of_the_tree_may_be_imported_alone(db_session):
    service.import_areas(small(), on=DAY)
    part = [
        AreaIn("140105001000", "坞城街道", STREET, "140105000000"),
        AreaIn("140105001001", "一社区", COMMUNITY, "140105001000"),
    ]
    report = service.import_areas(part, on=LATER)
    assert (report.same, report.closed) == (2, 1)
    assert queries.find_area_by_code("140106000000") is not None
