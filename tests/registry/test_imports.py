"""Imports of persons: every fault of every row, nothing lost, twice is once."""

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from screening.accounts.roles import EVERYWHERE, Actor, Role, Scope
from screening.db import db, fetch
from screening.drill.city import AreaRow
from screening.drill.population import make_people
from screening.drill.register_files import (
    HEADER,
    cells,
    write_faulty_register_csv,
    write_register_csv,
)
from screening.errors import Faults
from screening.places import service as places_service
from screening.places.readers import tables
from screening.places.readers.tables import BadEncoding, BadTable, CutTable, EmptyTable
from screening.places.service import AreaIn
from screening.registry import seals
from screening.registry.residence import read_residence
from screening.registry.rules import Flag
from screening.registry.service import Newcomer, imports, make_provisional
from screening.registry.service.imports import reading, running
from screening.registry.service.persons import ring
from tests import make

AT = datetime(2026, 11, 22, 1, tzinfo=UTC)
CHIEF = Actor(1, "A1", (Scope(Role.ADMINISTRATOR, EVERYWHERE),))
HOME = AreaRow("140105001001", "一社区", "community", "140105001000")
NEXT = AreaRow("140105001002", "二社区", "community", "140105001000")
PEOPLE = list(make_people([HOME], 120, day=date(2026, 11, 22)))


@pytest.fixture
def city(app, db_session):
    with app.test_request_context():
        places_service.import_areas(
            [
                AreaIn("140105000000", "小店区", 2, None),
                AreaIn("140105001000", "坞城街道", 3, "140105000000"),
                AreaIn("140105001001", "一社区", 4, "140105001000"),
                AreaIn("140105001002", "二社区", 4, "140105001000"),
            ],
            on=date(2026, 1, 1),
        )
        db.session.commit()
        yield


def csv_of(rows, encoding="utf-8-sig"):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADER)
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def bring(content, area_id=None, at=AT):
    """Upload, check and load; what the importer then sees."""
    import_id = imports.upload(content, area_id, by=CHIEF, at=at)
    db.session.commit()
    imports.check(import_id, at=at)
    imports.start(import_id, rows_confirmed=True)
    db.session.commit()
    imports.load(import_id, at=at)
    return imports.get_import(import_id)


def checked(content, area_id=None):
    import_id = imports.upload(content, area_id, by=CHIEF, at=AT)
    db.session.commit()
    imports.check(import_id, at=AT)
    return imports.get_import(import_id)


def counts(held):
    return tuple(held.report[k] for k in ("added", "changed", "same"))


def stored():
    """Everything that an import may write, seals opened, without times."""
    people = fetch(
        "SELECT cell_id, person_id, community_id, grid_id, building_id, household_id, doc_type, "
        "doc_hash, name_hash, last4_hash, birth_year, flags, key_group, employer, content, sealed "
        "FROM person ORDER BY 1, 2"
    )
    return (
        [(*p[:-1], seals.open_person(ring(), p[-1])) for p in people],
        fetch("SELECT * FROM person_key ORDER BY 1"),
        fetch("SELECT * FROM phone_key ORDER BY 1, 2, 3"),
        fetch("SELECT * FROM household ORDER BY 1, 2"),
        fetch("SELECT area_id, code, path FROM area ORDER BY 1"),
    )


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "gbk", "gb18030"])
def test_a_clean_register_comes_in_whole_whatever_its_encoding(city, tmp_path, encoding):
    path = tmp_path / "r.csv"
    write_register_csv(path, PEOPLE, encoding)
    held = bring(path.read_bytes())
    assert (held.state, held.total, held.faults) == ("done", 120, 0)
    assert counts(held) == (120, 0, 0)
    names = {seals.open_person(ring(), s).name for (s,) in fetch("SELECT sealed FROM person")}
    assert {p.name for p in PEOPLE} <= names | {p.name for p in PEOPLE if "·" in p.name}
    assert fetch("SELECT count(*) FROM area WHERE level IN (5, 6)")[0][0] > 1


def test_a_dry_run_writes_nothing_but_its_report(city, tmp_path):
    path = tmp_path / "r.csv"
    write_register_csv(path, PEOPLE)
    held = checked(path.read_bytes())
    assert (held.state, held.report["good"], held.done) == ("checked", 120, 120)
    assert fetch("SELECT count(*) FROM person") == [(0,)]
    assert fetch("SELECT count(*) FROM area WHERE level > 4") == [(0,)]


