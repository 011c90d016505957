"""Register files for the import, as a community office would send them: clean ones, faulty ones."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
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
UNKNOWN_COMMUNITY = "990101001001"


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """What is wrong in which row (1 is the header) and column of a file; column None: all."""

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

    `rows` must hold twelve adults with resident cards; each fault spoils another of them, so no
    row but the duplicate stands twice. Names that carry a formula, SQL or HTML are no faults of
    the file: they must come out again as the plain text they are.
    """
    people = list(rows)
    spare = [p for p in people if p.doc_type == "resident_id" and len(p.doc_number) == 18]
    bad = list(faulty(spare))
    used = {person.ref for person, _, _, _ in bad}
    lines = [cells(person) for person in people if person.ref not in used]
    faults: list[PlantedFault] = []
    for _, line, column, kind in bad:
        lines.append(line)
        if kind == "duplicate":
            lines.append(line)
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


Faulty = tuple[PersonRow, list[str], str | None, str]


def faulty(spare: Sequence[PersonRow]) -> Iterator[Faulty]:
    """(person spoiled, cells to write, column, kind) for each kind of fault."""
    people = iter(spare)

    def spoil(kind: str, column: str | None, **changes: str) -> Faulty:
        person = next(people)
        return person, cells(replace(person, **changes)), column, kind  # type: ignore[arg-type]

    wrong = spare[0].doc_number
    yield spoil("wrong_check_digit", "证件号码", doc_number=wrong[:-1] + other_check(wrong[-1]))
    yield spoil("unknown_community", "社区代码", community=UNKNOWN_COMMUNITY)
    yield spoil("duplicate", None)
    yield spoil("missing_name", "姓名", name="")
    yield spoil("missing_document", "证件号码", doc_number="")
    yield spoil("short_document", "证件号码", doc_number="14010519900101")
    yield spoil("bad_phone", "电话", phone="12345")
    yield spoil("formula", "姓名", name="=1+1")
    yield spoil("sql", "姓名", name="李四'); DROP TABLE person;--")
    yield spoil("html", "姓名", name="<script>alert(1)</script>")
    yield from misshapen(people)


def misshapen(people: Iterator[PersonRow]) -> Iterator[Faulty]:
    """Faults of the row's shape rather than of one value."""
    person = next(people)
    line = cells(person)
    line[HEADER.index("证件类型")] = "图书证"
    yield person, line, "证件类型", "unknown_document_type"
    person = next(people)
    line = cells(person)
    line[HEADER.index("出生日期")] = "1990-02-30"
    yield person, line, "出生日期", "impossible_date"
    person = next(people)
    yield person, [*cells(person), "多出的一列"], None, "too_many_columns"
    person = next(people)
    yield person, cells(person)[:8], None, "too_few_columns"


def other_check(character: str) -> str:
    """A check character that is certainly wrong."""
    return CHECKS[(CHECKS.index(character.upper()) + 1) % len(CHECKS)]
