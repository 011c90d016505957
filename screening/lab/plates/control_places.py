"""Where controls stand on a new plate, so that turned plates, swapped columns and swapped plates show.

Two kinds of layout (docs/plates.md says what each sees):

- plain: the controls that a plate needs anyway, 92 tubes on 96 wells;
- marked: in all columns but one also a positive control or a mark, an empty well that is read and
  must show nothing, not even the internal control. No two columns look alike, so any two that
  were exchanged are seen, whatever the tubes hold; 82 tubes on 96 wells.

The positive controls of a laboratory's successive plates stand in other wells each time, so a
plate that is read in another one's place is seen too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import permutations

from screening.lab.plates.layout import (
    CONTROLS,
    MOVES,
    SHAPES,
    Size,
    moved,
    place,
    well,
    wells_by_column,
)

Layout = Mapping[str, str]

# so many of a laboratory's last plates differ pairwise; house, more than it has in hand at once
FAMILY = 64
_STRIDE = 37  # house: neighbours in the family stand far apart; no divisor of any family's length


def seen(layout: Layout, kinds: Iterable[str] = ("pc", "mark")) -> frozenset[tuple[str, str]]:
    """What of a layout is seen by every kit: a negative control looks like a negative tube."""
    return frozenset((w, word.partition(":")[0]) for w, word in layout.items()
                     if word.partition(":")[0] in kinds)  # fmt: skip


def betrays_moves(layout: Layout, size: Size) -> bool:
    """No turn, mirror, shift or exchange of MOVES puts what is seen onto itself."""
    here = seen(layout)
    return all({(moved(w, m, size), kind) for w, kind in here} != here for m in MOVES)


def alike_columns(layout: Layout, size: Size) -> list[tuple[int, int]]:
    """Pairs of columns (from 1) whose exchange nothing on the plate would show."""
    rows: dict[int, set[tuple[int, str]]] = {c: set() for c in range(SHAPES[size][1])}
    for w, kind in seen(layout):
        row, col = place(w)
        rows[col].add((row, kind))
    columns = sorted(rows)
    return [(a + 1, b + 1) for a in columns for b in columns if a < b and rows[a] == rows[b]]


@lru_cache(maxsize=32)
def family(size: Size, marked: bool = False) -> tuple[dict[str, str], ...]:
    """The layouts that successive plates take; of any two the positive controls differ."""
    made = [x for x in (_marked if marked else _plain)(size) if betrays_moves(x, size)]
    return tuple(_spread(made)[:FAMILY])


def group_family(size: Size, wells_per_tube: int) -> list[dict[str, str]]:
    """For uniplex kits: controls of as many neighbouring wells as a tube takes; three negatives
    at the start, middle and end, and a positive that moves from plate to plate."""
    n = wells_per_tube
    wells = wells_by_column(size)
    groups = [wells[i : i + n] for i in range(0, len(wells) - n + 1, n)]
    last = len(groups) - 1
    fixed = {0: "ntc:1", last // 2: "ntc:2", last: "ntc:3"}
    free = [last - 1, *(i for i in range(last - 1) if i not in fixed)]
    made = [
        {w: word for i, word in (fixed | {at: "pc:1"}).items() for w in groups[i]} for at in free
    ]
    return _spread([x for x in made if betrays_moves(x, size)])[:FAMILY]


def next_of(layouts: Iterable[dict[str, str]], used: Iterable[Layout]) -> dict[str, str]:
    """The first layout that none of `used` (newest first) has, else the longest unused."""
    all_of = list(layouts)
    age = {seen(x, ("pc",)): i for i, x in reversed(list(enumerate(used)))}
    return max(all_of, key=lambda x: age.get(seen(x, ("pc",)), len(age) + len(all_of)))


def _spread(layouts: list[dict[str, str]]) -> list[dict[str, str]]:
    n = len(layouts)
    order = dict.fromkeys(i * _STRIDE % n for i in range(n)) if n else {}
    return [layouts[i] for i in [*order, *(i for i in range(n) if i not in order)]]


def _plain(size: Size) -> Iterator[dict[str, str]]:
    """The first positive control moves, everything else stays."""
    fixed = dict(CONTROLS[size])
    first = next(w for w, kind in fixed.items() if kind == "pc")
    del fixed[first]
    for w in [first, *(w for w in wells_by_column(size) if w not in fixed and w != first)]:
        yield {**fixed, w: "pc"}


def _marked(size: Size) -> Iterator[dict[str, str]]:
    """A mark in as many columns as there are rows, each in a row of its own; positive controls in
    the others but one, each in a row of its own; negatives as on a plain plate."""
    rows, cols = SHAPES[size]
    negatives = {w: kind for w, kind in CONTROLS[size].items() if kind == "ntc"}
    bare, *positive = range(1, cols, 3)
    others = [c for c in range(cols) if c != bare and c not in positive]
    marks = next(
        chosen
        for shift in range(rows)
        if not negatives.keys() & (chosen := {
            well((5 * i + 4 + shift) % rows, c): "mark" for i, c in enumerate(others)
        }).keys()
    )  # fmt: skip
    for lines in _rows_of_positives(rows, len(positive)):
        placed = {well(r, c): "pc" for r, c in zip(lines, positive, strict=True)}
        if not placed.keys() & negatives.keys():
            yield {**negatives, **marks, **placed}


def _rows_of_positives(rows: int, n: int) -> Iterator[tuple[int, ...]]:
    if n <= 3:
        yield from permutations(range(rows), n)
        return
    for step in range(1, rows, 2):  # odd: no row comes twice on a plate of 8 or 16 rows
        for first in range(rows):
            yield tuple((first + step * i) % rows for i in range(n))
