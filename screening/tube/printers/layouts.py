"""Label sheets as they are sold, and how a printer that is off is put right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

PAGE = (210.0, 297.0)  # A4, millimetres


@dataclass(frozen=True)
class Layout:
    """Labels on A4, measures in millimetres; `top` and `left` are the sheet's margins.

    `pitch` is the step from one column to the next where the labels do not touch; such sheets are
    cut already, so no cutting lines are drawn."""

    name: str
    width: float
    height: float
    columns: int
    rows: int
    left: float
    top: float
    pitch: float = 0

    @property
    def per_page(self) -> int:
        return self.columns * self.rows

    @property
    def step(self) -> float:
        return self.pitch or self.width

    def corner(self, place: int) -> tuple[float, float]:
        """The left and upper edge of the `place`-th label of a page."""
        row, column = divmod(place, self.columns)
        return self.left + column * self.step, self.top + row * self.height


class Shift(NamedTuple):
    """A printer that pulls its paper askew: millimetres to the right and down."""

    x: float = 0
    y: float = 0


# The usual label sizes (domain 5.2), centred on the sheet.
A4_40x30 = Layout("40x30", 40, 30, columns=5, rows=9, left=5, top=13.5)
A4_50x30 = Layout("50x30", 50, 30, columns=4, rows=9, left=5, top=13.5)
A4_50x25 = Layout("50x25", 50, 25, columns=4, rows=10, left=5, top=23.5)
# Cut sheets that every stationer has: 24 and 40 a page.
A4_64x34 = Layout("64x34", 63.5, 33.9, columns=3, rows=8, left=7.25, top=12.9, pitch=66.0)
A4_46x25 = Layout("46x25", 45.7, 25.4, columns=4, rows=10, left=9.7, top=21.5, pitch=48.3)
LAYOUTS = {
    layout.name: layout for layout in (A4_40x30, A4_50x30, A4_50x25, A4_64x34, A4_46x25)
}  # fmt: skip
