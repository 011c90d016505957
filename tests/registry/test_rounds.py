"""Rounds on the real database: states, partitions, keys, one open round for an area and cohort."""

from datetime import UTC, datetime, timedelta

import pytest

from screening.accounts.roles import EVERYWHERE, Actor, Role, Scope
from screening.db import db, fetch, run
from screening.errors import Faults
from screening.field.near import rounds_at
from screening.registry import keys, queries
from screening.registry.rules import Mode, PoolRule, WrongRoundState
from screening.registry.service import rounds, zones
from screening.registry.service.rounds import Draft
from tests import make

AT = datetime(2026, 11, 22, 1, tzinfo=UTC)
CHIEF = Actor(1, "A1", (Scope(Role.ADMINISTRATOR, EVERYWHERE),))


def a_draft(*areas, **values):
    base = Draft("第1轮", AT, AT + timedelta(hours=8), [a.area_id for a in areas])
    return base._replace(**values)


def running(*areas, **values):
    round_id = rounds.draft(a_draft(*areas, **values), by=CHIEF)
    rounds.approve(round_id, by=CHIEF)
    rounds.start(round_id, at=AT)
    return round_id


@pytest.fixture
def street(app, db_session):
    with app.test_request_context():
        yield make.area("street")


def test_a_started_round_has_partitions_a_key_and_defaults(street):
    round_id = running(street)
    names = fetch("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhrelid::regclass::text "
                  "LIKE %s ORDER BY 1", (f"%\\_r{round_id}",))  # fmt: skip
    assert [n for (n,) in names] == [
        f"custody_r{round_id}",
        f"specimen_r{round_id}",
        f"tube_r{round_id}",
    ]
    assert len(keys.round_key(round_id)) == 32
    policy = queries.find_policy(round_id)
    assert policy.state == "sampling" and policy.limits["closed"] == 120
    assert policy in queries.open_rounds()


def test_rows_of_a_round_lie_in_its_own_partition(street):
    round_id = running(street)
    run(
        "INSERT INTO custody (cell_id, round_id, barcode, line_id, verb, stage, at, recorded_at, "
        "device_id, journal_id, seq, late) VALUES (1, %s, 'x', 1, 1, 2, %s, %s, 1, 1, 1, false)",
        (round_id, AT, AT),
    )
    assert fetch(f"SELECT count(*) FROM custody_r{round_id}") == [(1,)]


def test_making_partitions_again_changes_nothing(street):
    round_id = running(street)
    rounds.make_partitions(round_id)
    assert fetch("SELECT count(*) FROM pg_inherits WHERE inhrelid = to_regclass(%s)",
                 (f"tube_r{round_id}",)) == [(1,)]  # fmt: skip


def test_an_area_and_cohort_may_be_in_one_open_round_only(street):
    running(street)
    home = make.area("community", street)
    second = rounds.draft(a_draft(home), by=CHIEF)
    rounds.approve(second, by=CHIEF)
    with pytest.raises(rounds.ScopeTaken):
        rounds.start(second, at=AT)


def test_a_cohort_round_runs_beside_a_mass_round_at_sites_of_its_own(street):
    running(street)
    own = make.site(make.area("community", street)).site_id
    plain = rounds.draft(a_draft(street, kind="cohort", cohorts=("hospital",)), by=CHIEF)
    rounds.approve(plain, by=CHIEF)
    with pytest.raises(rounds.NeedsOwnSites):
        rounds.start(plain, at=AT)
    named = running(street, kind="cohort", cohorts=("hospital",), sites={own: None})
    twice = rounds.draft(
        a_draft(street, kind="cohort", cohorts=("hospital",), sites={own: None}), by=CHIEF
    )
    rounds.approve(twice, by=CHIEF)
    with pytest.raises(rounds.ScopeTaken):
        rounds.start(twice, at=AT)
    path = queries.get_policy(named).area_paths[0]
    assert next(p.round_id for p in rounds_at(own, path)) == named
    assert named not in [p.round_id for p in rounds_at(own + 1, path)]


def test_a_stopped_round_leaves_its_area_to_the_next(street):
    first = running(street)
    rounds.stop(first, at=AT)
    second = running(street)
    assert [p.state for p in queries.open_rounds()] == ["finishing", "sampling"]
    assert second == first + 1


def test_other_areas_and_drills_may_be_open_at_the_same_time(street):
    running(street)
    assert running(make.area("street"))
    assert running(street, drill=True)


def test_a_round_cannot_start_before_it_is_approved(street):
    round_id = rounds.draft(a_draft(street), by=CHIEF)
    with pytest.raises(WrongRoundState):
        rounds.start(round_id, at=AT)


def test_a_sampling_round_cannot_be_cancelled(street):
    round_id = running(street)
    with pytest.raises(WrongRoundState):
        rounds.cancel(round_id)


def test_every_fault_of_a_round_is_named_at_once(street):
    bad = a_draft(
        name=" ",
        ends_at=AT - timedelta(hours=1),
        kind="cohort",
        limits={"closed": 0},
        pool_rules=[PoolRule(Mode.SINGLE, 3, "x"), PoolRule(Mode.POOLED, 50, "x")],
        sites={4711: None},
    )
    with pytest.raises(Faults) as caught:
        rounds.draft(bad, by=CHIEF)
    assert {f.field for f in caught.value.faults} == {
        "name", "ends_at", "area_ids", "cohorts", "limits.closed", "pool_rules.0", "pool_rules.1",
        "sites",
    }  # fmt: skip


def test_a_clone_is_a_narrower_draft_with_the_same_rules(street):
    first = running(street, limits={"closed": 45})
    home = make.area("community", street)
    again = rounds.clone(first, a_draft(home, cohorts=["market"], kind="cohort"), by=CHIEF)
    policy = queries.get_policy(again)
    assert policy.state == "draft" and policy.limits["closed"] == 45
    with pytest.raises(rounds.NotNarrower):
        rounds.clone(first, a_draft(make.area("street")), by=CHIEF)


def test_a_round_grows_by_areas_and_sites_while_it_samples(street):
    round_id = running(street)
    other, site = make.area("street"), make.site(street)
    rounds.extend(round_id, area_ids=[other.area_id], sites={site.site_id: None})
    policy = queries.get_policy(round_id)
    assert other.path in policy.area_paths and policy.site_ids == {site.site_id}


def test_a_destroyed_key_never_comes_back(street):
    round_id = running(street)
    before = keys.round_key(round_id)
    assert keys.round_key(round_id) == before
    keys.destroy_round_key(round_id)
    with pytest.raises(keys.RoundPurged):
        keys.round_key(round_id)


def test_round_zero_gets_a_key_that_outlives_a_rollback(db_session):
    first = keys.round_key(0)
    db.session.rollback()
    assert keys.round_key(0) == first


def test_a_zone_holds_over_its_buildings_for_its_time(street):
    home = make.area("community", street)
    house = make.area("building", make.area("grid", home))
    zone = zones.add_zone("封控区", "lock", [house.area_id], starts_at=AT, ends_at=None, by=CHIEF)
    zones.add_zone("管控区", "control", [home.area_id], starts_at=AT, ends_at=None, by=CHIEF)
    assert queries.zone_kinds(house.path, AT) == {"lock", "control"}
    assert queries.zone_kinds(home.path, AT) == {"control"}
    assert queries.zone_kinds(house.path, AT - timedelta(minutes=1)) == frozenset()
    zones.end_zone(zone, at=AT + timedelta(hours=1))
    assert queries.zone_kinds(house.path, AT + timedelta(hours=2)) == {"control"}
