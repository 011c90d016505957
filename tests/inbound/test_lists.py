"""Lists from other offices: checked whole, matched, given to who answers, raised when overdue."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
import xlsxwriter

from screening.db import fetch
from screening.errors import Faults
from screening.inbound import queries, rules
from screening.inbound.queries import Asked
from screening.inbound.service import items, lists
from screening.inbound.service.lists import ListGone, Told
from screening.places.queries import TREE
from screening.registry import documents
from screening.registry.service import persons
from screening.registry.service.persons import Newcomer
from tests import make
from tests.inbound.files import table

AT = datetime(2026, 11, 22, 1, tzinfo=UTC)
DAY = timedelta(days=1)
ONE, TWO, THREE = "11010519491231002X", "440524188001010014", "310101199003071006"


@pytest.fixture
def county(app, db_session):
    with app.test_request_context():
        yield make.area("county")


@pytest.fixture
def home(county):
    found = make.area("community", make.area("street", county))
    TREE.forget()
    return found


def resident(home, name, number, phone=None):
    document = documents.normalise("resident_id", number)
    newcomer = Newcomer(name, document, phone=phone)
    return persons.register(newcomer, home.area_id, at=AT)


def told(county, kind="companion", **kw):
    return Told(kind, "时空伴随第一批", "疾控中心", county.area_id, AT, **kw)


def sent(county, *rows, **kw):
    made = lists.upload(table(*rows), told(county, **kw), by=1, at=AT)
    lists.take_over(made, by=1, at=AT)
    return made


def lines(county, **asked):
    node = queries.places.find_area(county.area_id)
    return queries.list_items(node, Asked(**asked), at=AT)


def test_every_fault_of_every_row_is_told_at_once_and_nothing_is_taken_over(county):
    file = table(
        ["", "110105194912310021", "12", "", "", ""],
        ["李四", "", "", "", "", ""],
        ["王五", "", "13800000001", "000000", "", ""],
        ["赵六", "", "13800000002", "", "", ""],
        ["赵六", "", "13800000002", "", "", ""],
    )
    made = lists.upload(file, told(county), by=1, at=AT)
    held = queries.get_list(made)
    assert (held.total, held.good) == (5, 1)
    assert [(f[0], f[2]) for f in held.faults] == [
        (2, "missing_name"), (2, "document_check_digit"), (2, "person_phone"), (3, "inbound_nobody"),
        (4, "inbound_unknown_area"), (6, "duplicate_row"),
    ]  # fmt: skip
    assert lines(county) == []
    assert "李四" not in str(held)


def test_a_file_in_gbk_is_read(county):
    file = table(["李四", "", "13800000001", "", "", "密接"], encoding="gbk")
    made = lists.upload(file, told(county), by=1, at=AT)
    assert lists.take_over(made, by=1, at=AT) == 1
    assert lines(county)[0].details.name == "李四"


def test_a_sheet_in_which_phones_became_numbers_is_read(county):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["序号", "姓名", "手机号码"])
        sheet.write_row(1, 0, [1, "李四", 13800000001])
    made = lists.upload(out.getvalue(), told(county), by=1, at=AT)
    assert lists.take_over(made, by=1, at=AT) == 1
    assert lines(county)[0].details.phone == "13800000001"


def test_columns_that_nobody_knows_are_named_all_at_once(county):
    with pytest.raises(Faults) as caught:
        lists.upload(table(["x", "y"], head=["姓甚", "名谁"]), told(county), by=1, at=AT)
    assert len(caught.value.faults) == 4


def test_people_are_found_by_document_or_by_phone_and_name_together(county, home):
    li = resident(home, "李四", ONE, "13800000001")
    wang = resident(home, "王五", TWO, "13800000002")
    sent(county, ["李四", ONE, "", "", "", ""], ["王五", "", "13800000002", "", "", ""],
         ["王大", "", "13800000002", "", "", ""])  # fmt: skip
    found = {i.details.name: (i.matched, (i.person_cell, i.person_id)) for i in lines(county)}
    assert found["李四"] == ("document", li)
    assert found["王五"] == ("phone", wang)
    assert found["王大"] == ("none", (None, None))


def test_who_is_found_is_given_to_the_own_community_the_rest_waits_with_the_list(county, home):
    resident(home, "李四", ONE)
    sent(county, ["李四", ONE, "", "", "", ""], ["王五", "", "13800000002", "", "", ""],
         ["赵六", "", "13800000003", home.code, "某某冷库", ""])  # fmt: skip
    where = {i.details.name: (i.area_id, i.employer) for i in lines(county)}
    assert where == {"李四": (home.area_id, None), "王五": (county.area_id, None),
                     "赵六": (home.area_id, "某某冷库")}  # fmt: skip


def test_somebody_who_lives_beyond_the_area_of_the_list_stays_with_its_head(county):
    far = make.area("community")
    TREE.forget()
    resident(far, "李四", ONE)
    sent(county, ["李四", ONE, "", "", "", ""])
    assert [i.area_id for i in lines(county)] == [county.area_id]


def test_the_same_file_twice_is_one_list(county):
    file = table(["李四", "", "13800000001", "", "", ""])
    first = lists.upload(file, told(county), by=1, at=AT)
    lists.take_over(first, by=1, at=AT)
    assert lists.upload(file, told(county), by=2, at=AT + DAY) == first
    with pytest.raises(ListGone):
        lists.take_over(first, by=1, at=AT)
    assert len(lines(county)) == 1


def test_the_clock_runs_from_the_hour_the_list_came_in(county):
    sent(county, ["李四", "", "13800000001", "", "", ""], kind="stay")
    assert lines(county)[0].due_at == AT + timedelta(hours=48)


def test_nothing_personal_lies_in_the_clear(county):
    sent(county, ["李四", ONE, "13800000001", "", "", "与某人同乘"])
    stored = str(fetch("SELECT i::text FROM inbound_item i")) + str(
        fetch("SELECT l::text FROM inbound_list l")
    )
    for value in ("李四", ONE, "13800000001", "同乘"):
        assert value not in stored and value.encode().hex() not in stored


def test_an_act_told_twice_is_one_and_undone_it_does_not_count(county):
    sent(county, ["李四", "", "13800000001", "", "", ""])
    (item,) = lines(county)
    for _ in range(2):
        items.dispose(item.item_id, "told", by=7, at=AT, key="phone-0001")
    assert [a.act for a in queries.list_acts(item.item_id)] == ["outcome"]
    assert queries.get_item(item.item_id).outcome == "told"
    items.undo(item.item_id, "phone-0001", by=7, at=AT)
    items.dispose(item.item_id, "told", by=7, at=AT, key="phone-0001")  # came late
    found = queries.get_item(item.item_id)
    assert (found.outcome, found.done_at, found.taken_at) == (None, None, None)


def test_nobody_takes_back_what_another_person_did(county):
    sent(county, ["李四", "", "13800000001", "", "", ""])
    (item,) = lines(county)
    items.dispose(item.item_id, "told", by=7, at=AT, key="phone-0001")
    items.undo(item.item_id, "phone-0001", by=8, at=AT)
    assert queries.get_item(item.item_id).outcome == "told"


def test_what_is_overdue_is_known_one_level_up_each_time_and_no_further_than_the_list(county, home):
    resident(home, "李四", ONE)
    sent(county, ["李四", ONE, "", "", "", ""])
    street = int(home.path.strip("/").split("/")[-2])
    assert items.raise_overdue(at=AT + timedelta(hours=23)) == 0
    steps = []
    for hours in (24, 25, 29, 40):
        items.raise_overdue(at=AT + timedelta(hours=hours))
        steps.append(lines(county)[0].raised_to)
    assert steps == [street, street, county.area_id, county.area_id]


def test_what_is_closed_is_not_raised(county):
    sent(county, ["李四", "", "13800000001", "", "", ""])
    items.dispose(lines(county)[0].item_id, "told", by=7, at=AT)
    assert items.raise_overdue(at=AT + 2 * DAY) == 0


def test_who_is_assigned_anew_receives_anew_and_the_clock_runs_on(county, home):
    sent(county, ["李四", "", "13800000001", "", "", ""])
    (item,) = lines(county)
    items.take(item.item_id, by=7, at=AT)
    items.assign(item.item_id, home.area_id, employer="某某冷库", by=7, at=AT + timedelta(hours=1))
    found = queries.get_item(item.item_id)
    assert (found.area_id, found.employer, found.taken_at) == (home.area_id, "某某冷库", None)
    assert found.due_at == item.due_at


def test_a_stranger_of_a_list_is_written_down_and_stays_one_person(county, home):
    sent(county, ["李四", ONE, "13800000001", home.code, "", ""])
    (item,) = lines(county)
    pair = items.register(item.item_id, home.area_id, by=7, at=AT)
    found = queries.get_item(item.item_id)
    assert ((found.person_cell, found.person_id), found.matched) == (pair, "registered")
    assert pair == resident(home, "李四", ONE)


def test_sums_add_up_by_kind_area_and_employer(county, home):
    resident(home, "李四", ONE)
    sent(county, ["李四", ONE, "", "", "某某冷库", ""], ["王五", "", "13800000002", "", "", ""])
    sent(county, ["赵六", "", "13800000003", "", "某某冷库", ""], kind="stay")
    items.dispose(lines(county, kind="stay")[0].item_id, "told", by=7, at=AT + 3 * DAY)
    node = queries.places.find_area(county.area_id)
    found = queries.roll_up(node, at=AT + 3 * DAY)
    assert found.whole == queries.Sum(3, 2, 2, 2, 1, 1)
    for parts in (found.by_kind.values(), [s for _, s in found.below]):
        assert found.whole == queries.Sum(*map(sum, zip(*parts, strict=True)))
    assert dict(found.by_employer)["某某冷库"].total == 2


def test_the_personal_part_is_forgotten_a_month_after_the_end_and_the_counts_stay(county):
    sent(county, ["李四", "", "13800000001", "", "", ""])
    items.dispose(lines(county)[0].item_id, "told", by=7, at=AT)
    lists.forget(at=AT + (rules.KEEP_DAYS.value + 1) * DAY)
    (item,) = lines(county)
    assert (item.details.name, item.outcome) == ("", "told")
