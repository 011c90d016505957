"""A plate's map on paper and the bench's sheet of command codes, as PDF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm

from screening.lab.plates import layout
from screening.lab.plates.layout import Size
from screening.tube.printers.paper import EDGE, LATIN_BOLD, Sheet, Stamp

_WIDE, _HIGH = landscape(A4)
_HEAD = 24 * mm  # title, facts and the two codes
_FOOT = 11 * mm
_SIDE = 7 * mm  # row letters


class Landscape(Sheet):
    """A4 lying down: head and foot as on the other sheets."""

    def begin_page(self, note: str = "") -> None:
        self.page += 1
        self.canvas.setPageSize((_WIDE, _HIGH))
        self.text(EDGE, _HIGH - EDGE - 6, self.title, 15, max_width=_WIDE - 70 * mm)
        if note:
            self.text(EDGE, _HIGH - EDGE - 22, note, 9, max_width=_WIDE - 70 * mm)

    def end_page(self) -> None:
        foot = [self.plain(word) for word in self.stamp.words()]
        self.text(EDGE, 5 * mm, "  ·  ".join(word for word in foot if word), 8)
        self.canvas.setFont(self.font, 8)
        self.canvas.drawRightString(_WIDE - EDGE, 5 * mm, f"{self.page} / {self.pages}")
        self.canvas.showPage()


def plate_map(
    *,
    title: str,
    note: str,
    code: str,
    url: str,
    captions: tuple[str, str],
    size: Size,
    tubes: Mapping[str, str],
    controls: Mapping[str, str],
    stamp: Stamp,
    font: Path | str | None,
) -> bytes:
    """The whole plate on one page. `tubes`: well → barcode; `controls`: well → word. Two codes
    lead back: the plate's own for the bench's scan field, the page's address for a phone;
    `captions` stand beneath them."""
    sheet = Landscape(title=title, stamp=stamp, pages=1, font=font)
    sheet.begin_page(note)
    for text, caption, right in ((code, captions[0], 54 * mm), (url, captions[1], 27 * mm)):
        left = _WIDE - EDGE - right + 4 * mm
        sheet.qr(text, left, _HIGH - EDGE - 15 * mm, 15 * mm)
        sheet.text(left - 3 * mm, _HIGH - EDGE - 18.5 * mm, caption, 6.5, max_width=21 * mm)
    _grid(sheet, size, tubes, controls)
    sheet.end_page()
    return sheet.finish()


def _grid(sheet: Sheet, size: Size, tubes: Mapping[str, str], controls: Mapping[str, str]) -> None:
    rows, cols = layout.SHAPES[size]
    wide = (_WIDE - 2 * EDGE - _SIDE) / cols
    high = (_HIGH - EDGE - _HEAD - _FOOT - 5 * mm) / rows
    left, top = EDGE + _SIDE, _HIGH - EDGE - _HEAD
    canvas = sheet.canvas
    for c in range(cols):
        canvas.setFont(LATIN_BOLD, 8)
        canvas.drawCentredString(left + (c + 0.5) * wide, top + 2, str(c + 1))
    for r in range(rows):
        canvas.setFont(LATIN_BOLD, 8)
        canvas.drawCentredString(EDGE + _SIDE / 2, top - (r + 0.5) * high - 3, chr(65 + r))
        for c in range(cols):
            well = layout.well(r, c)
            _cell(sheet, (left + c * wide, top - (r + 1) * high, wide, high),
                  tubes.get(well), controls.get(well))  # fmt: skip


def _cell(
    sheet: Sheet, box: tuple[float, float, float, float], tube: str | None, control: str | None
) -> None:
    x, y, wide, high = box
    canvas = sheet.canvas
    canvas.setStrokeGray(0.45)
    canvas.setLineWidth(1.2 if control else 0.4)
    canvas.setFillGray(0.88 if control else 1)
    canvas.rect(x, y, wide, high, stroke=1, fill=1)
    canvas.setFillGray(0)
    small = min(high / 3.2, wide / 4.6)
    if control:
        sheet.text(x + 2, y + high / 2 - small / 3, control, small, max_width=wide - 4)
    elif tube:
        # the last digits are the ones that people compare: they stand alone, and larger
        half = max(len(tube) - 6, 0)
        sheet.text(x + 2, y + high - small - 1, tube[:half], small * 0.8, max_width=wide - 4)
        canvas.setFont(LATIN_BOLD, small)
        canvas.drawString(x + 2, y + high * 0.2, tube[half:])


def command_sheet(
    *, title: str, note: str, commands: Sequence[tuple[str, str]], stamp: Stamp,
    font: Path | str | None,
) -> bytes:  # fmt: skip
    """Command codes as large QR, far enough apart that a scanner reads only one. `commands`:
    (code, what it does)."""
    sheet = Landscape(title=title, stamp=stamp, pages=1, font=font)
    sheet.begin_page(note)
    across = 4
    down = -(-len(commands) // across)
    wide = (_WIDE - 2 * EDGE) / across
    high = (_HIGH - EDGE - _HEAD - _FOOT) / down
    side = min(wide, high) * 0.55
    for i, (code, words) in enumerate(commands):
        row, col = divmod(i, across)
        x = EDGE + col * wide
        y = _HIGH - EDGE - _HEAD - (row + 1) * high
        sheet.qr(code, x + (wide - side) / 2, y + high - side - 4 * mm, side)
        sheet.text(x + 3 * mm, y + high - side - 12 * mm, words, 12, max_width=wide - 6 * mm)
        sheet.text(x + 3 * mm, y + high - side - 17 * mm, code, 8, max_width=wide - 6 * mm)
    sheet.end_page()
    return sheet.finish()
