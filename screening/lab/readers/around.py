"""What a table's rows do not say themselves: the filter in the title above, a well in two columns, a
well's column without a name."""

from __future__ import annotations

import re

from screening.lab.readers.columns import key, well_name

Rows = list[list[str]]

# 'Experiment: …  Selected Filter: VIC / HEX / Yellow555 (533-580)' above each channel's table
_FILTER = re.compile(r"\bfilt\w*[^:]{0,20}:\s*(?P<name>.+?)\s*$", re.IGNORECASE)
_WAVES = re.compile(r"\s*\(\d{3}-\d{3}\)$")
_ROW = {"row", "rows", "wellrow", "platerow", "行", "行号"}
_FIRST = frozenset("RrWwPp行 ")
_COLUMN = {"column", "col", "columns", "wellcolumn", "wellcol", "platecolumn", "列", "列号"}
ADDED = "dye"  # the name of the column that is added
MOST = 400  # rows that are looked at for a column of wells


def with_filters(rows: Rows, header: int) -> Rows:
    """The rows with the filter of their table in one more column; the same where none is named."""
    names = [key(c) for c in rows[header]]
    width = max(len(row) for row in rows)
    out, said = [], ""
    for row in rows:
        filled = [c.strip() for c in row if c.strip()]
        if len(filled) in (1, 2) and (found := _FILTER.search(" ".join(filled))):
            said = _WAVES.sub("", found["name"]) or found["name"]
        more = ADDED if [key(c) for c in row] == names else said
        out.append([*row, *[""] * (width - len(row)), more])
    return out if any(row[width] not in ("", ADDED) for row in out) else rows


def with_wells(rows: Rows) -> Rows:
    """The rows with one more column 'Well' where it stands as a letter and a number in two."""
    for i, row in enumerate(rows):
        # asked of every row of a file with curves: its first letter decides mostly
        letters = next((n for n, c in enumerate(row) if c[:1] in _FIRST and key(c) in _ROW), None)
        if letters is None:
            continue
        names = [key(c) for c in row]
        numbers = next((n for n, name in enumerate(names) if name in _COLUMN), None)
        if numbers is None or "well" in names or "wellposition" in names:
            continue
        width = max(len(r) for r in rows)
        below = [_with_well(r, letters, numbers, width) for r in rows[i + 1 :]]
        if any(r[width] for r in below):
            return [*rows[:i], [*row, *[""] * (width - len(row)), "Well"], *below]
    return rows


def _with_well(row: list[str], letters: int, numbers: int, width: int) -> list[str]:
    said = [row[n].strip().removesuffix(".0") if n < len(row) else "" for n in (letters, numbers)]
    return [*row, *[""] * (width - len(row)), well_name("".join(said)) or ""]


def column_of_wells(rows: Rows, header: int, known: set[int]) -> int | None:
    """The one column, of those whose name nobody knows, in which nothing but wells stands."""
    below = rows[header + 1 : header + 1 + MOST]
    found = []
    for i in range(len(rows[header])):
        cells = [row[i].strip() for row in below if i < len(row) and row[i].strip()]
        if i not in known and cells and all(well_name(c) for c in cells):
            found.append(i)
    return found[0] if len(found) == 1 else None
