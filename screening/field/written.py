"""What somebody types from a line of paper, taken apart: code, name, telephone (pure).

One field takes all of it, in any order: 张三 31002X, 11010519491231002X 张三 13800000000, R1.…"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

TAIL = re.compile("[0-9]{5}[0-9X]")
_PHONE = re.compile("1[3-9][0-9]{9}")
_HAN = "\u3400-\u9fff\U00020000-\U0003ffff"
_JOINT = re.compile(f"(?<=[{_HAN}])(?=[0-9A-Za-z])|(?<=[0-9A-Za-z])(?=[{_HAN}])")
_BETWEEN = re.compile(r"[\s,;、，；]+")
_RESIDENT = re.compile(r"[Rr][0-9]\.")
_OFFICER = "字第"  # the number of an officer's card has Chinese in it


class Written(NamedTuple):
    """`code` as typed (upper case), empty where only a name stands."""

    code: str
    name: str
    phone: str

    @property
    def tail(self) -> bool:
        """Whether only the last six of a citizen's number are there, beside a name."""
        return bool(self.name and TAIL.fullmatch(self.code))


def take_apart(who: str, name: str = "", phone: str = "") -> Written:
    """The parts of one line. What was typed into a field of its own wins."""
    text = unicodedata.normalize("NFKC", who).strip()
    name, phone = name.strip(), phone.strip()
    if _RESIDENT.match(text) or _OFFICER in text:
        return Written(text.upper(), name, phone)
    words = _BETWEEN.split(_JOINT.sub(" ", text))
    codes = [w.upper() for w in words if any(c.isdigit() for c in w)]
    spoken = " ".join(w for w in words if w and not any(c.isdigit() for c in w))
    if not codes:
        return Written("", name or spoken, phone)
    if not phone and (len(codes) > 1 or name or spoken):
        phone = next((c for c in reversed(codes) if _PHONE.fullmatch(c)), "")
        codes = [c for c in codes if c != phone]
    if spoken and not _is_name(spoken):  # the letters of a passport, typed apart
        return Written(_BETWEEN.sub("", text).upper(), name, phone)
    return Written("".join(codes), name or spoken, phone)


def _is_name(text: str) -> bool:
    return not text.isascii() or len(text.replace(" ", "")) > 3
