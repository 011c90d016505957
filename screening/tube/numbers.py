"""Numbers on tubes, boxes, seals, sites and badges: their kinds, lengths and check digits.

Own numbers are digits only, of even length, so that Code 128 set C halves their width:

    lead digit · second digit · serial · two check digits (ISO/IEC 7064 MOD 97-10)

Live numbers lead with their kind, the second digit is a hint and never trusted. Practice numbers
lead with 9 and carry their kind in the second place, so every screen can tell them offline. A site
and a badge whose id does not fit the short form have 24 digits: the serial is the id itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from screening.registry.check_digits import mod97_10


class Kind(IntEnum):
    """What a number stands on; the value is its lead digit."""

    TUBE = 1
    BOX = 2
    SEAL = 3
    SITE = 4
    BADGE = 5
    RESIDENT = 6

    @property
    def word(self) -> str:
        return self.name.lower()


WORDS = {
    Kind.TUBE: ("采样管码", "a tube"),
    Kind.BOX: ("转运箱码", "a box"),
    Kind.SEAL: ("封签码", "a seal"),
    Kind.SITE: ("采样点码", "a site"),
    Kind.BADGE: ("工作证码", "a staff badge"),
    Kind.RESIDENT: ("居民码", "a resident"),
}
PRACTICE = "9"
LENGTHS = {
    Kind.TUBE: 14,
    Kind.BOX: 12,
    Kind.SEAL: 12,
    Kind.SITE: 10,
    Kind.BADGE: 10,
    Kind.RESIDENT: 14,
}
# a person and a site are named by their own id, which takes twenty digits
LONG_KINDS = (Kind.SITE, Kind.BADGE)
LONG = 24
_FRAME = 4  # lead, second, two check digits: what is not serial


def make_code(kind: Kind, serial: int, *, practice: bool = False) -> str:
    """The number of the `serial`-th thing of its kind; ValueError when the serial does not fit."""
    width = LENGTHS[kind] - _FRAME
    if kind in LONG_KINDS and serial >= 10**width:
        width = LONG - _FRAME
    if not 0 <= serial < 10**width:
        raise ValueError(f"serial of a {kind.word} must have at most {width} digits")
    frame = f"{PRACTICE}{kind.value}" if practice else f"{kind.value}0"
    payload = f"{frame}{serial:0{width}d}"
    return payload + mod97_10(payload)


def make_codes(kind: Kind, serials: Iterable[int], *, practice: bool = False) -> list[str]:
    """The numbers of a whole label run."""
    return [make_code(kind, serial, practice=practice) for serial in serials]


def grouped(text: str) -> str:
    """Digits in fours from the right, as people read them aloud: 10 0000 0000 4271."""
    if not text.isdigit():
        return text
    head = len(text) % 4
    parts = [text[:head]] if head else []
    return " ".join(parts + [text[i : i + 4] for i in range(head, len(text), 4)])
