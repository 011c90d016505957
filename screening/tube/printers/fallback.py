"""The sheet for when nothing works: one tube, its persons line by line, the count, who swabbed.

Everything is written by hand; the sheet is entered later at the paper desk, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics

from screening.tube.printers.paper import EDGE, LATIN_BOLD, Sheet, Stamp

WIDE = A4[0] - 2 * EDGE
LABEL = (64 * mm, 36 * mm)  # the largest label sold for tubes, and a little more
ID_CELLS = 18  # GB 11643; the last six are what the desk needs at least
ROOM_FOR_LINES = 182 * mm
LARGEST_LINE = 17 * mm
HEAD = 6.5 * mm  # of the table

RULE = (
    "一张一管，一人一行；写错划去，另起一行。管满或收尾：数拭子，填总数，签名。",
    "One tube a sheet, one person a line. At the end count the swabs and sign.",
)
SINGLE_RULE = (
    "单人单管：一行一人一管，条码贴在本行；写错划去，另起一行。收尾：数管，填总数，签名。",
    "One person, one tube, one line. At the end count the tubes and sign.",
)

# Chinese, Latin for where no Chinese font is, share of the width
COLUMNS = (
    ("序", "No.", 0.045),
    ("姓名", "Name", 0.135),
    ("证件号码（至少写后 6 位）", "ID number (at least the last 6)", 0.40),
    ("电话", "Phone", 0.18),
    ("楼栋 - 室", "Home", 0.14),
    ("备注", "Note", 0.10),
)


# where one person is one tube, each line has its own label
SINGLE_COLUMNS = (
    ("序", "No.", 0.045),
    ("贴采样管条码", "Tube label here", 0.295),
    ("姓名", "Name", 0.12),
    ("证件号码（至少写后 6 位）", "ID number (at least the last 6)", 0.36),
    ("电话", "Phone", 0.18),
)
SINGLE_LINES = 6
SINGLE_LINE = 33 * mm


@dataclass(frozen=True)
class Form:
    """What is printed beforehand. `code` is the site's code; `modes` are (word, ticked); `single`
    for places where nobody shares a tube: a label a line, SINGLE_LINES a sheet."""

    code: str
    site: str
    round: str = ""
    lines: int = 10
    modes: Sequence[tuple[str, bool]] = ()
    single: bool = False


def sheets(
    form: Form, *, copies: int = 1, stamp: Stamp | None = None, font: Path | str | None = None
) -> bytes:
    """A PDF of `copies` empty sheets, counted in the foot."""
    sheet = Sheet(title="", stamp=stamp or Stamp(), pages=copies, font=font)
    sheet.canvas.setTitle(form.site)
    for _ in range(copies):
        sheet.begin_page()
        _head(sheet, form)
        if form.single:
            _facts(sheet, A4[1] - EDGE - 44 * mm, EDGE, 48 * mm, across=4)
            _table(sheet, SINGLE_COLUMNS, A4[1] - EDGE - 50 * mm, SINGLE_LINE, SINGLE_LINES)
            _count(sheet, "采样管总数", "Tubes on the sheet")
        else:
            _tube(sheet, form)
            _lines(sheet, form.lines)
            _count(sheet, "管内拭子总数", "Swabs in the tube")
        sheet.end_page()
    return sheet.finish()


def _say(sheet: Sheet, x: float, y: float, zh: str, en: str, size: float) -> float:
    """Chinese where there is a font for it, Latin where there is none; how wide it is."""
    words = zh if sheet.plain("中") else en
    sheet.text(x, y, words, size)
    return pdfmetrics.stringWidth(words, sheet.font, size)


def _head(sheet: Sheet, form: Form) -> None:
    top = A4[1] - EDGE
    side = 24 * mm
    sheet.qr(form.code, A4[0] - EDGE - side, top - side, side)
    _say(sheet, EDGE, top - 6 * mm, "采样登记单（纸质）", "Swab sheet (paper)", 17)
    room = WIDE - side - 6 * mm
    sheet.text(EDGE, top - 13 * mm, form.site, 13, max_width=room)
    sheet.text(EDGE, top - 18.5 * mm, form.round, 9, max_width=room)
    zh, en = SINGLE_RULE if form.single else RULE
    _say(sheet, EDGE, top - 24 * mm, zh, en, 8)


def _tube(sheet: Sheet, form: Form) -> None:
    """Where the tube's label goes, and how and when it was taken."""
    wide, high = LABEL
    bottom = A4[1] - EDGE - 28 * mm - high
    canvas = sheet.canvas
    canvas.saveState()
    canvas.setDash(3, 2)
    canvas.rect(EDGE, bottom, wide, high)
    canvas.restoreState()
    _say(sheet, EDGE + 3 * mm, bottom + high - 6 * mm, "贴采样管条码", "Tube label here", 9)
    _say(
        sheet, EDGE + 3 * mm, bottom + 12 * mm, "没有条码时抄写管码：", "or write its number:", 7
    )  # fmt: skip
    _cells(sheet, EDGE + 3 * mm, bottom + 3 * mm, wide - 6 * mm, 7 * mm, 14)
    left = EDGE + wide + 8 * mm
    x = left
    for word, ticked in form.modes:
        x = _box(sheet, x, bottom + high - 7 * mm, word, ticked)
    _facts(sheet, bottom + 15 * mm, left, 56 * mm, across=2)


