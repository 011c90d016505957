"""Register files as offices send them: clean ones hold everybody, faulty ones one fault a kind."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from screening.drill.city import communities, read_areas
from screening.drill.population import PersonRow, make_people
from screening.drill.register_files import (
    DOC_LABELS,
    HARMLESS,
    HEADER,
    cells,
    write_faulty_register_csv,
    write_register_csv,
)
from screening.registry import documents


@pytest.fixture(scope="module")
def people() -> list[PersonRow]:
    return list(make_people(communities(read_areas())[:1], 1000))


def read(path: Path, encoding: str) -> list[list[str]]:
    with path.open(encoding=encoding, newline="") as file:
        return list(csv.reader(file))


@pytest.mark.parametrize(
    ("encoding", "reader"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gbk", "gb18030"), ("gb18030", "gb18030")],
)
def test_a_clean_register_holds_everybody(tmp_path, people, encoding: str, reader: str):
    path = tmp_path / "register.csv"
    assert write_register_csv(path, people, encoding) == len(people)
    assert read(path, reader) == [list(HEADER), *(cells(person) for person in people)]


def test_an_empty_register_has_its_header(tmp_path: Path):
    path = tmp_path / "register.csv"
    assert write_register_csv(path, []) == 0
    assert read(path, "utf-8-sig") == [list(HEADER)]


def test_rare_characters_survive_a_gbk_file(tmp_path: Path, people: list[PersonRow]):
    path = tmp_path / "register.csv"
    write_register_csv(path, [replace(people[0], name="李䶮𬀩")], "gbk")
    assert read(path, "gb18030")[1][0] == "李䶮𬀩"


def test_the_register_knows_the_words_for_documents():
    assert all(documents.doc_type(label) == kind for kind, label in DOC_LABELS.items())


def test_a_faulty_register_says_where_each_fault_stands(tmp_path: Path, people: list[PersonRow]):
    path = tmp_path / "register.csv"
    faults = {fault.kind: fault for fault in write_faulty_register_csv(path, people)}
    rows = read(path, "utf-8-sig")

    def value(kind: str) -> str:
        return rows[faults[kind].row - 1][HEADER.index(faults[kind].column or "")]

    assert value("missing_name") == ""
    assert value("formula") == "=1+1"
    assert value("unknown_community").startswith("99")
    with pytest.raises(documents.DocumentCheck):
        documents.normalise("resident_id", value("wrong_check_digit"))
    assert len(rows[faults["too_many_columns"].row - 1]) == len(HEADER) + 1
    assert len(rows[faults["too_few_columns"].row - 1]) < len(HEADER)
    twice = faults["duplicate"].row - 1
    assert rows[twice] == rows[twice - 1]
    assert set(faults) > HARMLESS


def test_the_rows_before_the_faults_are_clean(tmp_path: Path, people: list[PersonRow]):
    path = tmp_path / "register.csv"
    first = min(fault.row for fault in write_faulty_register_csv(path, people))
    known = {tuple(cells(person)) for person in people}
    rows = [tuple(row) for row in read(path, "utf-8-sig")[1 : first - 1]]
    assert set(rows) < known
    assert len(rows) == len(set(rows)) > 950


def test_a_faulty_register_comes_in_gbk_too(tmp_path: Path, people: list[PersonRow]):
    path = tmp_path / "register.csv"
    write_faulty_register_csv(path, people, "gbk")
    with pytest.raises(UnicodeDecodeError):
        path.read_text(encoding="utf-8")
    assert "=1+1" in path.read_text(encoding="gb18030")
