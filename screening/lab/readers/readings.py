"""The rows of one plate's table as readings: blocks put together, nothing lost, oddities told."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from screening.lab.readers.columns import (
    PLAIN,
    PLAUSIBLE_CT,
    Column,
    Ways,
    ct_of,
    key,
    well_name,
    well_of_number,
)
from screening.lab.readers.refusals import BadWell, NoValues, NoWells, OtherPlate, SeveralTables
from screening.lab.readers.run import (
    IMPOSSIBLE,
    NO_VALUE,
    OMITTED,
    TWICE,
    UNREADABLE,
    Remark,
    WellReading,
)

_STATISTICS = {
    "mean", "average", "avg", "sd", "std", "stdev", "stddev", "cv", "min", "max", "median",
    "平均", "平均值", "标准差", "均值", "mittelwert", "moyenne", "media", "média",
}  # fmt: skip
_YES = {
    "true",
    "yes",
    "y",
    "1",
    "x",
    "excluded",
    "omitted",
    "ja",
    "oui",
    "sí",
    "sì",
    "是",
    "wahr",
    "vrai",
}
_NO = {"false", "no", "n", "0", "nein", "non", "否", "falsch", "faux", "falso"}
# an OpenArray's A1a1 … D12h8; 1,536 wells go to AF48
_OTHER_PLATE = re.compile(
    r"[A-D]\d{1,2}[a-h]\d{1,2}|([Q-Z]|A[A-F])([1-9]|[1-3]\d|4[0-8])|[A-P](2[5-9]|3\d|4[0-8])"
)


def readings(
    rows: list[list[str]], start: int, col: Column, ways: Ways = PLAIN
) -> list[WellReading]:
    """The table that starts below `rows[start]` (its header), down to its end.

    The header may come again over the next channel's wells. Raises BadWell rather than lose a row
    that carries a Ct; SeveralTables when the wells below a second header are another plate's.
    """
    header = [key(c) for c in rows[start]]
    blocks: list[list[WellReading]] = [[]]
    again = 0
    below = False  # an empty line after the wells: remarks may follow, and wells are still read
    for n, row in enumerate(rows[start + 1 :], start + 2):
        if [key(c) for c in row] == header:
            blocks.append([])
            again, below = again or n, False
            continue
        below = below or (any(blocks) and not any(c.strip() for c in row))
        if (reading := _reading(row, col, ways, n, below)) is not None:
            blocks[-1].append(reading)
    return checked(joined(blocks, again))


def joined(blocks: list[list[WellReading]], row: int) -> list[WellReading]:
    """The readings of one plate that stand in several blocks, one a channel.

    Raises SeveralTables when a well's target comes again, or its sample is another one."""
    seen: set[tuple[str, str | None, str | None]] = set()
    samples: dict[str, str] = {}
    out: list[WellReading] = []
    for n, block in enumerate(blocks):
        if block in blocks[:n] and all(r.target or r.dye for r in block):
            continue  # the same channel once more adds nothing
        names = {(r.well, r.target, r.dye) for r in block}
        other = (r.sample and samples.get(r.well, r.sample) != r.sample for r in block)
        if names & seen or (seen and any(other)):
            raise SeveralTables(row=row)
        seen |= names
        samples |= {r.well: r.sample for r in block if r.sample}
        out += block
    return out


def with_twins(tables: Mapping[str, list[list[str]]], name: str, header: int) -> list[list[str]]:
    """The table of that name, and below it any other with the same header and other wells.

    A copy of it, whole or in part, adds nothing; `readings` refuses another plate's."""
    rows = tables[name]
    names = [key(c) for c in rows[header] if c.strip()]
    known = {_filled(row) for row in rows[header:]}
    below: list[list[str]] = []
    for other, theirs in tables.items():
        starts = (i for i, r in enumerate(theirs) if [key(c) for c in r if c.strip()] == names)
        start = next(starts, None) if other != name else None
        if start is not None and not {_filled(row) for row in theirs[start:]} <= known:
            titles = [row for row in theirs[:start] if len(_filled(row)) == 1]
            below += [[], *titles, rows[header], *theirs[start + 1 :]]
    return rows + below


def _filled(row: list[str]) -> tuple[str, ...]:
    return tuple(c.strip() for c in row if c.strip())


def checked(rows: list[WellReading]) -> list[WellReading]:
    """The same rows. Raises NoWells, NoValues: an empty plate must never read as a negative one."""
    if not rows:
        raise NoWells
    if not any(r.measured or r.call for r in rows):
        raise NoValues
    return rows


def _reading(row: list[str], col: Column, ways: Ways, n: int, below: bool) -> WellReading | None:
    def cell(i: int | None) -> str:
        return row[i].strip() if i is not None and i < len(row) else ""

    sample, target, raw, call = (cell(i) for i in (col.sample, col.target, col.ct, col.call))
    if not (sample or target or raw or (call and col.ct is None)):
        return None
    named = cell(col.well)
    counted = cell(col.number) if not named or col.number == col.well else ""
    well = well_name(named) or _numbered(counted, ways)
    if well is None:
        if below or (not raw and col.ct is not None) or key(named) in _STATISTICS:
            return None  # a line of remarks below the table, or the mean of the wells above
        if _OTHER_PLATE.fullmatch(named):
            raise OtherPlate(row=n, seen=named)
        raise BadWell(row=n, seen=_harmless(cell(col.well)))
    omitted = key(cell(col.omit)) in _YES or key(cell(col.include)) in _NO
    ct, measured = ct_of(raw, ways) if col.ct is not None else (None, False)
    return WellReading(
        well=well,
        sample=sample or None,
        target=target or None,
        ct=ct,
        raw=raw if col.ct is not None else None,
        dye=cell(col.dye) or None,
        task=cell(col.task) or None,
        call=call or None,
        measured=measured and (bool(raw) or not omitted),
        omitted=omitted,
    )


def _harmless(text: str) -> str:
    """What may stand in an error text: a shifted column can hold a name."""
    return text if len(text) <= 4 and text.isascii() and text.isalnum() else "…"


def _numbered(text: str, ways: Ways) -> str | None:
    digits = text.removesuffix(".0")
    if not digits.isdecimal() or not digits.isascii():
        return None
    if ways.rotor:
        return str(int(digits))
    if ways.size is None:
        return None
    return well_of_number(int(digits) + 1 - ways.first, ways.size)


def remarks(rows: list[WellReading]) -> list[Remark]:
    """What a person should look at although the file was read."""
    kinds: dict[str, list[str]] = {}
    for code, row in _oddities(rows):
        kinds.setdefault(code, []).append(row.well)
    return [Remark(code, list(dict.fromkeys(wells))) for code, wells in kinds.items()]


def _oddities(rows: list[WellReading]) -> Iterator[tuple[str, WellReading]]:
    low, high = PLAUSIBLE_CT
    seen = set()
    for row in rows:
        if row.ct is not None and not low < row.ct <= high:
            yield IMPOSSIBLE, row
        if not row.measured and row.raw is not None:
            yield (UNREADABLE if row.raw else NO_VALUE), row
        if row.omitted:
            yield OMITTED, row
        if (same := (row.well, row.target, row.dye)) in seen:
            yield TWICE, row
        seen.add(same)
