"""Code 128, set C only: digits in pairs, half the width of any other set (ISO/IEC 15417)."""

from __future__ import annotations

# Widths of bar, space, bar, space, bar, space for the values 0..105; the stop has one bar more.
_WIDTHS = (
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 112232 "
    "122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 311222 321122 "
    "321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 112313 132113 132311 "
    "211313 231113 231311 112133 112331 132131 113123 113321 133121 313121 211331 231131 213113 "
    "213311 213131 311123 311321 331121 312113 312311 332111 314111 221411 431111 111224 111422 "
    "121124 121421 141122 141221 112214 112412 122114 122411 142112 142211 241211 221114 413111 "
    "241112 134111 111242 121142 121241 114212 124112 124211 411212 421112 421211 212141 214121 "
    "412121 111143 111341 131141 114113 114311 411113 411311 113141 114131 311141 411131 211412 "
    "211214 211232"
)
WIDTHS = tuple(_WIDTHS.split())
START_C = 105
STOP = "2331112"
QUIET = 10  # modules of white on either side, the standard's minimum
MIN_MODULE_MM = 0.25  # two dots at 203 dpi; thinner bars fail under alcohol and shaking hands


def values(digits: str) -> list[int]:
    """Start, pairs and checksum as symbol values; ValueError unless digits of even length."""
    if not (digits.isascii() and digits.isdigit()) or len(digits) % 2:
        raise ValueError("set C takes an even number of digits")
    symbols = [START_C, *(int(digits[i : i + 2]) for i in range(0, len(digits), 2))]
    check = symbols[0] + sum(place * value for place, value in enumerate(symbols))
    return [*symbols, check % 103]


def modules(digits: str) -> int:
    """Width in modules, quiet zones not counted."""
    return 11 * (len(digits) // 2 + 2) + 13


def bars(digits: str) -> list[tuple[int, int]]:
    """(left, width) of each black bar in modules from the first bar's edge."""
    widths = "".join(WIDTHS[value] for value in values(digits)) + STOP
    drawn, left = [], 0
    for place, width in enumerate(map(int, widths)):
        if place % 2 == 0:
            drawn.append((left, width))
        left += width
    return drawn
