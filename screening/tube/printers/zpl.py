"""Labels as ZPL II for Zebra printers: plain text, sent to port 9100 or a USB queue as UTF-8."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import ceil

from screening.tube.codes import grouped
from screening.tube.printers import code128

_MM_PER_INCH = 25.4
_CONTROLS = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029]")


def field(text: str) -> str:
    """`text` for a ^FD after ^FH: what ZPL would obey is written as hex, controls go."""
    plain = _CONTROLS.sub(" ", text)
    return re.sub(r"[\^~_\\]", lambda sign: f"_{ord(sign[0]):02X}", plain)


def labels(
    codes: Sequence[str],
    *,
    title: str = "",
    copies: int = 1,
    width_mm: float = 40,
    height_mm: float = 30,
    dpi: int = 203,
) -> str:
    """A stream of one format a label: Code 128 started in set C, a QR (M), digits, `title`.

    A Chinese title needs a printer whose default font holds it (^CI28 is UTF-8).
    """
    dot = _MM_PER_INCH / dpi
    wide, high = round(width_mm / dot), round(height_mm / dot)
    return "".join(_one(code, field(title), copies, wide, high, dot) for code in codes)


def _one(code: str, title: str, copies: int, wide: int, high: int, dot: float) -> str:
    # The tolerance: 2 dots at 203 dpi are 0.2502 mm, and 3 would not fit on 40 mm.
    module = max(1, ceil(code128.MIN_MODULE_MM / dot - 0.01))
    bars = code128.modules(code) * module
    code128.values(code)  # digits of even length, or set C would print something else
    if bars + 2 * code128.QUIET * module > wide:
        raise ValueError(f"{len(code)} digits do not fit on a label of {wide} dots")
    tall, qr_top = round(10 / dot), round(13 / dot)
    qr_module = max(1, round(0.5 / dot))
    margin, text_left, letter = round(2 / dot), round(16 / dot), round(3 / dot)
    shown = grouped(code).split(" ")
    half = (len(shown) + 1) // 2
    lines = [
        "^XA^CI28",
        f"^PW{wide}^LL{high}^LH0,0",
        f"^FO{(wide - bars) // 2},{round(1.5 / dot)}^BY{module},2.0,{tall}",
        f"^BCN,{tall},N,N,N,N^FD>;{code}^FS",
        f"^FO{margin},{qr_top}^BQN,2,{qr_module}^FDMA,{code}^FS",
        f"^FO{text_left},{qr_top + letter}^A0N,{letter},{letter}^FD{' '.join(shown[:half])}^FS",
        f"^FO{text_left},{qr_top + round(letter * 2.2)}^A0N,{letter},{letter}"
        f"^FD{' '.join(shown[half:])}^FS",
    ]
    if title:
        small = round(2 / dot)
        lines.append(
            f"^FO{text_left},{qr_top + round(letter * 3.6)}^A0N,{small},{small}^FH_^FD{title}^FS"
        )
    lines.append(f"^PQ{copies}^XZ")
    return "\n".join(lines) + "\n"
