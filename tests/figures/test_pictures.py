"""The picture of an area: what it holds, that it is written once for all, and when anew."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.queries import names_of
from screening.coverage import service as coverage
from screening.db import db, fetch, insert, run
from screening.figures import service
from screening.figures.queries import Scene, sheet_of
from screening.figures.queries.picture import picture_of
from screening.figures.rules import to_plain
from tests import make
from tests.ledger.day import Day
from tests.reporting import bench as made


@pytest.fixture
def day(app, client, db_session):
    with app.test_request_context():
        found = Day(made.set_up(client))
        count()
        yield found


def count() -> None:
    coverage.mark_new()
    while coverage.take_marks(at=clock.now()):
        pass
    service.take_rollups(at=clock.now())
    db.session.commit()


def county(day: Day) -> int:
    return int(day.city.sites[0].area.path.strip("/").split("/")[-3])


def picture(day: Day, area_id: int | None = None) -> dict:
    return picture_of(Scene(day.city.round_id, area_id or county(day), at=clock.now()))


def test_a_picture_is_plain_json_and_holds_the_figures_of_the_sheet(day):
    at = clock.now()
    body = picture_of(Scene(day.city.round_id, county(day), at=at))
    assert json.loads(json.dumps(body)) == json.loads(json.dumps(body))
    sheet = to_plain(sheet_of(Scene(day.city.round_id, county(day), at=at)))
    assert json.loads(json.dumps(body["figures"])) == json.loads(json.dumps(sheet))


def test_the_parts_below_add_up_to_the_area(day):
    body = picture(day)
    assert sum(c["due"] for c in body["children"]) == body["figures"]["due"][0] == 80
    assert body["children"][0]["missed"] >= body["children"][-1]["missed"]


def test_below_a_community_each_building_has_what_was_last_said_to_its_people(day):
    home = day.city.sites[0].area
    house = make.area("building", home)
    cell, person = fetch(
        "SELECT cell_id, person_id FROM person WHERE community_id = %s AND cell_id = %s LIMIT 1",
        (home.area_id, home.cell_id),
    )[0]
    run("UPDATE person SET building_id = %s WHERE cell_id = %s AND person_id = %s",
        (house.area_id, cell, person))  # fmt: skip
    columns = ("cell_id", "contact_id", "round_id", "person_id", "community_id", "kind", "outcome",
               "at")  # fmt: skip
    said = [(n, outcome, clock.now() - timedelta(minutes=10 - n))
            for n, outcome in enumerate(("will_come", "away"), 1)]  # fmt: skip
    insert("contact", columns, [
        (cell, make.number(), day.city.round_id, person, home.area_id, "call", outcome, at)
        for _, outcome, at in said
    ])  # fmt: skip
    below = {c["area"]: c["last"] for c in picture(day, home.area_id)["children"]}
    assert below[house.area_id][:2] == ["call", "away"]
    assert [last for area, last in below.items() if area != house.area_id] == [None]


def test_the_pace_of_sites_holds_every_closed_tube_and_person(day):
    rows = fetch(
        "SELECT sum(tubes)::int, sum(persons)::int, sum(released)::int, sum(resulted)::int "
        "FROM site_pace WHERE cell_id = %s", (day.cell,))  # fmt: skip
    assert rows == [(3, 17, 2, 14)]


def test_the_clocks_of_links_count_the_tubes_that_came_so_far(day):
    clocks = picture(day)["clocks"]
    assert clocks["collect"][0] == 3 and clocks["all"][0] == 2


def test_a_closed_tube_that_nobody_packed_is_a_straggler_with_its_last_word(day):
    found = picture(day)["stragglers"]["unpacked"]
    assert [s["ref"] for s in found] == [day.waiting]
    assert found[0]["site"] == day.city.sites[0].site_id and found[0]["last"]


def test_a_box_on_the_road_waits_to_be_received(day):
    run("UPDATE batch SET stage = 3 WHERE cell_id = %s", (day.cell,))
    found = picture(day)["stragglers"]["unreceived"]
    assert [s["ref"] for s in found] == [day.seal] and found[0]["n"] == 2


def test_sites_and_laboratories_of_the_area_stand_in_it(day):
    body = picture(day)
    assert {s["site"] for s in body["sites"]} == {s.site_id for s in day.city.sites}
    assert [x["lab"] for x in body["labs"]] == [day.city.lab.lab_id]
    assert body["labs"][0]["signing"] == 0


def test_what_was_heard_names_the_device_that_is_silent_longest(day):
    body = picture(day)
    assert body["heard"]["heard"] == body["figures"]["devices_heard"][0] > 0
    assert body["heard"]["oldest"]["site"] in {s.site_id for s in day.city.sites}


def test_a_picture_names_nobody(day):
    text = json.dumps(picture(day), ensure_ascii=False)
    people = names_of(r[0] for r in fetch("SELECT staff_id FROM staff"))
    assert people and not any(name in text for _, name in people.values() if name)


def test_the_first_look_writes_the_picture_and_the_next_reads_it(day):
    first = service.look(day.city.round_id, county(day), at=clock.now())
    again = service.look(day.city.round_id, county(day), at=clock.now())
    assert first.version == again.version
    assert service.find_version(day.city.round_id, county(day)) == first.version


def test_a_picture_is_written_anew_only_when_something_has_moved(day):
    service.refresh(at=clock.now())
    first = service.look(day.city.round_id, county(day), at=clock.now())
    age()
    assert service.refresh(at=clock.now()) == 0
    day.bench.fill(30, 5)
    count()
    assert service.refresh(at=clock.now()) >= 1
    after = service.look(day.city.round_id, county(day), at=clock.now())
    assert after.version > first.version and after.body["figures"]["reached"][0] == 22


def test_a_picture_is_not_written_twice_within_ten_seconds(day):
    service.refresh(at=clock.now())
    day.bench.fill(30, 5)
    count()
    assert service.refresh(at=clock.now()) == 0


def age() -> None:
    run("UPDATE area_picture SET real_at = real_at - interval '15 seconds'")
    db.session.commit()


def test_city_and_counties_of_an_open_round_are_kept_before_anybody_looks(day):
    assert service.refresh(at=clock.now()) == 2
    kept = {r[0] for r in fetch("SELECT area_id FROM area_picture")}
    assert county(day) in kept
    assert service.refresh(at=clock.now()) == 0


def test_an_area_that_nobody_looks_at_is_left_alone_and_forgotten(day):
    service.refresh(at=clock.now())
    run("DELETE FROM area_picture")
    street = day.city.sites[0].cell_id
    service.look(day.city.round_id, street, at=clock.now())
    run("UPDATE area_picture SET wanted_at = wanted_at - interval '1 hour', mark = ''")
    service.refresh(at=clock.now())
    assert fetch("SELECT mark FROM area_picture WHERE area_id = %s", (street,)) == [("",)]
    assert service.forget(before=clock.real_now() - timedelta(minutes=30)) == 1


def test_a_picture_that_no_worker_renewed_is_counted_at_once(day):
    first = service.look(day.city.round_id, county(day), at=clock.now())
    run("UPDATE area_picture SET real_at = real_at - interval '1 hour'")
    assert service.find_version(day.city.round_id, county(day)) is None
    assert service.look(day.city.round_id, county(day), at=clock.now()).version > first.version


def test_a_look_keeps_the_area_wanted(day):
    service.look(day.city.round_id, county(day), at=clock.now())
    run("UPDATE area_picture SET wanted_at = wanted_at - interval '5 minutes'")
    service.find_version(day.city.round_id, county(day))
    wanted = fetch("SELECT wanted_at FROM area_picture")[0][0]
    assert clock.real_now() - wanted < timedelta(seconds=30)