def _facts(sheet: Sheet, y: float, left: float, step: float, *, across: int) -> None:
    blanks = (
        ("日期", "Date"), ("采样时刻", "Time"), ("采样台", "Table"), ("采样人", "Swabbed by"),
    )  # fmt: skip
    for place, (zh, en) in enumerate(blanks):
        row, column = divmod(place, across)
        _blank(sheet, left + column * step, y - row * 12 * mm, zh, en, step - 6 * mm)


def _box(sheet: Sheet, x: float, y: float, word: str, ticked: bool) -> float:
    """A box to tick with its word; where the next one begins."""
    side = 4.5 * mm
    sheet.canvas.rect(x, y, side, side)
    if ticked:
        sheet.canvas.setLineWidth(1.2)
        sheet.canvas.lines([
            (x + 1 * mm, y + 2.2 * mm, x + 2 * mm, y + 1 * mm),
            (x + 2 * mm, y + 1 * mm, x + 3.8 * mm, y + 3.8 * mm),
        ])  # fmt: skip
        sheet.canvas.setLineWidth(0.6)
    sheet.text(x + side + 1.5 * mm, y + 0.9 * mm, word, 10, max_width=29 * mm)
    return x + 37 * mm


def _blank(sheet: Sheet, x: float, y: float, zh: str, en: str, wide: float) -> None:
    end = max(_say(sheet, x, y, zh, en, 9) + 2 * mm, 16 * mm)
    sheet.canvas.setLineWidth(0.5)
    sheet.canvas.line(x + end, y - 1, x + wide, y - 1)


def _cells(
    sheet: Sheet, x: float, y: float, wide: float, high: float, count: int, tint: int = 0
) -> None:
    """A comb of places for single characters; the last `tint` are set off in grey."""
    canvas, step = sheet.canvas, wide / count
    canvas.saveState()
    if tint:
        canvas.setFillGray(0.9)
        canvas.rect(x + (count - tint) * step, y, tint * step, high, stroke=0, fill=1)
    canvas.setLineWidth(0.25)
    canvas.setStrokeGray(0.45)
    canvas.rect(x, y, wide, high)
    for place in range(1, count):
        canvas.line(x + place * step, y, x + place * step, y + high)
    canvas.restoreState()


def _lines(sheet: Sheet, lines: int) -> None:
    top = A4[1] - EDGE - 28 * mm - LABEL[1] - 5 * mm
    high = min((ROOM_FOR_LINES - HEAD) / lines, LARGEST_LINE)
    _table(sheet, COLUMNS, top, high, lines)


def _table(
    sheet: Sheet, columns: Sequence[tuple[str, str, float]], top: float, high: float, lines: int
) -> None:
    """Ruled lines with a comb in the column of the documents."""
    canvas = sheet.canvas
    canvas.setLineWidth(0.6)
    edges = [EDGE]
    for zh, en, share in columns:
        _say(sheet, edges[-1] + 1.5 * mm, top - 4.5 * mm, zh, en, 8)
        edges.append(edges[-1] + share * WIDE)
    canvas.grid(edges, [top, *(top - HEAD - i * high for i in range(lines + 1))])
    at = next(i for i, (_, en, _) in enumerate(columns) if en.startswith("ID"))
    comb = min(high - 2 * mm, 8 * mm)
    for line in range(1, lines + 1):
        y = top - HEAD - line * high
        canvas.setFont(LATIN_BOLD, 11)
        canvas.drawCentredString((edges[0] + edges[1]) / 2, y + high / 2 - 4, str(line))
        wide = edges[at + 1] - edges[at] - 2 * mm
        _cells(sheet, edges[at] + 1 * mm, y + (high - comb) / 2, wide, comb, ID_CELLS, tint=6)


def _count(sheet: Sheet, zh: str, en: str) -> None:
    """What is counted at the end: the desk compares it with the lines."""
    y = 10 * mm
    high = 14 * mm
    end = _say(sheet, EDGE, y + 4.5 * mm, zh, en, 13) + 3 * mm
    sheet.canvas.setLineWidth(1.4)
    sheet.canvas.rect(EDGE + end, y, 26 * mm, high)
    sheet.canvas.setLineWidth(0.6)
    _blank(sheet, EDGE + 72 * mm, y + 4.5 * mm, "采样人签名", "Signed", 60 * mm)
    _blank(sheet, EDGE + 140 * mm, y + 4.5 * mm, "录入人", "Entered", 52 * mm)