# what the drill plants, and the code under which we name it
PLANTED = {
    "wrong_check_digit": "document_check_digit",
    "unknown_community": "unknown_community",
    "duplicate": "duplicate_row",
    "missing_name": "missing_name",
    "missing_document": "document_missing",
    "short_document": "document_length",
    "bad_phone": "person_phone",
    "unknown_sex": "unknown_sex",
    "unknown_residence": "unknown_residence",
    "same_document_other_name": "same_document_other_name",
    "unknown_document_type": "document_type",
    "impossible_date": "impossible_date",
    "too_many_columns": "too_many_columns",
    "too_few_columns": "too_few_columns",
}
HARMLESS = {"formula", "sql", "html"}


def test_every_planted_fault_is_named_with_its_row_and_column(city, tmp_path):
    path = tmp_path / "r.csv"
    planted = write_faulty_register_csv(path, PEOPLE)
    held = checked(path.read_bytes())
    found = {(row, col, code) for _, row, col, code, _ in imports.list_faults(held.import_id)}
    assert found == {(p.row, p.column, PLANTED[p.kind]) for p in planted if p.kind not in HARMLESS}
    assert held.report["bad"] == len(found)


def test_rows_without_faults_come_in_beside_the_faulty_ones(city, tmp_path):
    path = tmp_path / "r.csv"
    write_faulty_register_csv(path, PEOPLE)
    held = bring(path.read_bytes())
    assert held.report["added"] == held.report["good"]
    names = {seals.open_person(ring(), s).name for (s,) in fetch("SELECT sealed FROM person")}
    assert {"=1+1", "李四'); DROP TABLE person;--", "<script>alert(1)</script>"} <= names


def test_no_fault_holds_a_value_of_the_row(city, tmp_path):
    path = tmp_path / "r.csv"
    write_faulty_register_csv(path, PEOPLE)
    held = checked(path.read_bytes())
    kept = fetch("SELECT f::text FROM import_fault f WHERE import_id = %s", (held.import_id,))
    text = " ".join(t for (t,) in kept)
    assert not any(p.doc_number in text or p.name in text for p in PEOPLE)


def test_the_file_lies_sealed_and_is_forgotten_in_time(city, tmp_path):
    path = tmp_path / "r.csv"
    write_register_csv(path, PEOPLE)
    held = checked(path.read_bytes())
    raw = bytes(fetch("SELECT sealed FROM import_run")[0][0])
    assert PEOPLE[0].name.encode() not in raw
    assert imports.content_of(held.import_id) == path.read_bytes()
    imports.forget_files(before=AT + timedelta(days=2))
    with pytest.raises(imports.ImportGone):
        imports.content_of(held.import_id)


def test_the_same_file_twice_is_the_same_as_once(city, tmp_path):
    path = tmp_path / "r.csv"
    write_register_csv(path, PEOPLE)
    bring(path.read_bytes())
    once = stored()
    held = bring(path.read_bytes(), at=AT + timedelta(days=1))
    assert counts(held) == (0, 0, 120)
    assert stored() == once


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    order=st.permutations(range(40)),
    cut=st.integers(0, 40),
    phones=st.lists(st.sampled_from(["", "13812345678", "0351-4012345"]), min_size=40, max_size=40),
)
def test_any_cut_and_order_of_a_register_ends_in_the_same_people(city, order, cut, phones):
    rows = [cells(p) for p in PEOPLE[:40]]
    for row, phone in zip(rows, phones, strict=True):
        row[HEADER.index("电话")] = phone
    shuffled = [rows[i] for i in order]
    for table in ("person", "person_key", "phone_key", "household"):
        db.session.connection().exec_driver_sql(f"DELETE FROM {table}")
    bring(csv_of(rows))
    once = stored()
    for part in (shuffled[:cut], shuffled[cut:], shuffled):
        if part:
            bring(csv_of(part))
    assert stored() == once


