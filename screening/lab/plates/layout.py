"""Plates of 96 and 384 wells: orders, neighbours, and controls whose places betray a turned plate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal

import msgspec

Kind = Literal["tube", "ntc", "pc", "blank", "mark"]
Size = int

SHAPES = {96: (8, 12), 384: (16, 24)}

# One weak positive and at least three negatives, spread over the plate (domain.md 2.6, recalled:
# a default, laboratories set their own). The positives decide whether a move is seen: no turn,
# mirror, shift or exchange below puts the set of positives onto itself.
CONTROLS: dict[Size, dict[str, Kind]] = {
    96: {"A1": "ntc", "D6": "ntc", "G12": "ntc", "H11": "pc"},
    # one positive and three negatives in each of the four interleaved 96 plates
    384: {
        "A1": "ntc", "G9": "ntc", "M17": "ntc", "O21": "pc",
        "A24": "ntc", "E12": "ntc", "I6": "ntc", "C20": "pc",
        "P1": "ntc", "F15": "ntc", "J19": "ntc", "L3": "pc",
        "P24": "ntc", "B8": "ntc", "N10": "ntc", "H14": "pc",
    },
}  # fmt: skip

Move = Callable[[int, int, int, int], tuple[int, int]]
MOVES: dict[str, Move] = {
    "rotated_180": lambda r, c, rows, cols: (rows - 1 - r, cols - 1 - c),
    "mirrored_columns": lambda r, c, rows, cols: (r, cols - 1 - c),
    "mirrored_rows": lambda r, c, rows, cols: (rows - 1 - r, c),
    "column_right": lambda r, c, rows, cols: (r, (c + 1) % cols),
    "column_left": lambda r, c, rows, cols: (r, (c - 1) % cols),
    "row_down": lambda r, c, rows, cols: ((r + 1) % rows, c),
    "row_up": lambda r, c, rows, cols: ((r - 1) % rows, c),
    "halves_swapped": lambda r, c, rows, cols: (r, (c + cols // 2) % cols),
    "column_pairs_swapped": lambda r, c, rows, cols: (r, c ^ 1),
    "row_pairs_swapped": lambda r, c, rows, cols: (r ^ 1, c),
    "by_column_not_row": lambda r, c, rows, cols: divmod(r * cols + c, rows)[::-1],
    "by_row_not_column": lambda r, c, rows, cols: divmod(c * rows + r, cols),
}


class MapFault(msgspec.Struct, frozen=True):
    """A control that does not look like itself; `looks_like` names moves that would explain all."""

    well: str
    expected: str
    looks_like: list[str] = []


def well(row: int, col: int) -> str:
    """Zero-based row and column → 'A1'."""
    return f"{chr(65 + row)}{col + 1}"


def place(name: str) -> tuple[int, int]:
    """'A1' → zero-based row and column."""
    return ord(name[0]) - 65, int(name[1:]) - 1


def wells_by_row(size: Size = 96) -> list[str]:
    rows, cols = SHAPES[size]
    return [well(r, c) for r in range(rows) for c in range(cols)]


def wells_by_column(size: Size = 96) -> list[str]:
    rows, cols = SHAPES[size]
    return [well(r, c) for c in range(cols) for r in range(rows)]


def is_well(name: str, size: Size = 96) -> bool:
    return name in _ALL[size]


_ALL = {size: frozenset(wells_by_row(size)) for size in SHAPES}


def default_controls(size: Size = 96) -> dict[str, Kind]:
    return dict(CONTROLS[size])


def tube_wells(
    size: Size = 96, *, order: str = "column", controls: Mapping[str, str] | None = None
) -> list[str]:
    """The wells for tubes in the order in which they are filled ('row' or 'column')."""
    taken = CONTROLS[size] if controls is None else controls
    wells = wells_by_row(size) if order == "row" else wells_by_column(size)
    return [w for w in wells if w not in taken]


def neighbours(name: str, size: Size = 96) -> list[str]:
    """The up to eight wells around one."""
    row, col = place(name)
    around = [(row + i, col + j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
    rows, cols = SHAPES[size]
    return [well(r, c) for r, c in around if 0 <= r < rows and 0 <= c < cols]


def moved(name: str, move: str, size: Size = 96) -> str:
    """Where a well's content is read when the plate was moved so."""
    return well(*MOVES[move](*place(name), *SHAPES[size]))


def check_map(
    controls: Mapping[str, str], amplified: Mapping[str, bool], size: Size = 96
) -> list[MapFault]:
    """Controls against what their wells show; empty when every one looks like itself.

    `amplified`: well → a target (not the internal control) amplified. A swap of two columns that
    hold no control cannot be seen from these; marks show it (swapped_columns), and sample names in
    the file are compared apart.
    """
    wrong = [w for w, kind in controls.items() if _looks_wrong(kind, amplified.get(w, False))]
    if not wrong:
        return []
    moves = [m for m in MOVES if _explains(m, controls, amplified, size)]
    return [MapFault(w, controls[w], moves) for w in wrong]


def _explains(
    move: str, controls: Mapping[str, str], amplified: Mapping[str, bool], size: Size
) -> bool:
    if "pc" not in controls.values():
        return False
    return not any(
        _looks_wrong(kind, amplified.get(moved(w, move, size), False))
        for w, kind in controls.items()
    )


def _looks_wrong(kind: str, amplified: bool) -> bool:
    return kind != "tube" and amplified != (kind == "pc")


def swapped_columns(
    kinds: Mapping[str, str], shows: Mapping[str, str], size: Size = 96
) -> list[tuple[int, int]]:
    """Pairs of columns (from 1) whose exchange alone explains what every well shows.

    `kinds`: well → what was planned; `shows`: well → 'target' (one amplified), 'control' (only the
    internal control) or 'nothing'."""
    if all(_fits(kinds[w], shows.get(w, "nothing")) for w in kinds):
        return []
    columns = range(SHAPES[size][1])
    return [
        (a + 1, b + 1)
        for a in columns
        for b in columns
        if a < b and all(_fits(kinds[w], shows.get(_exchanged(w, a, b), "nothing")) for w in kinds)
    ]


def _exchanged(name: str, a: int, b: int) -> str:
    row, col = place(name)
    return well(row, {a: b, b: a}.get(col, col))


def _fits(kind: str, shown: str) -> bool:
    """A tube may hold anything that is not nothing; a kit may read a negative control either way."""
    allowed = {"pc": ("target",), "mark": ("nothing",), "tube": ("target", "control")}
    return shown in allowed.get(kind, ("control", "nothing"))


def runs(wells: Iterable[str], size: Size = 96, *, at_least: int) -> list[list[str]]:
    """Unbroken lines of `at_least` or more of the wells along a row or a column."""
    chosen = set(wells)
    found: list[list[str]] = []
    for line in _lines(size):
        run: list[str] = []
        for name in [*line, ""]:
            if name in chosen:
                run.append(name)
                continue
            if len(run) >= at_least:
                found.append(run)
            run = []
    return found


def _lines(size: Size) -> Iterator[list[str]]:
    rows, cols = SHAPES[size]
    yield from ([well(r, c) for c in range(cols)] for r in range(rows))
    yield from ([well(r, c) for r in range(rows)] for c in range(cols))
