"""Labels as TSPL for TSC, HPRT and Gprinter machines; send it encoded as GB 18030.

These printers hold Chinese as the font TSS24.BF2, which takes GB codes; all else is ASCII.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import ceil

from screening.tube.codes import grouped
from screening.tube.printers import code128

_MM_PER_INCH = 25.4
_CONTROLS = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029]")
_LINE = "\r\n"


def quoted(text: str) -> str:
    """A TSPL string: quotes as TSPL writes them, controls (which would end the command) as space."""
    plain = _CONTROLS.sub(" ", text).replace('"', '\\["]')
    return f'"{plain}"'


def labels(
    codes: Sequence[str],
    *,
    title: str = "",
    copies: int = 1,
    width_mm: float = 40,
    height_mm: float = 30,
    gap_mm: float = 2,
    dpi: int = 203,
) -> str:
    """A stream: the label's size once, then one page a number with bars, QR (M), digits, `title`."""
    head = [f"SIZE {width_mm:g} mm,{height_mm:g} mm", f"GAP {gap_mm:g} mm,0 mm", "DIRECTION 1"]
    dot = _MM_PER_INCH / dpi
    wide = round(width_mm / dot)
    body = (line for code in codes for line in _one(code, title, copies, wide, dot))
    return _LINE.join([*head, *body]) + _LINE


def _one(code: str, title: str, copies: int, wide: int, dot: float) -> list[str]:
    # The tolerance: 2 dots at 203 dpi are 0.2502 mm, and 3 would not fit on 40 mm.
    module = max(1, ceil(code128.MIN_MODULE_MM / dot - 0.01))
    bars = code128.modules(code) * module
    code128.values(code)  # digits of even length, or set C would print something else
    if bars + 2 * code128.QUIET * module > wide:
        raise ValueError(f"{len(code)} digits do not fit on a label of {wide} dots")
    tall, qr_top, text_left = round(10 / dot), round(13 / dot), round(16 / dot)
    left, top = (wide - bars) // 2, round(1.5 / dot)
    shown = grouped(code).split(" ")
    half = (len(shown) + 1) // 2
    line = 32 * round(dpi_of(dot) / 203)  # font 3 is 24 dots high
    commands = [
        "CLS",
        f'BARCODE {left},{top},"128M",{tall},0,0,{module},{module},"!105{code}"',
        f'QRCODE {round(2 / dot)},{qr_top},M,{max(1, round(0.5 / dot))},A,0,"{code}"',
        f'TEXT {text_left},{qr_top + 8},"3",0,1,1,"{" ".join(shown[:half])}"',
        f'TEXT {text_left},{qr_top + 8 + line},"3",0,1,1,"{" ".join(shown[half:])}"',
    ]
    if title:
        font = "2" if title.isascii() else "TSS24.BF2"
        at = f"{text_left},{qr_top + 8 + 2 * line}"
        commands.append(f'TEXT {at},"{font}",0,1,1,{quoted(title)}')
    return [*commands, f"PRINT 1,{copies}"]


def dpi_of(dot: float) -> float:
    return _MM_PER_INCH / dot