def test_a_changed_row_changes_the_person_and_its_phone(city):
    row = cells(PEOPLE[0])
    bring(csv_of([row]))
    row[HEADER.index("电话")] = "13900000009"
    row[HEADER.index("社区代码")] = NEXT.code12
    held = bring(csv_of([row]))
    assert counts(held) == (0, 1, 0)
    assert fetch("SELECT phone_hash FROM phone_key") == [(seals.phone_hash(ring(), "13900000009"),)]
    assert fetch("SELECT count(*) FROM person_move") == [(1,)]


def test_a_register_takes_over_who_was_made_at_a_table(city):
    from screening.registry import documents

    person = next(p for p in PEOPLE if p.doc_type == "resident_id")
    doc = documents.normalise(person.doc_type, person.doc_number)
    elsewhere = make.area("community")
    make_provisional(
        [Newcomer(person.name, doc)], cell=elsewhere.cell_id, community=elsewhere.area_id, at=AT
    )
    db.session.commit()
    held = bring(csv_of([cells(person)]))
    assert counts(held) == (0, 1, 0)
    ((cell, flags, code),) = fetch(
        "SELECT p.cell_id, flags, a.code FROM person p JOIN area a ON a.area_id = community_id"
    )
    assert cell == elsewhere.cell_id and code == HOME.code12
    assert not Flag(flags) & Flag.PROVISIONAL


def test_an_importer_writes_only_within_the_own_area(city):
    area = fetch("SELECT area_id FROM area WHERE code = %s", (NEXT.code12,))[0][0]
    held = checked(csv_of([cells(PEOPLE[0])]), area)
    assert [f[3] for f in imports.list_faults(held.import_id)] == ["outside_area"]


def test_a_run_that_stopped_goes_on_from_its_mark(city, monkeypatch):
    monkeypatch.setattr(reading, "CHUNK", 10)
    import_id = imports.upload(csv_of(cells(p) for p in PEOPLE[:35]), None, by=CHIEF, at=AT)
    db.session.commit()
    imports.check(import_id, at=AT)
    imports.start(import_id)
    db.session.commit()
    real, calls = running._load_chunk, []

    def dies_in_the_third(*args):
        calls.append(1)
        if len(calls) == 3:
            raise RuntimeError("power cut")
        return real(*args)

    monkeypatch.setattr(running, "_load_chunk", dies_in_the_third)
    with pytest.raises(RuntimeError):
        imports.load(import_id, at=AT)
    db.session.rollback()
    assert fetch("SELECT count(*) FROM person") == [(20,)]
    imports.load(import_id, at=AT)
    held = imports.get_import(import_id)
    assert (held.state, counts(held)) == ("done", (35, 0, 0))


def test_a_cancelled_import_stops_and_its_file_is_gone(city):
    held = checked(csv_of([cells(PEOPLE[0])]))
    imports.cancel(held.import_id, at=AT)
    with pytest.raises(imports.ImportState):
        imports.start(held.import_id)
    with pytest.raises(imports.ImportGone):
        imports.content_of(held.import_id)


def test_the_corrected_file_holds_only_faulty_rows_and_tamed_formulas(city):
    good, bad, evil = (cells(p) for p in PEOPLE[:3])
    bad[HEADER.index("电话")] = "12"
    evil[HEADER.index("姓名")] = "=cmd|' /C calc'!A0"
    evil[HEADER.index("电话")] = "12"
    held = checked(csv_of([good, bad, evil]))
    header, rows = imports.faulty_rows(held.import_id, "zh")
    text = b"".join(tables.write_csv(header, rows)).decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    assert len(lines) == 3 and lines[0][-1] == "错误说明"
    assert lines[1][-1] == "电话: 电话号码位数不对。"
    assert lines[2][0].startswith("'=cmd")


def test_a_corrected_file_comes_back_in_as_it_is(city):
    row = cells(PEOPLE[0])
    row[0], row[HEADER.index("电话")] = "=1+1", "12"
    held = checked(csv_of([row]))
    header, rows = imports.faulty_rows(held.import_id, "zh")
    fixed = [[c if c != "12" else "13800000001" for c in r] for r in rows]
    again = bring(b"".join(tables.write_csv(header, iter(fixed))))
    assert counts(again) == (1, 0, 0)
    assert seals.open_person(ring(), fetch("SELECT sealed FROM person")[0][0]).name == "=1+1"


