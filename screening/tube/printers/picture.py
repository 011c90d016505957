"""A label sheet as an SVG picture: what the first page will look like, before paper is spent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from xml.sax.saxutils import escape

from screening.tube.codes import grouped
from screening.tube.printers import code128, qr
from screening.tube.printers.layouts import PAGE, Layout, Shift
from screening.tube.printers.pdf import bar_module_mm

_HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w:g} {h:g}" width="{w:g}mm" '
    'height="{h:g}mm"><rect width="{w:g}" height="{h:g}" fill="#fff"/>'
)
_QR_MM = 0.5


def first_page(
    codes: Sequence[str],
    layout: Layout,
    *,
    copies: int = 1,
    used: int = 0,
    shift: Shift = Shift(),
    head: str = "",
) -> str:
    """The first sheet: labels that are gone are hatched away, the rest carry their codes."""
    gone = used % layout.per_page
    room = layout.per_page - gone
    shown = [code for code in codes[:room] for _ in range(copies)][:room]
    parts = [_HEAD.format(w=PAGE[0], h=PAGE[1])]
    if head:
        parts.append(_words(8, 8, head, 4, "sans-serif"))
    parts.append(f'<g transform="translate({shift.x:g} {shift.y:g})">')
    parts += [_empty(layout, place) for place in range(gone)]
    parts += [_label(layout, place, code) for place, code in enumerate(shown, gone)]
    parts += [_frame(layout, place) for place in range(gone, layout.per_page)]
    return "".join([*parts, "</g></svg>"])


def _frame(layout: Layout, place: int, fill: str = "none") -> str:
    x, y = layout.corner(place)
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{layout.width:g}" height="{layout.height:g}" '
        f'fill="{fill}" stroke="#b8c2cf" stroke-width=".2" rx="{1 if layout.pitch else 0}"/>'
    )


def _empty(layout: Layout, place: int) -> str:
    x, y = layout.corner(place)
    cross = f"M{x:g} {y:g}l{layout.width:g} {layout.height:g}"
    return _frame(layout, place, "#e4e9ef") + f'<path d="{cross}" stroke="#8a99ab"/>'


def _label(layout: Layout, place: int, code: str) -> str:
    x, y = layout.corner(place)
    module = bar_module_mm(code, layout.width)
    left = x + (layout.width - code128.modules(code) * module) / 2
    bars = ((left + at * module, y + 1.5, wide * module, 10) for at, wide in code128.bars(code))
    size, dark = qr.runs(code)
    top = y + 11.5 + (layout.height - 11.5 - size * _QR_MM) / 2
    edge = x + qr.QUIET * _QR_MM
    dots = ((edge + a * _QR_MM, top + b * _QR_MM, w * _QR_MM, _QR_MM) for a, b, w in dark)
    groups = grouped(code).split(" ")
    half = (len(groups) + 1) // 2
    lines = (" ".join(groups[:half]), " ".join(groups[half:]))
    digits = "".join(
        _words(x + 16, top + 4.5 + 5 * i, line, 3.6, "monospace") for i, line in enumerate(lines)
    )
    return f'<path d="{_path(bars)}{_path(dots)}"/>{digits}'


def _path(rectangles: Iterable[tuple[float, float, float, float]]) -> str:
    return "".join(f"M{x:.2f} {y:.2f}h{w:.2f}v{h:.2f}h-{w:.2f}z" for x, y, w, h in rectangles)


def _words(x: float, y: float, text: str, size: float, family: str) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" font-weight="bold" '
        f'font-family="{family}">{escape(text)}</text>'
    )
