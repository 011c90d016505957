"""A4 sheets: tube, box and seal labels, staff badges, site sheets to hang up."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics

from screening.errors import Problem
from screening.tube.codes import WORDS, Kind, grouped
from screening.tube.printers import code128, qr
from screening.tube.printers.layouts import LAYOUTS, A4_40x30, Layout, Shift
from screening.tube.printers.paper import EDGE, LATIN_BOLD, Sheet, Stamp, chunks, pages_of

__all__ = [
    "LAYOUTS",
    "Layout",
    "NothingToPrint",
    "badges",
    "bar_module_mm",
    "label_sheet",
    "site_sheets",
]

MAX_MODULE_MM = 0.33  # wider bars only take room
_BARS_MM = 10  # height of the bars
_QR_MM = 0.5  # one module of the small QR: read by a phone at a hand's width
_CARD = (85.6, 54.0)  # ISO/IEC 7810 ID-1


class NothingToPrint(Problem):
    status = 422
    code = "nothing_to_print"
    zh = "没有可打印的内容。"
    en = "There is nothing to print."


def label_sheet(
    codes: Sequence[str],
    *,
    title: str,
    kind: Kind,
    layout: Layout = A4_40x30,
    copies: int = 1,
    used: int = 0,
    shift: Shift = Shift(),
    stamp: Stamp | None = None,
    font: Path | str | None = None,
) -> bytes:
    """A PDF of own numbers: Code 128-C, a small QR and the digits on each label.

    Copies of a number follow each other; the first `used` labels of the first sheet are gone
    already and stay empty. `font` is a TTF with Chinese; without it only Latin text and digits are
    printed. Raises NothingToPrint; ValueError for numbers that set C cannot hold.
    """
    numbered = [(code, copy) for code in codes for copy in range(1, copies + 1)]
    if not numbered:
        raise NothingToPrint
    gone: list[tuple[str, int] | None] = [None] * (used % layout.per_page)
    printed = [*gone, *numbered]
    pages = pages_of(len(printed), layout.per_page)
    sheet = Sheet(title=title, stamp=stamp or Stamp(), pages=pages, font=font)
    word = WORDS[kind][0] if font else kind.word.upper()
    for page in chunks(printed, layout.per_page):
        there = [held for held in page if held]
        sheet.begin_page(f"{word}  {grouped(there[0][0])} - {grouped(there[-1][0])}")
        sheet.canvas.saveState()
        sheet.canvas.translate(shift.x * mm, -shift.y * mm)
        _cutting_lines(sheet, layout)
        for place, held in enumerate(page):
            if held is not None:
                left, top = layout.corner(place)
                spare = f"{held[1]}/{copies}" if copies > 1 else ""
                y = A4[1] - (top + layout.height) * mm
                _label(sheet, layout, held[0], f"{word} {spare}".strip(), left * mm, y)
        sheet.canvas.restoreState()
        sheet.end_page()
    return sheet.finish()


def _cutting_lines(sheet: Sheet, layout: Layout) -> None:
    """Hair lines in light grey, outside every quiet zone; none on sheets that are cut already."""
    if layout.pitch:
        return
    canvas = sheet.canvas
    canvas.setLineWidth(0.1)
    canvas.setStrokeGray(0.75)
    left, top = layout.left * mm, A4[1] - layout.top * mm
    columns = [left + i * layout.width * mm for i in range(layout.columns + 1)]
    rows = [top - i * layout.height * mm for i in range(layout.rows + 1)]
    canvas.grid(columns, rows)


def bar_module_mm(code: str, width: float) -> float:
    """The widest module in hundredths that fits with both quiet zones, from 0.25 to 0.33 mm."""
    room = (width - 1) / (code128.modules(code) + 2 * code128.QUIET)
    module = min(int(room * 100) / 100, MAX_MODULE_MM)
    if module < code128.MIN_MODULE_MM:
        raise ValueError(f"{len(code)} digits do not fit on a label {width} mm wide")
    return module


def _label(sheet: Sheet, layout: Layout, code: str, word: str, x: float, y: float) -> None:
    module = bar_module_mm(code, layout.width)
    bars = code128.modules(code) * module
    top = y + (layout.height - 1.5 - _BARS_MM) * mm
    sheet.barcode(code, x + (layout.width - bars) / 2 * mm, top, module * mm, _BARS_MM * mm)
    side = len(qr.matrix(code)) * _QR_MM
    quiet = qr.QUIET * _QR_MM
    below = layout.height - 1.5 - _BARS_MM
    sheet.qr(code, x + quiet * mm, y + (below - side) / 2 * mm, side * mm)
    left = x + (side + 2 * quiet) * mm
    room = layout.width * mm - (left - x) - 1 * mm
    _digits(sheet, code, left, y + below / 2 * mm, room)
    sheet.text(left, y + below / 2 * mm - 17, word, 6, max_width=room)


def _digits(sheet: Sheet, code: str, x: float, y: float, room: float) -> None:
    """The number in two lines of groups, as large as the room allows, up to 13 points."""
    groups = grouped(code).split(" ")
    half = (len(groups) + 1) // 2
    lines = [" ".join(groups[:half]), " ".join(groups[half:])]
    widest = max(pdfmetrics.stringWidth(line, LATIN_BOLD, 1) for line in lines)
    size = min(room / widest, 13)
    for place, line in enumerate(lines):
        sheet.digits(x, y + 5 - place * (size + 1), line, size)


class Card(NamedTuple):
    """One card: the text of its QR, lines (the first one large), and what is printed below the QR
    for people to read and type."""

    code: str
    lines: Sequence[str]
    shown: str


def badges(
    items: Sequence[Card | tuple[str, Sequence[str]]],
    *,
    title: str = "",
    stamp: Stamp | None = None,
    font: Path | str | None = None,
) -> bytes:
    """Cards of bank-card size, ten a page; a bare (code, lines) shows its code.

    The code may be any text, so resident codes print here too.
    """
    if not items:
        raise NothingToPrint
    width, height = (side * mm for side in _CARD)
    columns, rows = 2, 5
    sheet = Sheet(
        title=title, stamp=stamp or Stamp(), pages=pages_of(len(items), columns * rows), font=font
    )
    left, top = (A4[0] - columns * width) / 2, A4[1] - 13.5 * mm
    for page in chunks(list(items), columns * rows):
        sheet.begin_page()
        for place, item in enumerate(page):
            card = _as_card(item)
            row, column = divmod(place, columns)
            x, y = left + column * width, top - (row + 1) * height
            sheet.canvas.setLineWidth(0.1)
            sheet.canvas.rect(x, y, width, height)
            _card(sheet, card, x, y)
        sheet.end_page()
    return sheet.finish()


def _as_card(item: Card | tuple[str, Sequence[str]]) -> Card:
    if isinstance(item, Card):
        return item
    code, lines = item
    return Card(code, lines, grouped(code))


def _card(sheet: Sheet, card: Card, x: float, y: float) -> None:
    side = 28 * mm
    height = _CARD[1] * mm
    sheet.qr(card.code, x + 5 * mm, y + (height - side) / 2 + 2 * mm, side)
    sheet.digits(x + 5 * mm, y + 5 * mm, card.shown, 9)
    left = x + side + 10 * mm
    room = _CARD[0] * mm - side - 13 * mm
    line_y = y + height - 14 * mm
    for place, line in enumerate(card.lines):
        size = 15 if place == 0 else 9
        sheet.text(left, line_y, line, size, max_width=room)
        line_y -= size + 5


def site_sheets(
    items: Sequence[Card | tuple[str, Sequence[str]]],
    *,
    title: str = "",
    stamp: Stamp | None = None,
    font: Path | str | None = None,
) -> bytes:
    """One page a site to hang up: a QR that binds a device from an arm's length, lines below."""
    if not items:
        raise NothingToPrint
    sheet = Sheet(title=title, stamp=stamp or Stamp(), pages=len(items), font=font)
    side, middle = 110 * mm, A4[0] / 2
    for item in items:
        card = _as_card(item)
        sheet.begin_page()
        sheet.qr(card.code, middle - side / 2, A4[1] - 35 * mm - side, side)
        sheet.canvas.setFont(LATIN_BOLD, 28)
        sheet.canvas.drawCentredString(middle, A4[1] - 50 * mm - side, card.shown)
        _centred(sheet, card.lines, A4[1] - 75 * mm - side)
        sheet.end_page()
    return sheet.finish()


def _centred(sheet: Sheet, lines: Sequence[str], y: float) -> None:
    for place, line in enumerate(lines):
        text = sheet.plain(line)
        size = 34.0 if place == 0 else 18.0
        width = pdfmetrics.stringWidth(text, sheet.font, size)
        size = min(size, size * (A4[0] - 2 * EDGE) / width) if width else size
        sheet.canvas.setFont(sheet.font, size)
        sheet.canvas.drawCentredString(A4[0] / 2, y, text)
        y -= size * 1.6
