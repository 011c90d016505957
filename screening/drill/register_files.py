"""Register files for the import, as a community office would send them: clean ones, faulty ones."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from screening.drill.papers import CHECKS
from screening.drill.population import PersonRow
from screening.drill.traits import KEY_GROUPS

HEADER = (
    "姓名",
    "证件类型",
    "证件号码",
    "国家地区",
    "电话",
    "社区代码",
    "网格",
    "楼栋",
    "单元",
    "房号",
    "户号",
    "监护人证件",
    "出生日期",
    "性别",
    "人群",
    "单位",
    "人口类别",
    "行动不便",
    "出租房",
    "集体宿舍",
)
DOC_LABELS = {
    "resident_id": "居民身份证",
    "hmt_residence": "港澳台居民居住证",
    "home_return": "港澳居民来往内地通行证",
    "taiwan_permit": "台湾居民来往大陆通行证",
    "foreign_residence": "外国人永久居留身份证",
    "passport": "护照",
    "officer_card": "军官证",
    "household_book": "户口簿",
    "newborn": "新生儿",
}


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """What stands in which row (1 is the header) and column of a file; column None: the whole row."""

    row: int
    column: str | None
    kind: str


def cells(person: PersonRow) -> list[str]:
    """The row of a person under HEADER."""
    return [
        person.name,
        DOC_LABELS[person.doc_type],
        person.doc_number,
        person.country,
        person.phone or "",
        person.community,
        person.grid,
        person.building,
        person.unit,
        person.room,
        person.household,
        person.guardian_doc or "",
        f"{person.birth:%Y-%m-%d}",
        "男" if person.sex == "M" else "女",
        KEY_GROUPS[person.key_group].label if person.key_group else "",
        person.employer or "",
        person.residence or "",
        yes(person.immobile),
        yes(person.rental),
        yes(person.dormitory),
    ]


def yes(flag: bool) -> str:
    return "是" if flag else ""


def write_register_csv(path: Path, rows: Iterable[PersonRow], encoding: str = "utf-8-sig") -> int:
    """Write a clean register; the number of persons written.

    GBK is written as its superset GB18030, as programs that open "GBK" files read it: plain GBK
    has no code for the rare characters in names.
    """
    return write_cells(path, (cells(person) for person in rows), encoding)


def write_faulty_register_csv(
    path: Path, rows: Iterable[PersonRow], encoding: str = "utf-8-sig"
) -> list[PlantedFault]:
    """Write a register with one row of every kind of fault after the clean rows; where they are.

    `rows` must hold some 20 people with resident cards who are nobody's guardian; each fault
    spoils another of them. The kinds in HARMLESS are no faults: such names must come in, and
    come out of every export as the plain text they are.
    """
    people = list(rows)
    guardians = {person.guardian for person in people}
    spare = [
        person
        for person in people
        if person.doc_type == "resident_id"
        and len(person.doc_number) == 18
        and person.ref not in guardians
    ]
    bad = list(faulty(iter(spare)))
    spoilt = {person.ref for person, _, _, _ in bad}
    lines = [cells(person) for person in people if person.ref not in spoilt]
    faults: list[PlantedFault] = []
    for _, spoilt_lines, column, kind in bad:
        lines.extend(spoilt_lines)
        faults.append(PlantedFault(len(lines) + 1, column, kind))
    write_cells(path, lines, encoding)
    return faults


def write_cells(path: Path, lines: Iterable[Sequence[str]], encoding: str) -> int:
    plain = "gb18030" if encoding.lower() in ("gbk", "gb2312", "cp936") else encoding
    with path.open("w", encoding=plain, newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        count = 0
        for count, line in enumerate(lines, start=1):  # noqa: B007
            writer.writerow(line)
    return count


# (person spoilt, lines to write, the last of which is the faulty one, column, kind)
Faulty = tuple[PersonRow, list[list[str]], str | None, str]
VALUES = (
    ("short_document", "证件号码", "14010519900101"),
    ("missing_document", "证件号码", ""),
    ("unknown_document_type", "证件类型", "图书证"),
    ("unknown_community", "社区代码", "990101001001"),
    ("missing_name", "姓名", ""),
    ("bad_phone", "电话", "12345"),
    ("impossible_date", "出生日期", "1990-02-30"),
    ("unknown_sex", "性别", "不详"),
    ("unknown_residence", "人口类别", "不好说"),
    ("formula", "姓名", "=1+1"),
    ("sql", "姓名", "李四'); DROP TABLE person;--"),
    ("html", "姓名", "<script>alert(1)</script>"),
)
HARMLESS = frozenset(("formula", "sql", "html", "duplicate"))


def faulty(people: Iterator[PersonRow]) -> Iterator[Faulty]:
    """One of each kind of fault: of one value, of the row's shape, between two rows."""
    for kind, column, value in VALUES:
        person = next(people)
        yield person, [with_value(cells(person), column, value)], column, kind
    person = next(people)
    number = person.doc_number[:-1] + other_check(person.doc_number[-1])
    line = with_value(cells(person), "证件号码", number)
    yield person, [line], "证件号码", "wrong_check_digit"
    person = next(people)
    yield person, [[*cells(person), "多出的一列"]], None, "too_many_columns"
    person = next(people)
    yield person, [cells(person)[:8]], None, "too_few_columns"
    person = next(people)
    yield person, [cells(person), cells(person)], None, "duplicate"
    person = next(people)
    other = with_value(cells(person), "姓名", "另一人")
    yield person, [cells(person), other], "证件号码", "same_document_other_name"


def with_value(line: list[str], column: str, value: str) -> list[str]:
    line[HEADER.index(column)] = value
    return line


def other_check(character: str) -> str:
    """A check character that is certainly wrong."""
    return CHECKS[(CHECKS.index(character.upper()) + 1) % len(CHECKS)]
