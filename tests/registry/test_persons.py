"""Persons made at a table, moved, merged, excused; nothing personal lies in the clear."""

from datetime import UTC, date, datetime, timedelta

import pytest

from screening.db import fetch, insert
from screening.registry import documents, queries, seals, service
from screening.registry.documents import DocType, Document
from screening.registry.rules import Flag
from screening.registry.service import exemptions, persons
from screening.registry.service.persons import Newcomer
from tests import make

AT = datetime(2026, 11, 22, 1, tzinfo=UTC)
ID = documents.normalise("resident_id", "11010519491231002X")
OTHER = documents.normalise("resident_id", "440524188001010014")


@pytest.fixture
def home(app, db_session):
    with app.test_request_context():
        yield make.area("community")


def made(home, *newcomers):
    return service.make_provisional(newcomers, cell=home.cell_id, community=home.area_id, at=AT)


def row(person, cell, columns):
    return fetch(
        f"SELECT {columns} FROM person WHERE cell_id = %s AND person_id = %s", (cell, person)
    )[0]


def test_a_newcomer_gets_a_row_in_the_community_of_the_site(home):
    ((person, cell),) = made(home, Newcomer("李四", ID, phone="13800000001"))
    community, flags, sealed = row(person, cell, "community_id, flags, sealed")
    assert (cell, community) == (home.cell_id, home.area_id)
    assert Flag(flags) & Flag.PROVISIONAL
    details = seals.open_person(persons.ring(), sealed)
    assert (details.name, details.number, details.birth) == ("李四", ID.number, "1949-12-31")


def test_nothing_personal_lies_in_the_clear(home):
    ((person, cell),) = made(home, Newcomer("李四", ID, phone="13800000001"))
    stored = fetch("SELECT p::text FROM person p WHERE cell_id = %s", (cell,))[0][0]
    raw = bytes(row(person, cell, "sealed")[0])
    for value in ("李四", ID.number, "13800000001", ID.number[-4:]):
        assert value not in stored and value.encode() not in raw


def test_the_same_document_twice_is_one_person_in_the_first_cell(home):
    elsewhere = make.area("community")
    first = made(home, Newcomer("李四", ID))
    again = made(elsewhere, Newcomer("李 四", ID), Newcomer("王五", OTHER), Newcomer("李四", ID))
    assert again[0] == again[2] == first[0]
    assert again[1][1] == elsewhere.cell_id
    assert fetch("SELECT count(*) FROM person") == [(2,)]


def test_a_persons_id_does_not_depend_on_who_came_first(home):
    h = seals.doc_hash(persons.ring(), ID)
    ((person, _),) = made(home, Newcomer("李四", ID))
    assert person == persons.person_id_of(h)


def test_people_without_a_document_are_told_apart_by_their_mark(home):
    nobody = Document(DocType.NONE, "")
    pairs = made(home, Newcomer("张三", nobody, mark="a"), Newcomer("张三", nobody, mark="b"))
    assert len(set(pairs)) == 2
    assert made(home, Newcomer("张三", nobody, mark="a")) == pairs[:1]


def test_hashes_find_a_person_by_name_whatever_its_dots_and_spaces(home):
    ring = persons.ring()
    assert seals.name_hash(ring, "阿依古丽·买买提") == seals.name_hash(ring, "阿依古丽 • 买买提")
    assert seals.name_hash(ring, "李四") != seals.name_hash(ring, "李五")


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("138 0000 0001", "13800000001"),
        ("+86-13800000001", "13800000001"),
        ("0351-4012345", "03514012345"),
        ("１３８０００００００１", "13800000001"),
        ("+44 20 7946 0000", "+442079460000"),
        ("", None),
        (None, None),
    ],
)
def test_a_phone_is_kept_one_way(said, kept):
    assert seals.normalise_phone(said) == kept


@pytest.mark.parametrize("said", ["12345", "1380000000", "abc", "138000000012"])
def test_a_phone_with_wrong_digits_is_refused(said):
    with pytest.raises(seals.BadPhone):
        seals.normalise_phone(said)


