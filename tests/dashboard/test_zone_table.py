"""Zones over consecutive rounds: clean rounds so far, what release lacks, building by building."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, fetch, insert, run
from screening.registry.queries import ROUNDS
from screening.registry.service import persons
from tests import make
from tests.dashboard.test_command import Viewer, area_of, count, county, day  # noqa: F401
from tests.reporting import bench as made


def zone(day, *areas, hours=2, name="东城封控区"):  # noqa: F811
    zone_id = make.number()
    began = clock.now() - timedelta(hours=hours)
    insert("zone", ("zone_id", "name", "kind", "starts_at"), [(zone_id, name, "lock", began)])
    insert("zone_area", ("zone_id", "area_id"), [(zone_id, a) for a in areas])
    db.session.commit()
    return zone_id


@pytest.fixture
def locked(day):  # noqa: F811
    """The first community is locked."""
    return zone(day, community(day))


def community(day, i=0):  # noqa: F811
    return day.city.sites[i].area.area_id


def sign(day):  # noqa: F811
    run("UPDATE round SET state = 'closed' WHERE round_id = %s", (day.city.round_id,))
    ROUNDS.forget()
    db.session.commit()


def row(client, day, name="东城封控区"):  # noqa: F811
    page = Viewer(client).get(f"/command/{county(day)}/zones").text
    found = [r for r in re.findall(r"<tr.*?</tr>", page, re.S) if name in r]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0])) if found else ""


def test_a_zone_tells_its_rounds_and_what_release_lacks(client, day, locked):  # noqa: F811
    told = row(client, day)
    assert "封控区" in told and "0 / 3" in told and "17 / 40" in told
    assert "还差 23 人未采 · 3 人没出结果 · 本轮没有签核 · 还差 3 轮" in told


def test_a_signed_round_that_is_covered_and_resulted_is_clean(client, day, locked):  # noqa: F811
    run("UPDATE coverage SET due = 17, register = 17, missed = 0, resulted = 17, tested = 17, "
        "delivered = 17 WHERE area_id = %s", (community(day),))  # fmt: skip
    sign(day)
    told = row(client, day)
    assert "1 / 3" in told and "✓" in told and told.count("还差") == 1 and "还差 2 轮" in told


def test_a_positive_resident_breaks_it_until_a_single_swab_clears(client, day, locked):  # noqa: F811
    pool = day.released[0]
    run(
        "UPDATE result SET outcome = %s WHERE cell_id = %s AND barcode = %s",
        (int(made.POS), day.cell, pool),
    )
    day.bench.alert(pool, "positive", made.POS)
    count()
    assert "阳性管里的 10 人没有排除" in row(client, day)
    people = fetch(
        "SELECT cell_id, person_id, round_id FROM specimen WHERE cell_id = %s AND barcode = %s",
        (day.cell, pool),
    )
    columns = ("cell_id", "callback_id", "person_id", "community_id", "round_id", "tube_cell", "barcode",
               "reason", "state", "opened_at", "due_at", "outcome")  # fmt: skip
    now = clock.now()
    insert("callback", columns, [
        (c, make.number(), p, community(day), r, day.cell, pool, "pool_positive",
         "open" if i == 0 else "closed", now, now, None if i == 0 else int(made.POS if i == 1 else made.NEG))
        for i, (c, p, r) in enumerate(people)
    ])  # fmt: skip
    db.session.commit()
    told = row(client, day)
    assert "阳性管里的 1 人没有排除 · 1 人复采没有结果" in told and "✗" in told


def test_who_was_taken_away_after_a_positive_tube_leaves_no_clean_zone(client, day, locked):  # noqa: F811
    pool = day.released[0]
    day.bench.alert(pool, "positive", made.POS)
    found = fetch("SELECT cell_id, person_id FROM specimen WHERE cell_id = %s AND barcode = %s",
                  (day.cell, pool))  # fmt: skip
    for cell, person in found:
        persons.move(cell, person, community(day, 1), by=1, at=clock.now())
    run("UPDATE result SET outcome = %s WHERE cell_id = %s AND barcode = %s",
        (int(made.POS), day.cell, pool))  # fmt: skip
    count()
    assert "阳性管里的 10 人没有排除" in row(client, day)


def test_who_moved_away_may_have_lived_in_each_building(client, day):  # noqa: F811
    """A swab keeps the community: a zone of one building is not clean while it could be theirs."""
    block = make.area("building", area_of(community(day)), name="三号楼")
    other = make.area("building", area_of(community(day, 1)), name="四号楼")
    zone(day, block.area_id, name="三号楼封控")
    zone(day, other.area_id, name="四号楼封控")
    pool = day.released[0]
    day.bench.alert(pool, "positive", made.POS)
    run("UPDATE result SET outcome = %s WHERE cell_id = %s AND barcode = %s",
        (int(made.POS), day.cell, pool))  # fmt: skip
    db.session.commit()
    assert "没有排除" not in row(client, day, "三号楼封控")
    found = fetch("SELECT cell_id, person_id FROM specimen WHERE cell_id = %s AND barcode = %s "
                  "ORDER BY person_id", (day.cell, pool))  # fmt: skip
    persons.move(*found[0], community(day, 1), by=1, at=clock.now())
    count()
    assert "阳性管里的 1 人没有排除" in row(client, day, "三号楼封控")
    assert "没有排除" not in row(client, day, "四号楼封控")


def test_a_positive_elsewhere_is_not_the_zones(client, day):  # noqa: F811
    zone(day, community(day, 1))
    day.bench.test(day.waiting, outcome=made.POS)
    count()
    assert "阳性" not in row(client, day)


def test_a_round_that_began_before_the_zone_does_not_count(client, day):  # noqa: F811
    zone(day, community(day), hours=0)
    told = row(client, day)
    assert "还差 3 轮" in told and "17 / 40" not in told


def test_a_zone_that_has_ended_is_gone(client, day, locked):  # noqa: F811
    run("UPDATE zone SET ends_at = now() - interval '1 hour'")
    db.session.commit()
    assert row(client, day) == ""


def test_one_zone_shows_its_rounds_and_each_building(client, day, locked):  # noqa: F811
    block = make.area("building", area_of(community(day)), name="三号楼")
    run(
        "UPDATE person SET building_id = %s WHERE cell_id = %s AND person_id IN "
        "(SELECT person_id FROM specimen WHERE cell_id = %s AND barcode = %s)",
        (block.area_id, day.cell, day.cell, day.waiting),
    )
    db.session.commit()
    page = Viewer(client).get(f"/command/{county(day)}/zones/{locked}").text
    words = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
    assert "不算清零轮" in words
    words = words[words.index("按楼栋") :]
    assert re.search(r"三号楼 0 100.0% 3 / 3", words)
    assert re.search(r"未登记楼栋 23 [\d.]+% 14 / 37", words)


def test_a_zone_over_a_building_counts_its_people_alone(client, day):  # noqa: F811
    block = make.area("building", area_of(community(day)), name="三号楼")
    run(
        "UPDATE person SET building_id = %s WHERE cell_id = %s AND person_id IN "
        "(SELECT person_id FROM specimen WHERE cell_id = %s AND barcode = %s)",
        (block.area_id, day.cell, day.cell, day.waiting),
    )
    zone(day, block.area_id)
    assert "3 / 3" in row(client, day)


def test_a_zone_above_the_own_area_is_seen_as_far_as_one_may_look(client, day):  # noqa: F811
    zone(day, county(day))
    page = (
        Viewer(client, Role.COMMUNITY_WORKER, area_of(community(day)))
        .get(f"/command/{community(day)}/zones")
        .text
    )
    assert "17 / 40" in re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_zone_of_another_place_is_not_found(client, day, locked):  # noqa: F811
    Viewer(client).get(f"/command/{community(day, 1)}/zones/{locked}", 404)
