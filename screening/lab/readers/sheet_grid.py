"""Sample sheets drawn as the plate itself: a row of column numbers, then a line for each row letter."""

from __future__ import annotations

from collections.abc import Iterator

from screening.lab.readers.columns import well_name

Rows = list[list[str]]
_FEWEST = 6  # column numbers in a row: fewer may be anything
_LETTERS = "ABCDEFGHIJKLMNOP"


def find(rows: Rows) -> list[int]:
    """The header rows of all grids."""
    return [i for i, row in enumerate(rows) if _is_grid(rows, i, row)]


def others(rows: Rows, header: int) -> list[int]:
    """Where letters begin again outside the grid: plates drawn in another way, or under numbers
    that have gaps."""
    at = (_start(rows[header]) or 1) - 1
    letters = [row[at].strip().upper() if len(row) > at else "" for row in rows]
    begins = [i for i in range(len(rows) - 1) if letters[i : i + 2] == ["A", "B"]]
    return [i for i in begins if i != header + 1]


def is_numbers(row: list[str]) -> bool:
    """Consecutive column numbers from 1, to 12 or 24, with a cell before them for the letters."""
    return _start(row) is not None


def cells(rows: Rows, header: int) -> Iterator[tuple[int, str, str]]:
    """(row number from 1, well, text) of every filled cell of a grid."""
    first = _start(rows[header]) or 1
    width = _width(rows[header], first)
    for n, (letter, row) in enumerate(zip(_LETTERS, rows[header + 1 :], strict=False), header + 2):
        if _letter(row, first) != letter:
            return
        for i, cell in enumerate(row[first : first + width]):
            name = well_name(f"{letter}{i + 1}")
            if name and cell.strip():
                yield n, name, cell.strip()


def _is_grid(rows: Rows, i: int, row: list[str]) -> bool:
    first = _start(row)
    if first is None or i + 1 >= len(rows):
        return False
    return _letter(rows[i + 1], first) == "A"


def _start(row: list[str]) -> int | None:
    """Where the 1 of the column numbers stands, with a column before it."""
    for i, cell in enumerate(row[:4]):
        if i and _number(cell) == 1 and _width(row, i) >= _FEWEST:
            return i
    return None


def _width(row: list[str], first: int) -> int:
    n = 0
    while first + n < len(row) and _number(row[first + n]) == n + 1 and n < 24:
        n += 1
    return n


def _number(cell: str) -> int | None:
    text = cell.strip().removesuffix(".0")
    return int(text) if text.isdecimal() and len(text) < 3 else None


def _letter(row: list[str], first: int) -> str:
    return row[first - 1].strip().upper() if len(row) >= first else ""