def test_a_move_changes_the_community_at_once_and_the_cell_later(home):
    ((person, cell),) = made(home, Newcomer("李四", ID))
    there = make.area("community")
    heard = []
    service.on_change(heard.extend)
    persons.move(cell, person, there.area_id, by=None, at=AT)
    assert row(person, cell, "community_id") == (there.area_id,)
    assert fetch("SELECT from_community, to_community, at FROM person_move") == [
        (home.area_id, there.area_id, AT)
    ]
    assert set(heard) >= {(cell, home.area_id), (cell, there.area_id)}


def test_a_twin_is_merged_and_its_document_finds_the_other(home):
    twin, keep = made(home, Newcomer("李四", ID), Newcomer("李四", OTHER))
    persons.merge((twin[1], twin[0]), (keep[1], keep[0]), by=None, at=AT)
    assert made(home, Newcomer("李四", ID)) == [keep]
    assert Flag(row(*twin, "flags")[0]) & Flag.DUPLICATE


def test_an_exemption_has_a_code_an_end_and_a_name_behind_it(home):
    ((person, cell),) = made(home, Newcomer("李四", ID))
    service.exempt([(cell, person)], "infant", until=AT + timedelta(days=2), by=7, at=AT)
    assert fetch("SELECT code, made_by, community_id FROM exemption") == [
        ("infant", 7, home.area_id)
    ]
    with pytest.raises(exemptions.UnknownExemption):
        service.exempt([(cell, person)], "tired", until=None, by=7, at=AT)
    with pytest.raises(exemptions.UntilPast):
        service.exempt([(cell, person)], "medical", until=AT, by=7, at=AT)


def test_only_the_system_says_awaiting_recheck(home):
    ((person, cell),) = made(home, Newcomer("李四", ID))
    with pytest.raises(exemptions.UnknownExemption):
        service.exempt([(cell, person)], "awaiting_recheck", until=None, by=7, at=AT)
    line = (cell, person, home.area_id, 0, 99)
    service.await_recheck([line], at=AT)
    service.await_recheck([line], at=AT)
    assert fetch("SELECT code, ended_at FROM exemption") == [("awaiting_recheck", None)]
    service.end_await_recheck([(cell, 99)], at=AT)
    assert fetch("SELECT ended_at FROM exemption") == [(AT,)]


def test_47_an_exemption_that_runs_out_returns_the_person_to_the_due(home):
    ((person, cell),) = made(home, Newcomer("李四", ID))
    service.exempt([(cell, person)], "medical", until=AT + timedelta(hours=1), by=7, at=AT)
    assert exemptions.lapse(at=AT) == 0
    assert exemptions.lapse(at=AT + timedelta(hours=2)) == 1
    assert exemptions.lapse(at=AT + timedelta(hours=3)) == 0


def test_a_cohort_holds_from_a_time_to_a_time(home):
    ((person, cell),) = made(home, Newcomer("李四", ID))
    exemptions.put_in_cohort([(cell, person)], "close_contact", since=AT)
    assert queries.cohorts_of(cell, [person], AT) == {person: {"close_contact"}}
    exemptions.leave_cohort(cell, person, "close_contact", at=AT + timedelta(days=1))
    assert queries.cohorts_of(cell, [person], AT + timedelta(days=2)) == {}


def test_48_a_regrid_keeps_people_and_path(home):
    house = make.area("building", make.area("grid", home))
    ((person, cell),) = made(home, Newcomer("李四", ID))
    insert("household", ("cell_id", "household_id", "community_id", "code_hash"),
           [(cell, 1, home.area_id, b"x")])  # fmt: skip
    fetch("UPDATE person SET building_id = %s WHERE cell_id = %s RETURNING 1",
          (house.area_id, cell))  # fmt: skip
    (found,) = queries.persons_by_id(cell, [person])
    assert queries.person_path(found) == house.path
    from screening.places import service as places_service

    places_service.close_area(house.area_id, on=date(2026, 11, 22))
    assert queries.person_path(found) == home.path
