"""A column, or a pair of them, for each channel: Eppendorf realplex, Cepheid SmartCycler, and tables
that a laboratory turned round (well, sample, FAM Ct, VIC Ct)."""

from __future__ import annotations

import re

import msgspec

from screening.lab.readers import tables
from screening.lab.readers.columns import Ways, ct_of, key, places, well_name
from screening.lab.readers.plate_view import dye_of
from screening.lab.readers.readings import checked
from screening.lab.readers.refusals import BadWell
from screening.lab.readers.run import WellReading

# 'FAM Ct', 'Ct FAM', 'Ct (FAM)', 'ORF1ab Ct值', 'Cp, Fam'
_NAMED_CT = re.compile(
    r"(?:C[tqp]|Ct值)\s*[ _,:：(（-]\s*(?P<a>[^()（）]+?)\s*[)）]?"
    r"|(?P<b>\S.*?)[ _-]*\(?(?<![A-Za-z])C[tqp](?:[ _-]?(?:value|值))?\)?",
    re.IGNORECASE,
)
_STATISTIC = re.compile(
    r"mean|avg|average|median|min|max|s\.?d\b|se\b|dev|std|err|thr|auto|delta|δ|∆|conf|score|"
    r"eq\b|value|平均|标准差|阈值|均值|cycle|raw|quality|status|comment|rep\b|rep\.",
    re.IGNORECASE,
)
WORDS = frozenset(("pos", "name", "siteid", "sampleid"))

SMARTCYCLER = "Cepheid SmartCycler"

Rows = list[list[str]]


class Channel(msgspec.Struct, frozen=True):
    """Where one channel's cells stand."""

    dye: str
    ct: int
    target: int | None = None
    call: int | None = None
    named: str = ""  # the target, where the column's own name tells it


class Found(msgspec.Struct, frozen=True):
    instrument: str
    rows: Rows
    header: int
    well: int
    sample: int | None
    task: int | None
    channels: list[Channel]
    ways: Ways


def find(tables: dict[str, Rows]) -> Found | None:
    """The table with a Ct for each channel; None when this is another family."""
    for rows in tables.values():
        for i, row in enumerate(rows):
            names = [c.strip() for c in row]
            for kind in (_realplex, _smartcycler, _anybodys):
                if found := kind(rows, i, names):
                    return found
    return None


def read(found: Found) -> list[WellReading]:
    """Raises BadWell rather than lose a row that carries a Ct."""
    out: list[WellReading] = []
    below = False  # an empty line after the wells: remarks may follow, and wells are still read
    for n, row in enumerate(found.rows[found.header + 1 :], found.header + 2):
        if not any(c.strip() for c in row):
            below = bool(out)
            continue
        well = well_name(_cell(row, found.well))
        if well is None:
            carries = any(_number(_cell(row, c.ct)) for c in found.channels)
            if out and not below and carries and not _ended(row):
                raise BadWell(row=n, seen="…")
            if out and found.instrument == SMARTCYCLER:
                break  # tables of other kinds follow, with sites in them
            continue
        out += _channels(row, well, found)
    return checked(out)


def is_header(row: list[str]) -> bool:
    names = [c.strip() for c in row]
    return any(kind([row], 0, names) for kind in (_realplex, _smartcycler, _anybodys))


def _channels(row: list[str], well: str, found: Found) -> list[WellReading]:
    sample, task = _cell(row, found.sample), _cell(row, found.task)
    out = []
    for c in found.channels:
        raw, target = _cell(row, c.ct), _cell(row, c.target)
        if not (sample or target or raw):
            continue
        ct, measured = ct_of(raw, found.ways)
        out.append(
            WellReading(
                well=well, sample=sample or None, target=target or c.named or None, ct=ct, raw=raw,
                dye=c.dye or None, task=task or None, call=_cell(row, c.call) or None,
                measured=measured,
            )
        )  # fmt: skip
    return out


def _realplex(rows: Rows, header: int, names: list[str]) -> Found | None:
    keys = [key(n) for n in names]
    if not {"pos", "name"} <= set(keys):
        return None
    at = {n.casefold(): i for i, n in enumerate(names)}
    channels = [
        Channel(m[1], i, at.get(f"target {m[1]}".casefold()))
        for i, n in enumerate(names)
        if (m := re.fullmatch(r"Ct ((?!Mean|Dev)\S.*)", n, re.IGNORECASE))
    ]
    if not channels:
        return None
    return Found(
        "Eppendorf realplex", rows, header, keys.index("pos"), keys.index("name"),
        keys.index("type") if "type" in keys else None, channels, Ways(),
    )  # fmt: skip


def _smartcycler(rows: Rows, header: int, names: list[str]) -> Found | None:
    keys = [key(n) for n in names]
    if not {"siteid", "sampleid"} <= set(keys):
        return None
    at = {n.casefold(): i for i, n in enumerate(names)}
    channels = [
        Channel(m[1], i, call=at.get(f"{m[1]} std/res".casefold()))
        for i, n in enumerate(names)
        if (m := re.fullmatch(r"(\S.*) Ct", n, re.IGNORECASE))
    ]
    if not channels:
        return None
    return Found(
        SMARTCYCLER, rows, header, keys.index("siteid"), keys.index("sampleid"),
        keys.index("sampletype") if "sampletype" in keys else None, channels, Ways(zero=True),
    )  # fmt: skip


def _anybodys(rows: Rows, header: int, names: list[str]) -> Found | None:
    """A Ct for each channel or target, and no column that is only called Ct."""
    at = places(names, tables.NAMES | tables.ANYBODY.names)
    if "well" not in at or "ct" in at or any(key(n).startswith("cycle") for n in names):
        return None
    channels = [
        Channel(dye, i) if (dye := dye_of(said)) else Channel("", i, named=said)
        for i, n in enumerate(names)
        if (m := _NAMED_CT.fullmatch(n)) and not _STATISTIC.search(said := m["a"] or m["b"])
    ]
    if not channels:
        return None
    return Found(
        tables.UNKNOWN, rows, header, at["well"], at.get("sample"), at.get("task"), channels, Ways()
    )


def _cell(row: list[str], i: int | None) -> str:
    return row[i].strip() if i is not None and i < len(row) else ""


def _number(text: str) -> bool:
    return bool(re.fullmatch(r"\d+([.,]\d+)?", text))


def _ended(row: list[str]) -> bool:
    """Below the wells stand settings of the run: a name and its values."""
    return bool(row) and len(row[0].strip()) > 3
