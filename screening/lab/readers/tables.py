"""One row a well and target: the plain tables of a dozen instruments, told apart by their headers."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from screening.lab.readers.around import column_of_wells, with_filters
from screening.lab.readers.columns import Column, Ways, key, places, well_name
from screening.lab.readers.preamble import chosen, facts
from screening.lab.readers.readings import readings, with_twins
from screening.lab.readers.refusals import ColumnsMissing, SeveralTables
from screening.lab.readers.run import WellReading

UNKNOWN = "unknown"

Rows = list[list[str]]
Names = dict[str, tuple[str, ...]]

NAMES: Names = {
    "well": ("wellposition", "well", "wellid", "wellname", "反应孔", "孔位", "孔"),
    "number": ("well",),
    "ct": ("ct", "cq", "cp", "crt", "ctdrn", "ctdr", "crossingpoint", "ct值"),
    "sample": (
        "samplename", "sampleid", "sample", "identifier", "样本编号", "样本名称", "样品名称",
        "样品编号", "样本", "样品", "样品名", "样本名", "probe",
    ),
    "target": (
        "targetname", "target", "detectorname", "detector", "gene", "genename", "assayname",
        "目标", "项目", "靶标", "基因", "检测项目", "靶标名称", "目标名称", "目的基因",
    ),
    "dye": ("reporter", "dye", "fluor", "channel", "通道", "荧光", "荧光通道", "染料", "报告基团", "报告荧光", "报告"),
    "task": ("task", "sampletype", "welltype", "assayrole", "type", "content", "样品类型", "样本类型"),
    "call": ("call", "targetcall"),
    "omit": ("omit", "exclude", "excluded", "filtered"),
    "include": ("include", "included"),
    "plate": ("plate", "platebarcode", "plateid"),
}  # fmt: skip


class Family(msgspec.Struct, frozen=True):
    """Tables of one instrument: header words that stand together, and what differs from NAMES."""

    instrument: str
    needs: frozenset[str]
    names: Names = {}
    ways: Ways = Ways()
    junk: frozenset[str] = frozenset()  # first cells of rows between the wells' rows
    stacked: bool = False  # a table for each channel, which its title names


def _family(instrument: str, needs: str, **more: object) -> Family:
    return Family(instrument, frozenset(needs.split()), **more)  # type: ignore[arg-type]


CAROUSEL = Ways(blank=True, rotor=True)  # its positions are numbers where it is no plate
MX: Names = {
    "well": ("well",), "sample": ("wellname", "samplename"), "target": ("target",),
    "dye": ("dye", "assay"), "ct": ("ctdrn", "ctdr"),
}  # fmt: skip

FAMILIES = (
    _family(
        "ABI (analysis result)", "well samplename detector task ct avgct ctsd deltact qty",
        ways=Ways(size=96, first=0),
        junk=frozenset(("rnvalues", "deltarnvalues", "ddctvalues")),
    ),
    _family("ABI 7900", "well samplename detectorname ct", ways=Ways(size=384)),
    _family("ABI 7900", "plate pos sample detector ct", names={"well": ("pos",)}),
    _family("ABI 7500", "well samplename targetname ct", ways=Ways(size=96)),
    _family("ABI 7000/7500", "well detector ct", ways=Ways(size=96)),
    _family("ABI 7700", "well type ct quantity", ways=Ways(size=96)),
    _family("Quan. Result", "well sampleid property target dye ct", ways=Ways(zero=True)),
    _family("Kogene PowerAmp", "well sampleid gene ct"),
    _family("Illumina Eco", "well assayname assayrole cq"),
    _family("Stratagene Mx", "well dye assay welltype ctdrn", names=MX | {"target": ("assay",)}),
    _family("Stratagene Mx", "well dye assay welltype ctdr", names=MX | {"target": ("assay",)}),
    _family("Stratagene Mx", "well welltype ctdrn", names=MX),
    _family("Stratagene Mx", "well welltype ctdr", names=MX),
    _family(
        "Bio-Rad Opticon", "wellset dye ct",
        names={"well": ("wellset",), "sample": ("description",)},
    ),
    _family(
        "Roche LightCycler", "pos name cp",
        names={"well": ("pos",), "number": ("pos",), "sample": ("name",)}, ways=CAROUSEL, stacked=True,
    ),
    _family(
        "Roche LightCycler", "position samplename crossingpoint",
        names={"well": ("position",), "number": ("position",)}, ways=CAROUSEL, stacked=True,
    ),
    _family(
        "Roche LightCycler", "position samplename cq",
        names={"well": ("position",), "number": ("position",)}, ways=CAROUSEL, stacked=True,
    ),
    _family("", "well ct sample"),
    _family("", "well ct samplename"),
    _family("", "well ct target"),
    _family("", "well cq samplename"),
    _family("", "well cq sample"),
)  # fmt: skip

ABOUT: Names = {
    "plate": ("barcode", "experimentbarcode", "platebarcode", "plateid"),
    "started": ("experimentrunstarttime", "runstart", "rundate", "rundatetime", "runstarttime"),
    "ended": ("experimentrunendtime", "runfinish", "runendtime"),
    "serial": ("instrumentserialnumber", "serialnumber", "machineserialno"),
    "block": ("blocktype",),
    "model": ("instrumenttype", "instrument", "instrumentname"),
}


# A table of a maker that nobody here knows: wells and Ct by any of their names, and what was tested.
ANYBODY = _family(
    "", "",
    names={"well": (*NAMES["well"], "wellno", "wellnumber", "pos", "position", "location", "孔号"),
           "ct": (*NAMES["ct"], "ctvalue", "cqvalue", "cpvalue", "cq值", "cp值"),
           "sample": (*NAMES["sample"], "name", "sampleno", "description")},
)  # fmt: skip


class Found(msgspec.Struct, frozen=True):
    family: Family
    rows: Rows
    header: int
    about: dict[str, str]


def find(tables: dict[str, Rows]) -> Found | None:
    """The first family whose header words stand in a row; a sheet called Results goes first."""
    sheets = sorted(tables, key=lambda name: not name.strip().casefold().startswith("result"))
    for family in FAMILIES:
        for name in sheets:
            header = _header(tables[name], family)
            if header is not None:
                rows = with_twins(tables, name, header)
                return Found(family, rows, header, chosen(facts(tables), ABOUT))
    for name in sheets:
        for i, row in enumerate(tables[name]):
            if _anybodys(row):
                rows = with_twins(tables, name, i)
                return Found(ANYBODY, rows, i, chosen(facts(tables), ABOUT))
    return None


def read(found: Found, *, several: bool = False) -> list[WellReading]:
    """Raises ColumnsMissing when wells cannot be told, SeveralTables for two plates in one table,
    unless `several` may stand in one."""
    family, rows = found.family, found.rows
    columns = places(rows[found.header], NAMES | family.names)
    if "well" not in columns:
        at = column_of_wells(rows, found.header, set(columns.values()))
        if at is None:
            raise ColumnsMissing(missing="Well")
        columns["well"] = at
    if family.stacked and "dye" not in columns:
        rows = with_filters(rows, found.header)
        columns |= {"dye": len(rows[found.header]) - 1} if rows is not found.rows else {}
    plain = [[] if _junk(row, family) else row for row in rows]
    if not several:
        _one_plate(plain, found.header, columns)
    ways = _wide_enough(family.ways, plain, columns.get("number", columns["well"]))
    if ways.size and found.about.get("block", "").startswith("384"):
        ways = Ways(size=384, first=ways.first)
    return readings(plain, found.header, Column(**columns), ways)


def instrument(found: Found) -> str:
    """What the file calls its instrument, else its family."""
    return found.about.get("model") or found.family.instrument or UNKNOWN


def is_header(row: list[str]) -> bool:
    names = {key(c) for c in row}
    return any(family.needs <= names for family in FAMILIES) or _anybodys(row)


def _anybodys(row: list[str]) -> bool:
    """Ct, and of well and what was tested there two; a table by cycle is none."""
    fields = places(row, NAMES | ANYBODY.names).keys()
    return (
        "ct" in fields
        and len(fields & {"well", "sample", "target", "dye"}) > 1
        and not any(key(c).startswith("cycle") for c in row)
    )


def _header(rows: Rows, family: Family) -> int | None:
    for i, row in enumerate(rows):
        names = {key(c) for c in row}
        if family.needs <= names and "cycle" not in names and "cyclenumber" not in names:
            return i
    return None


def _junk(row: list[str], family: Family) -> bool:
    return bool(family.junk) and bool(row) and key(row[0]) in family.junk


def _one_plate(rows: Rows, header: int, columns: dict[str, int]) -> None:
    at = columns.get("plate")
    if at is None:
        return
    codes: dict[str, int] = {}
    for n, row in _well_rows(rows, header, columns):
        if at < len(row) and row[at].strip():
            codes.setdefault(row[at].strip(), n)
    if len(codes) > 1:
        raise SeveralTables(row=list(codes.values())[1])


def _well_rows(rows: Rows, header: int, columns: dict[str, int]) -> Iterator[tuple[int, list[str]]]:
    well = columns["well"]
    for n, row in enumerate(rows[header + 1 :], header + 2):
        if well < len(row) and well_name(row[well]):
            yield n, row


def _wide_enough(ways: Ways, rows: Rows, well: int) -> Ways:
    """A count beyond 96 can only be a 384 plate."""
    if ways.size != 96:
        return ways
    numbers = [int(r[well]) for r in rows if well < len(r) and r[well].strip().isdecimal()]
    return Ways(size=384, first=ways.first) if max(numbers, default=0) > 96 else ways