def xlsx_of(rows):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for i, row in enumerate([HEADER, *rows]):
            for j, value in enumerate(row):
                sheet.write_string(i, j, value) if isinstance(value, str) else sheet.write(
                    i, j, value
                )
    return out.getvalue()


def test_a_sheet_with_one_cell_far_away_ends_no_server(city):
    """Four kilobytes that a parser makes gigabytes of."""
    far = io.BytesIO()
    with xlsxwriter.Workbook(far, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, HEADER)
        sheet.write(1_048_575, 16_383, "x")
    with pytest.raises(CutTable):
        tables.open_table(far.getvalue())


def test_an_xlsx_register_comes_in_like_a_csv(city):
    held = bring(xlsx_of([cells(p) for p in PEOPLE]))
    assert counts(held) == (120, 0, 0)
    assert counts(bring(csv_of([cells(p) for p in PEOPLE]))) == (0, 0, 120)


def test_a_document_that_a_spreadsheet_rounded_is_refused(city):
    row = cells(next(p for p in PEOPLE if p.doc_type == "resident_id"))
    row[HEADER.index("证件号码")] = 140105199001011234.0
    row[HEADER.index("电话")] = 13800000001
    held = checked(xlsx_of([row]))
    assert [f[3] for f in imports.list_faults(held.import_id)] == ["document_spreadsheet"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (xlsx_of([["a"] * len(HEADER)])[:-400], CutTable),
        (b"PK\x03\x04 no such thing", CutTable),
        (csv_of([]), EmptyTable),
        (b"", EmptyTable),
        (b"%PDF-1.4", BadTable),
        ("姓名,证件号码\n李四,1\n".encode() + b"\xff\xff\x81", BadEncoding),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_at_once(city, content, problem):
    with pytest.raises(problem) as refused:
        imports.upload(content, None, by=CHIEF, at=AT)
    assert refused.type is problem
    assert fetch("SELECT count(*) FROM import_run") == [(0,)]


def test_unknown_missing_and_repeated_columns_are_named_without_their_text(city):
    with pytest.raises(Faults) as caught:
        imports.upload("姓名,姓名,李四\na,b,c\n".encode(), None, by=CHIEF, at=AT)
    codes = [(f.problem.code, f.column) for f in caught.value.faults]
    assert codes == [
        ("register_column_twice", "2"),
        ("register_column_unknown", "3"),
        ("register_column_missing", "证件号码"),
        ("register_column_missing", "社区代码"),
    ]
    assert "李四" not in str([f.to_dict("zh") for f in caught.value.faults])


def test_a_quotation_mark_left_open_is_named_and_the_file_fails(city):
    content = csv_of([cells(PEOPLE[0]), cells(PEOPLE[1])]) + '"李四,'.encode()
    held = checked(content)
    assert held.state == "failed"
    assert [f[3] for f in imports.list_faults(held.import_id)] == ["broken_row"]


def test_a_sheet_that_is_full_asks_before_it_is_loaded(city, monkeypatch):
    monkeypatch.setattr(tables, "ROW_LIMITS", (3,))
    held = checked(csv_of([cells(PEOPLE[0]), cells(PEOPLE[1])]))
    with pytest.raises(imports.SheetFull):
        imports.start(held.import_id)
    imports.start(held.import_id, rows_confirmed=True)


@pytest.mark.parametrize(
    ("text", "said"),
    [("户籍", 1), ("户籍人口", 1), ("常住", 2), ("Long-term  resident", 2), ("流动", 3),
     ("外来人口", 3), ("", None), ("不详", None)],
)  # fmt: skip
def test_the_words_of_offices_tell_how_somebody_belongs_to_the_place(text, said):
    assert read_residence(text) == said


def test_what_a_later_register_leaves_out_of_residence_stays_and_a_change_is_dated(city):
    def lived():
        return fetch("SELECT residence, residence_since FROM person")

    row, at = cells(PEOPLE[0]), HEADER.index("人口类别")
    for word in ("流动", "", "常住"):
        row[at] = word
        bring(csv_of([row]), at=AT if word != "常住" else AT + timedelta(days=1))
        if word != "常住":
            assert lived() == [(3, AT)]
    assert lived() == [(2, AT + timedelta(days=1))]
