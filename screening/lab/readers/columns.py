"""Header names, wells and Ct cells: what is the same in the tables of every instrument."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache

import msgspec

from screening.lab.readers.languages import ENGLISH, is_not_detected

PLAUSIBLE_CT = (0.0, 50.0)  # no kit runs more than 50 cycles; only a remark, rules decide

# 'A1', 'a01', '<A1>', 'A:1', 'A-01'; some instruments turn it round: '1A'
_WELL = re.compile(r"<?\s*([A-P])[ :_-]?0{0,2}([1-9]|1\d|2[0-4])\s*>?", re.IGNORECASE)
_TURNED = re.compile(r"0?([1-9]|1\d|2[0-4])[ :_-]?([A-P])", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d{1,6}([.,]\d+)?([eE][+-]?\d{1,2})?")
# т is Cyrillic (U+0442): Applied Biosystems writes Cт in its headers
LONGEST = 60  # characters; no header has more
_LOOKALIKES = str.maketrans({"т": "t", "Т": "t"})


class Ways(msgspec.Struct, frozen=True):
    """What an instrument means by its cells, where it differs from a plain table.

    `size`: of the plate whose wells are counted by number, from `first`; `blank`: an empty Ct cell
    is this instrument's word for "not detected"; `zero`: so is 0; `rotor`: positions are numbers.
    """

    size: int | None = None
    first: int = 1
    blank: bool = False
    zero: bool = False
    rotor: bool = False


PLAIN = Ways()


class Column(msgspec.Struct, frozen=True):
    """Where the columns of one table stand; None when the table has no such column."""

    well: int
    ct: int | None = None
    number: int | None = None
    sample: int | None = None
    target: int | None = None
    dye: int | None = None
    task: int | None = None
    call: int | None = None
    omit: int | None = None
    include: int | None = None
    plate: int | None = None


def key(cell: str) -> str:
    """A header name without case, spaces, brackets and look-alike letters, in English: 'C(t)' →
    'ct', 'Puits' → 'well'."""
    return _key(cell) if len(cell) <= LONGEST else _plain(cell)


@lru_cache(maxsize=8192)
def _key(cell: str) -> str:
    name = _plain(cell)
    return ENGLISH.get(name, name)


def _plain(cell: str) -> str:
    text = unicodedata.normalize("NFKC", cell).translate(_LOOKALIKES).casefold()
    return "".join(ch for ch in text if ch.isalnum())


def places(header: Iterable[str], names: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Field → column number. Of several names for a field the first in `names` wins."""
    at: dict[str, int] = {}
    for i, cell in enumerate(header):
        at.setdefault(key(cell), i)
    return {
        field: next(at[n] for n in options if n in at)
        for field, options in names.items()
        if any(n in at for n in options)
    }


def well_name(text: str) -> str | None:
    """'a01', '<A1>', '1A' → 'A1'; None when there is no such well on a 96 or 384 plate."""
    text = text.strip()
    if found := _WELL.fullmatch(text):
        return f"{found[1].upper()}{found[2]}"
    found = _TURNED.fullmatch(text)
    return f"{found[2].upper()}{found[1]}" if found else None


def well_of_number(number: int, size: int) -> str | None:
    """Instruments count wells by row from 1: 13 is B1 on 96 and A13 on 384."""
    width = 24 if size == 384 else 12
    if not 1 <= number <= size:
        return None
    row, col = divmod(number - 1, width)
    return f"{chr(65 + row)}{col + 1}"


def read_ct(text: str) -> tuple[float | None, bool]:
    """(ct, measured): ('', no value) and unreadable text are not measured, never 'not detected'."""
    text = text.strip() if text.isascii() else unicodedata.normalize("NFKC", text).strip()
    if is_not_detected(text):
        return None, True
    if _NUMBER.fullmatch(text):
        return float(text.replace(",", ".")), True
    return None, False


def ct_of(raw: str, ways: Ways = PLAIN) -> tuple[float | None, bool]:
    """As read_ct, with what this instrument means by an empty cell and by 0."""
    ct, measured = read_ct(raw)
    if ct == 0 and ways.zero:
        return None, True
    return ct, measured or (ways.blank and not raw)
