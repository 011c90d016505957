"""A bulletin as PDF: A4 across, the Chinese font embedded, tables that break over pages."""

from __future__ import annotations

from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle
from reportlab.platypus.flowables import KeepTogether

from screening.bulletins.paper import Paper, Table, lang, shown
from screening.bulletins.shape import TOTAL
from screening.i18n import _
from screening.tube import prints
from screening.tube.printers.paper import LATIN, register

INK, RULE, HEAD = HexColor("#10233f"), HexColor("#c3ccd8"), HexColor("#eef2f7")
EDGE = 12 * mm
NUMBERS = ("num", "rate", "age")
PLAIN = 10.5
SIZES = (9.0, 8.0, 7.0)  # the largest in which a table fits the page
_WIDEST = 60 * mm  # a text column; longer ones break into lines


def write(paper: Paper) -> bytes:
    """The whole bulletin; without the Chinese font Latin letters and digits only."""
    path = prints.font()
    font = register(str(path)) if path else LATIN
    out = BytesIO()
    page = landscape(A4)
    document = SimpleDocTemplate(
        out, pagesize=page, leftMargin=EDGE, rightMargin=EDGE, topMargin=EDGE,
        bottomMargin=EDGE + 6 * mm, title=paper.title, author="", invariant=1,
    )  # fmt: skip
    room = page[0] - 2 * EDGE
    document.build(_story(paper, font, room), canvasmaker=_numbered(paper, font, page))
    return out.getvalue()


def _style(font: str, size: float, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(
        f"s{size}", fontName=font, fontSize=size, leading=size * 1.45, textColor=INK,
        wordWrap="CJK", **more,
    )  # fmt: skip


def _story(paper: Paper, font: str, room: float) -> list[Any]:
    big, plain, small = _style(font, 18), _style(font, PLAIN), _style(font, 8.5)
    story: list[Any] = [_said(paper.title, big), _said(paper.head, small), Spacer(1, 3 * mm)]
    for i, sentence in enumerate(paper.sentences):
        story.append(_said(sentence, _style(font, 12.5 if i == 0 else PLAIN)))
        story.append(Spacer(1, 1.5 * mm))
    for table in paper.tables:
        story += _section(table, font, room) if table.rows else []
    if paper.empty:
        story += [Spacer(1, 4 * mm), _said(paper.empty, plain)]
    for head, text, changes in paper.addenda:
        story += [Spacer(1, 4 * mm), _said(head, _style(font, 12)), _said(text, plain)]
        if changes:
            story += _section(changes, font, room)
    return story


def _said(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(text).replace("\n", "<br/>"), style)


def _section(table: Table, font: str, room: float) -> list[Any]:
    title = _said(table.title, _style(font, 12, spaceBefore=4 * mm, spaceAfter=1 * mm))
    cells = [
        [shown(k, v, row) for k, v in zip(table.kinds, row, strict=True)] for row in table.rows
    ]
    if table.total:
        last = [shown(k, v) for k, v in zip(table.kinds, table.total, strict=True)]
        last[0] = TOTAL[lang()] if last[0] == "—" else last[0]
        cells.append([("" if c == "—" else c) for c in last])
    size = next((s for s in SIZES if sum(_wanted(table, cells, font, s)) <= room), SIZES[-1])
    widths = _widths(table, _wanted(table, cells, font, size), room)
    right = _style(font, size, alignment=TA_RIGHT)
    left = _style(font, size)
    if lang() == 1:  # between words, not letters
        right.wordWrap = None
    drawn = [[_said(h, right if k in NUMBERS else left)
              for h, k in zip(table.heads, table.kinds, strict=True)]]  # fmt: skip
    for row in cells:
        drawn.append([
            c if k in NUMBERS else _said(c, left) for c, k in zip(row, table.kinds, strict=True)
        ])  # fmt: skip
    grid = LongTable(drawn, colWidths=widths, repeatRows=1, hAlign="LEFT")
    grid.setStyle(_look(table, font, size))
    if len(table.rows) <= 12:
        return [KeepTogether([title, grid])]
    return [title, grid]


def _look(table: Table, font: str, size: float) -> TableStyle:
    rules: list[tuple] = [
        ("FONT", (0, 0), (-1, -1), font, size), ("TEXTCOLOR", (0, 0), (-1, -1), INK),
        ("BACKGROUND", (0, 0), (-1, 0), HEAD), ("LINEBELOW", (0, 0), (-1, -1), 0.4, RULE),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("TOPPADDING", (0, 0), (-1, -1), 1.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.5), ("LEFTPADDING", (0, 0), (-1, -1), 2.5),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2.5),
    ]  # fmt: skip
    for i, kind in enumerate(table.kinds):
        if kind in NUMBERS:
            rules.append(("ALIGN", (i, 1), (i, -1), "RIGHT"))
    if table.total:
        rules.append(("LINEABOVE", (0, -1), (-1, -1), 0.8, INK))
    return TableStyle(rules)


def _wanted(table: Table, cells: list[list[str]], font: str, size: float) -> list[float]:
    """As wide as the longest cell wants, texts at most _WIDEST; a number's head may break."""
    want = []
    for i, (head, kind) in enumerate(zip(table.heads, table.kinds, strict=True)):
        inner = max((stringWidth(row[i], font, size) for row in cells[:200]), default=0)
        title = stringWidth(head, font, size)
        word = max((stringWidth(w, font, size) for w in head.split()), default=0)
        broken = min(title, 4.2 * size) if lang() == 0 else word
        least = max(inner, broken) if kind in NUMBERS else max(inner, title)
        want.append(min(least, _WIDEST) + 7)
    return want


def _widths(table: Table, want: list[float], room: float) -> list[float]:
    """Within the page; tables of some columns fill it, so that they stand under each other."""
    over = sum(want) - room
    if over <= 0:
        return [w * room / sum(want) for w in want] if len(want) > 3 else want
    texts = [i for i, k in enumerate(table.kinds) if k not in NUMBERS]
    give = sum(want[i] for i in texts)
    if give - over > 22 * mm * len(texts) * 0.5:
        return [w - over * w / give if i in texts else w for i, w in enumerate(want)]
    return [w * room / sum(want) for w in want]


def _numbered(paper: Paper, font: str, page: tuple[float, float]) -> type[Canvas]:
    """A canvas that knows at its end how many pages there are: page x of y, and the record."""

    class Numbered(Canvas):
        def __init__(self, *a: Any, **kw: Any) -> None:
            super().__init__(*a, **{**kw, "initialFontName": font})
            self._held: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._held.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, state in enumerate(self._held, 1):
                self.__dict__.update(state)
                self.setFont(font, 7)
                self.setFillColor(INK)
                self.drawString(EDGE, 8 * mm, paper.foot)
                count = _("第 %(n)s / %(of)s 页", n=number, of=len(self._held))
                self.drawRightString(page[0] - EDGE, 8 * mm, count)
                super().showPage()
            super().save()

    return Numbered
