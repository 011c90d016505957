"""Made residents: documents that hold, households that fit, shares that resemble a city."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import date
from itertools import groupby

import pytest

from screening.drill import papers, traits
from screening.drill.city import AreaRow, communities, read_areas
from screening.drill.dwellings import grids
from screening.drill.population import DAY, PersonRow, make_people
from screening.drill.visitors import make_visitors
from screening.registry import documents, names


@pytest.fixture(scope="module")
def areas() -> list[AreaRow]:
    return communities(read_areas())[:10]


@pytest.fixture(scope="module")
def people(areas: list[AreaRow]) -> list[PersonRow]:
    return list(make_people(areas))


def canonical(person: PersonRow) -> documents.Document:
    return documents.normalise(
        person.doc_type, person.doc_number, country=person.country, today=DAY
    )


def share(people: list[PersonRow], flag: str) -> float:
    return sum(bool(getattr(person, flag)) for person in people) / len(people)


def rooms(people: list[PersonRow]) -> dict[tuple[str, ...], list[PersonRow]]:
    found = defaultdict(list)
    for p in people:
        found[p.community, p.building, p.unit, p.room].append(p)
    return found


# --- documents and names --------------------------------------------------------------------


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_check_characters_follow_gb_11643(number: str):
    assert papers.check_character(number[:17]) == number[17]


def test_the_register_reads_every_document_as_what_it_is(people: list[PersonRow]):
    assert all(canonical(person).type == person.doc_type for person in people)


def test_no_two_people_have_the_same_document(people: list[PersonRow]):
    assert len({canonical(person).key for person in people}) == len(people)


def test_every_kind_of_document_is_there(people: list[PersonRow]):
    kinds = {person.doc_type for person in people}
    assert kinds == {str(kind) for kind in documents.DocType} - {"none"}


def test_a_document_states_its_bearers_birthday_and_sex(people: list[PersonRow]):
    for person in people:
        document = canonical(person)
        stated = documents.birth_date(document)
        assert stated in (None, person.birth)
        if person.doc_type in ("resident_id", "hmt_residence"):
            assert int(document.number[16]) % 2 == (person.sex == "M")


def test_old_and_careless_ways_of_writing_a_number_are_there(people: list[PersonRow]):
    written = [person.doc_number for person in people if person.doc_type == "resident_id"]
    assert any(len(number) == 15 for number in written)
    assert any(number.endswith("x") for number in written)
    assert any(number.startswith(papers.ELSEWHERE) for number in written)


def test_names_of_every_kind_are_there(people: list[PersonRow]):
    known = {person.name for person in people}
    assert any("·" in name for name in known)
    assert any(ord(letter) > 0xFFFF for name in known for letter in name)
    assert any(name.isascii() for name in known)
    assert any(name[:2] in names.DOUBLE_SURNAMES for name in known)
    assert {len(name) for name in known if "·" not in name} >= {2, 3, 4}
    assert sum(any(c in "䶮㼆𬀩" for c in name) for name in known) >= 3


def test_names_stand_as_the_register_keeps_them(people: list[PersonRow]):
    assert all(names.normalise_name(p.name) == p.name for p in people)


# --- dwellings and households ---------------------------------------------------------------


def test_every_community_has_exactly_its_people(people: list[PersonRow]):
    assert set(Counter(person.community for person in people).values()) == {2000}
    assert len({person.ref for person in people}) == 20_000


def test_grids_hold_three_to_five_hundred_people(areas: list[AreaRow], people: list[PersonRow]):
    lived = Counter((person.community, person.grid) for person in people)
    for area in areas:
        for grid in grids(area):
            assert lived[area.code12, grid.number] == grid.people
            assert 300 <= grid.people <= 500


def test_people_live_in_rooms_that_exist(areas: list[AreaRow], people: list[PersonRow]):
    built = {
        (area.code12, house.name, unit, room): grid.number
        for area in areas
        for grid in grids(area)
        for house in grid.buildings
        for unit, room in house.rooms()
    }
    assert all(built[p.community, p.building, p.unit, p.room] == p.grid for p in people)


def test_a_household_is_one_to_six_people_in_one_room(people: list[PersonRow]):
    sizes = Counter()
    for _, group in groupby(people, key=lambda person: person.household):
        members = list(group)
        sizes[len(members)] += 1
        assert len({(p.community, p.building, p.unit, p.room) for p in members}) == 1
    assert set(sizes) == {1, 2, 3, 4, 5, 6}
    assert len({p.household for p in people}) == sum(sizes.values())


def test_a_room_is_a_household_or_a_dormitory_of_four_to_eight_strangers(people: list[PersonRow]):
    for members in rooms(people).values():
        households = {person.household for person in members}
        if members[0].dormitory:
            assert 4 <= len(members) <= 8
            assert len(households) == len(members)
            assert len({(p.employer, p.sex) for p in members}) == 1
        else:
            assert len(households) == 1


def test_elders_live_alone_too(people: list[PersonRow]):
    sizes = Counter(person.household for person in people)
    old = [p for p in people if sizes[p.household] == 1 and traits.years(p.birth, DAY) >= 65]
    assert len(old) > 300
    assert any(person.phone is None for person in old)


def test_families_share_phones_and_strangers_do_not(people: list[PersonRow]):
    holders = defaultdict(set)
    for person in people:
        if person.phone:
            assert re.fullmatch(r"(154|161|194)\d{8}", person.phone)
            holders[person.phone].add(person.household)
    assert all(len(households) == 1 for households in holders.values())
    assert len(holders) < 0.85 * len(people)
    assert 0.01 < sum(person.phone is None for person in people) / len(people) < 0.12


def test_a_newborn_is_found_by_its_guardians_document(people: list[PersonRow]):
    by_ref = {person.ref: person for person in people}
    newborns = [person for person in people if person.doc_type == "newborn"]
    assert newborns
    for person in newborns:
        guardian = by_ref[person.guardian]
        assert guardian.household == person.household
        assert guardian.doc_number == person.guardian_doc
        assert traits.years(guardian.birth, DAY) >= 18
        assert canonical(person).number.startswith(f"{canonical(guardian).key}/")
    assert all(person.guardian is None for person in people if person.doc_type != "newborn")


# --- what a round must know -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("flag", "low", "high"),
    [
        ("key_group", 0.05, 0.20),
        ("immobile", 0.005, 0.03),
        ("rental", 0.05, 0.25),
        ("dormitory", 0.02, 0.05),
        ("exempt_code", 0.03, 0.10),
    ],
)
def test_flags_have_the_shares_of_a_city(people, flag: str, low: float, high: float):
    assert low < share(people, flag) < high


def test_every_key_group_and_exemption_is_there(people: list[PersonRow]):
    groups = {person.key_group for person in people}
    codes = {person.exempt_code for person in people}
    assert groups == {None, *traits.KEY_GROUPS}
    assert codes == {None, "infant", *(code for code, _, _ in traits.EXEMPTIONS)}


def test_who_is_in_a_key_group_has_an_employer_that_is_visibly_made_up(people: list[PersonRow]):
    for person in people:
        assert (person.key_group is None) == (person.employer is None)
        assert person.employer is None or person.employer.startswith("演练")


def test_an_exemption_still_holds_on_the_day(people: list[PersonRow]):
    assert all(p.exempt_until > DAY for p in people if p.exempt_code)
    assert not any(p.exempt_until for p in people if not p.exempt_code)


def test_an_infant_is_exempt_until_its_third_birthday():
    assert traits.birthday(date(2024, 2, 29), 3) == date(2027, 3, 1)
    assert traits.birthday(date(2024, 5, 1), 3) == date(2027, 5, 1)


# --- one seed, one city ---------------------------------------------------------------------


def test_the_same_seed_makes_the_same_people(areas: list[AreaRow], people: list[PersonRow]):
    assert list(make_people(areas[:2])) == people[:4000]
    assert list(make_people(areas[:2], seed=8)) != people[:4000]


@pytest.mark.parametrize("size", [1, 7, 40, 333, 501, 3000])
def test_communities_of_any_size_can_be_made(areas: list[AreaRow], size: int):
    people = list(make_people(areas[:2], size))
    assert len(people) == 2 * size
    assert len({canonical(person).key for person in people}) == 2 * size


def test_visitors_have_documents_of_their_own(people: list[PersonRow]):
    visitors = list(make_visitors(300))
    keys = {canonical(visitor).key for visitor in visitors}
    assert len(keys) == 300
    assert keys.isdisjoint(canonical(person).key for person in people)
    assert {visitor.doc_type for visitor in visitors} == {"resident_id", "passport"}
