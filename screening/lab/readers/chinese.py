"""Hongshi SLAN, Yarui MA-6000, Tianlong Gentier and the sheet 定量结果: layouts as public code describes them.

No export file of these makers was found in the open: columns stand where those programs read them,
a header text wins over a place. Not detected is NoCt or "-"; on Gentier and in 定量结果 also 0."""

from __future__ import annotations

import msgspec

from screening.lab.readers.columns import Column, Ways, key, places
from screening.lab.readers.readings import readings
from screening.lab.readers.run import WellReading

Rows = list[list[str]]

NAMES = {
    "ct": ("ct", "cт", "ct值", "cq"),
    "target": ("目标", "项目", "靶标", "基因", "检测项目", "item", "gene", "target"),
    "dye": ("通道", "荧光", "荧光通道", "染料", "reporter", "channel", "dye"),
    "sample": ("样本编号", "样品编号", "样本名称", "样品名称", "样本", "样品", "sampleid", "samplename", "sample"),
    "task": ("样品类型", "样本类型", "类型", "sampletype", "type"),
}  # fmt: skip


class Layout(msgspec.Struct, frozen=True):
    """Sheets of one program: which word stands in which column of its header row, and where what
    it does not name is found."""

    instrument: str
    sheets: tuple[str, ...]
    mark: tuple[int, tuple[str, ...]]  # column, header words
    well: int
    sample: int
    ct: int
    task: int | None = None
    ways: Ways = Ways()
    order: tuple[str, ...] = ("FAM", "VIC")  # a well's rows where no column names the channel


QUANTITIES = "Quan. Result"  # its maker is not named in the code that reads it
LAYOUTS = (
    Layout("Hongshi SLAN", ("实验数据",), (0, ("反应孔",)), 0, 2, 12, 9),
    Layout("Hongshi SLAN", ("data",), (0, ("反应孔", "well")), 0, 3, 5, 7),
    Layout("Yarui MA-6000", ("data&graph",), (0, ("well", "反应孔", "孔位")), 0, 3, 5),
    Layout(
        QUANTITIES, ("定量结果", "quan. result"), (0, ("well", "反应孔", "孔位", "孔")), 0, 10, 4,
        ways=Ways(zero=True),
    ),
    Layout(
        "Tianlong Gentier", ("0",), (1, ("well", "孔位", "孔", "反应孔")), 1, 5, 6,
        ways=Ways(zero=True), order=(),  # the kit's order tells the targets
    ),
)  # fmt: skip


class Found(msgspec.Struct, frozen=True):
    layout: Layout
    rows: Rows
    header: int
    columns: dict[str, int]
    samples: dict[str, str] = {}  # index → sample, where the table only has the index


def find(tables: dict[str, Rows]) -> Found | None:
    """The sheet of one of these programs; None when this is another family."""
    for layout in LAYOUTS:
        for name, rows in tables.items():
            if name.strip().casefold() in layout.sheets and (found := _found(layout, rows)):
                if found.layout.instrument != QUANTITIES:
                    return found
                samples = _samples(tables.get("样本信息", []))
                return msgspec.structs.replace(found, samples=samples)
    return None


def read(found: Found) -> list[WellReading]:
    rows = readings(found.rows, found.header, Column(**found.columns), found.layout.ways)
    if found.samples:
        rows = [
            msgspec.structs.replace(row, sample=found.samples.get(row.sample or "", row.sample))
            for row in rows
        ]
    return _named(rows, found.layout.order)


def run_of(tables: dict[str, Rows]) -> dict[str, str]:
    """The run's date, where these programs keep it: B3 of the data or the protocol sheet."""
    for name in ("实验数据", "Data", "Protocol&Plate"):
        rows = tables.get(name, [])
        if len(rows) > 2 and len(rows[2]) > 1 and rows[2][1].strip():
            return {"started": rows[2][1].strip()}
    return {}


def _found(layout: Layout, rows: Rows) -> Found | None:
    at, words = layout.mark
    for i, row in enumerate(rows[:60]):
        if len(row) > at and key(row[at]) in words and "fluor" not in map(key, row):
            named = places(row, NAMES)
            if named.get("ct") is None and len(row) <= layout.ct:
                continue
            fixed = {"well": layout.well, "sample": layout.sample, "ct": layout.ct}
            columns = fixed | ({"task": layout.task} if layout.task is not None else {}) | named
            return Found(layout, rows, i, columns)
    return None


def _samples(rows: Rows) -> dict[str, str]:
    """The sheet 样本信息: index and sample in its first two columns, below a header."""
    pairs = ((row[0].strip(), row[1].strip()) for row in rows[1:] if len(row) > 1)
    return {index: sample for index, sample in pairs if index and sample}


def _named(rows: list[WellReading], order: tuple[str, ...]) -> list[WellReading]:
    """A well's channels in their order, else as 1, 2, 3, where the table names none; then the rule
    set says which is which."""
    seen: dict[str, int] = {}
    out = []
    for row in rows:
        n = seen[row.well] = seen.get(row.well, 0) + 1
        dye = order[n - 1] if n <= len(order) else str(n)
        out.append(row if row.target or row.dye else msgspec.structs.replace(row, dye=dye))
    return out
