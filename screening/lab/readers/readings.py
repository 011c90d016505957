"""The rows of one plate's table as readings: blocks put together, nothing lost, oddities told."""

from __future__ import annotations

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
from screening.lab.readers.refusals import BadWell, NoValues, NoWells, SeveralTables
from screening.lab.readers.run import (
    IMPOSSIBLE,
    NO_VALUE,
    OMITTED,
    TWICE,
    UNREADABLE,
    Remark,
    WellReading,
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
            again = again or n
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
    for block in blocks:
        names = {(r.well, r.target, r.dye) for r in block}
        other = (r.sample and samples.get(r.well, r.sample) != r.sample for r in block)
        if names & seen or (seen and any(other)):
            raise SeveralTables(row=row)
        seen |= names
        samples |= {r.well: r.sample for r in block if r.sample}
    return [r for block in blocks for r in block]


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
            below += [rows[header], *theirs[start + 1 :]]
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
        if below or (not raw and col.ct is not None):
            return None  # a line of remarks below the table
        raise BadWell(row=n, seen=_harmless(cell(col.well)))
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
        measured=measured,
        omitted=cell(col.omit).casefold() in ("true", "yes", "y", "1"),
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
