"""A column, or a pair of them, for each channel: Eppendorf realplex and Cepheid SmartCycler."""

from __future__ import annotations

import re

import msgspec

from screening.lab.readers.columns import Ways, ct_of, key, well_name
from screening.lab.readers.readings import checked
from screening.lab.readers.refusals import BadWell
from screening.lab.readers.run import WellReading

WORDS = frozenset(("pos", "name", "siteid", "sampleid"))

Rows = list[list[str]]


class Channel(msgspec.Struct, frozen=True):
    """Where one channel's cells stand."""

    dye: str
    ct: int
    target: int | None = None
    call: int | None = None


class Found(msgspec.Struct, frozen=True):
    instrument: str
    rows: Rows
    header: int
    well: int
    sample: int
    task: int | None
    channels: list[Channel]
    ways: Ways


def find(tables: dict[str, Rows]) -> Found | None:
    """The table with a Ct for each channel; None when this is another family."""
    for rows in tables.values():
        for i, row in enumerate(rows):
            names = [c.strip() for c in row]
            if found := _realplex(rows, i, names) or _smartcycler(rows, i, names):
                return found
    return None


def read(found: Found) -> list[WellReading]:
    """Raises BadWell rather than lose a row that carries a Ct."""
    out: list[WellReading] = []
    for n, row in enumerate(found.rows[found.header + 1 :], found.header + 2):
        if not any(c.strip() for c in row):
            continue
        well = well_name(_cell(row, found.well))
        if well is None:
            if out and any(_number(_cell(row, c.ct)) for c in found.channels) and not _ended(row):
                raise BadWell(row=n, seen="…")
            if out:
                break
            continue
        out += _channels(row, well, found)
    return checked(out)


def is_header(row: list[str]) -> bool:
    names = [c.strip() for c in row]
    return bool(_realplex([row], 0, names) or _smartcycler([row], 0, names))


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
                well=well, sample=sample or None, target=target or None, ct=ct, raw=raw,
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
        "Cepheid SmartCycler", rows, header, keys.index("siteid"), keys.index("sampleid"),
        keys.index("sampletype") if "sampletype" in keys else None, channels, Ways(zero=True),
    )  # fmt: skip


def _cell(row: list[str], i: int | None) -> str:
    return row[i].strip() if i is not None and i < len(row) else ""


def _number(text: str) -> bool:
    return bool(re.fullmatch(r"\d+([.,]\d+)?", text))


def _ended(row: list[str]) -> bool:
    """Below the wells stand settings of the run: a name and its values."""
    return bool(row) and len(row[0].strip()) > 3
