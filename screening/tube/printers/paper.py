"""What every printed sheet shares: sizes, fonts, the foot that says who, when and which page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from screening.tube.printers import code128, qr

LATIN = "Helvetica"
LATIN_BOLD = "Helvetica-Bold"
EDGE = 8 * mm  # what common printers cannot reach, and a little more


@dataclass(frozen=True)
class Stamp:
    """Who printed what, when (already local time); `record` is a code that leads back to it."""

    who: str = ""
    at: datetime | None = None
    run: str = ""
    record: str = ""

    def words(self) -> list[str]:
        when = f"{self.at:%Y-%m-%d %H:%M}" if self.at else ""
        return [word for word in (self.run, self.who, when) if word]


@lru_cache(maxsize=8)
def register(path: str) -> str:
    """Make a TTF known to reportlab; the name it has there."""
    name = f"sheet-{Path(path).stem}"
    pdfmetrics.registerFont(TTFont(name, path))
    return name


class Sheet:
    """A4 pages with a head and a foot; the caller draws between them."""

    def __init__(self, *, title: str, stamp: Stamp, pages: int, font: Path | str | None) -> None:
        self._out = BytesIO()
        # invariant: printing a run again gives the same bytes, so a copy can be recognised.
        self.canvas = Canvas(self._out, pagesize=A4, pageCompression=1, invariant=1)
        self.canvas.setTitle(title)
        self.font = register(str(font)) if font else LATIN
        self.title, self.stamp, self.pages, self.page = title, stamp, pages, 0

    def plain(self, text: str) -> str:
        """`text` as far as the font holds it: without a Chinese font, Latin letters and digits."""
        if self.font != LATIN:
            return text
        return "".join(char for char in text if ord(char) < 0x100).strip()

    def text(self, x: float, y: float, text: str, size: float, *, max_width: float = 0) -> None:
        """One line, made smaller until it fits `max_width`."""
        text = self.plain(text)
        if not text:
            return
        width = pdfmetrics.stringWidth(text, self.font, size)
        if max_width and width > max_width:
            size = max(size * max_width / width, 4)
        self.canvas.setFont(self.font, size)
        self.canvas.drawString(x, y, text)

    def digits(self, x: float, y: float, text: str, size: float) -> None:
        """Digits in bold, for reading at arm's length."""
        self.canvas.setFont(LATIN_BOLD, size)
        self.canvas.drawString(x, y, text)

    def begin_page(self, note: str = "") -> None:
        self.page += 1
        width, height = A4
        self.text(EDGE, height - EDGE, self.title, 11, max_width=width - 6 * EDGE)
        if note:
            self.text(EDGE, height - EDGE - 10, note, 7, max_width=width - 6 * EDGE)
        if self.stamp.record:
            # between what printers cannot reach (4 mm) and the first row of labels (12.9 mm)
            self.qr(self.stamp.record, width - EDGE - 10 * mm, height - 12.4 * mm, 8 * mm)

    def end_page(self) -> None:
        foot = [self.plain(word) for word in self.stamp.words()]
        self.text(EDGE, 5 * mm, "  ·  ".join(word for word in foot if word), 7)
        count = f"第 {self.page} / {self.pages} 页  " if self.font != LATIN else ""
        count += f"page {self.page} of {self.pages}"
        self.canvas.setFont(self.font, 7)
        self.canvas.drawRightString(A4[0] - EDGE, 5 * mm, count)
        self.canvas.showPage()

    def finish(self) -> bytes:
        self.canvas.save()
        return self._out.getvalue()

    def barcode(self, digits: str, x: float, y: float, module: float, height: float) -> None:
        """Code 128-C with its first bar at `x`; the caller leaves the quiet zones white."""
        drawn = [f"{left} 0 {width} 1 re" for left, width in code128.bars(digits)]
        self._fill(drawn, x, y, module, height)

    def qr(self, text: str, x: float, y: float, side: float) -> None:
        """A QR of `side` without its quiet zone, lower left corner at x, y."""
        size, found = qr.runs(text)
        drawn = [f"{left} {size - 1 - row} {width} 1 re" for left, row, width in found]
        self._fill(drawn, x, y, side / size, side / size)

    def _fill(self, rectangles: list[str], x: float, y: float, wide: float, high: float) -> None:
        # Whole numbers in a scaled frame: ten thousand labels draw 1.5 million rectangles, and
        # formatting a fraction for each takes most of the time otherwise.
        self.canvas.saveState()
        self.canvas.transform(wide, 0, 0, high, x, y)
        self.canvas.drawPath(PDFPathObject(code=rectangles), stroke=0, fill=1)
        self.canvas.restoreState()


def pages_of(count: int, per_page: int) -> int:
    return max(1, -(-count // per_page))


def chunks(items: list, size: int) -> Iterable[list]:
    return (items[i : i + size] for i in range(0, len(items), size))
