"""QR codes: rows of dark modules for the sheets, a PNG for screens."""

from __future__ import annotations

from io import BytesIO

import qrcode
from PIL import Image
from qrcode.constants import ERROR_CORRECT_M

QUIET = 4  # modules of white around, the standard's minimum
_MASK = 2  # fixed: trying all eight takes six times as long, and any mask reads (ISO/IEC 18004)


def matrix(text: str) -> list[list[bool]]:
    """Rows of dark (True) and light modules without the quiet zone, error correction M."""
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=_MASK)
    code.add_data(text, optimize=0)
    code.make(fit=True)
    return [[bool(dark) for dark in row] for row in code.modules]


def runs(text: str) -> tuple[int, list[tuple[int, int, int]]]:
    """Size in modules and (left, row from the top, width) of every run of dark modules."""
    rows = matrix(text)
    found = []
    for y, row in enumerate(rows):
        left = None
        for x, dark in enumerate([*row, False]):
            if dark and left is None:
                left = x
            elif not dark and left is not None:
                found.append((left, y, x - left))
                left = None
    return len(rows), found


def qr_png(text: str, *, scale: int = 8) -> bytes:
    """A PNG of the code with its quiet zone, `scale` pixels a module."""
    rows = matrix(text)
    size = len(rows) + 2 * QUIET
    image = Image.new("1", (size, size), 1)
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                image.putpixel((x + QUIET, y + QUIET), 0)
    out = BytesIO()
    image.resize((size * scale, size * scale)).save(out, "PNG", optimize=True)
    return out.getvalue()
