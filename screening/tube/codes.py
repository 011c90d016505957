"""Numbers on tubes, boxes, seals, sites and badges: made, read, and refused when they do not fit.

Own numbers are digits only, of even length, so that Code 128 set C halves their width:

    lead digit · second digit · serial · two check digits (ISO/IEC 7064 MOD 97-10)

Live numbers lead with their kind, the second digit is a hint and never trusted. Practice numbers
lead with 9 and carry their kind in the second place, so every screen can tell them offline. A site
and a badge whose id does not fit the short form have 24 digits: the serial is the id itself.
Resident and access codes live in registry/person_codes.py and are offered here too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

from screening.errors import Problem
from screening.registry.check_digits import CHECKS, mod97_10, passes
from screening.registry.person_codes import (
    RESIDENT_PREFIX,
    BadAccessCode,
    NotAResidentCode,
    make_resident_code,
    new_access_code,
    normalise_access_code,
    read_resident_code,
    show_access_code,
)
from screening.registry.scans import (
    BadCheckDigits,
    CodeProblem,
    NothingRead,
    OddCharacters,
    WrongLength,
    hex_of,
    normalise_scan,
)
from screening.registry.signed_codes import SIGNED_PREFIX

__all__ = [
    "BadAccessCode",
    "BadCheckDigits",
    "BadPattern",
    "CodeProblem",
    "Kind",
    "LiveCode",
    "NotAResidentCode",
    "NothingRead",
    "OddCharacters",
    "Pattern",
    "PracticeCode",
    "Reading",
    "UnknownCode",
    "WrongKind",
    "WrongLength",
    "check_pattern",
    "expect",
    "grouped",
    "make_code",
    "make_codes",
    "make_resident_code",
    "new_access_code",
    "normalise_access_code",
    "normalise_scan",
    "read_code",
    "read_resident_code",
    "show_access_code",
]


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
MAX_LENGTH = 32  # of any code taken as text; longer reads are posters and web addresses
_ALLOWED = re.compile("[0-9A-Z-]*")


class WrongKind(CodeProblem):
    """`seen` and `wanted` are words of Kind."""

    code = "wrong_kind"
    zh = "这是{seen}，这里要扫{wanted}。"
    en = "This is the code of {seen}; {wanted} is needed here."

    def sentence(self, lang: str = "zh") -> str:
        place = 1 if lang == "en" else 0
        words = {k: WORDS[Kind[str(self.details[k]).upper()]][place] for k in ("seen", "wanted")}
        return (self.en if lang == "en" else self.zh).format(**words)


class UnknownCode(CodeProblem):
    code = "unknown_code"
    zh = "不认识这个码：不是本系统的码，也不在已登记的标签之内。"
    en = "This code is not one of ours and fits no registered label."


class PracticeCode(CodeProblem):
    code = "practice_code"
    zh = "这是练习用的码，不能用于正式采样。"
    en = "This is a practice code and cannot be used for real."


class LiveCode(PracticeCode):
    code = "live_code"
    zh = "这是正式的码，练习时请用练习码。"
    en = "This is a real code; use practice codes for practice."


class BadPattern(Problem):
    status = 422
    code = "bad_pattern"
    zh = "标签格式“{name}”写得不对：只能用数字、大写字母、-、[ ]、\\d、{{n}}、{{n,m}}、? 和一对括号。"
    en = (
        "The label pattern “{name}” is not right: use digits, capitals, -, [ ], \\d, {{n}}, "
        "{{n,m}}, ? and one pair of brackets."
    )


@dataclass(frozen=True)
class Pattern:
    """A foreign label: another maker's tubes, boxes or seals, configured and versioned.

    `regex` must match the whole text. `check` names a function of check_digits.CHECKS or is None;
    it is applied to the bracketed part of the regex, or to the whole when there is none.
    """

    name: str
    kind: Kind
    regex: str
    length: int | None = None
    check: str | None = None
    version: int = 1

    def to_dict(self) -> dict[str, Any]:
        """As pwa/scan/codes.js reads it."""
        return {
            "name": self.name,
            "kind": self.kind.word,
            "regex": self.regex,
            "length": self.length,
            "check": self.check,
            "version": self.version,
        }


@dataclass(frozen=True)
class Reading:
    """A number understood. `serial` is None for foreign labels, a person's id for an R1 code."""

    kind: Kind
    text: str
    serial: int | None
    foreign: Pattern | None = None
    practice: bool = False
    cell: int | None = None


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


def read_code(text: str, patterns: Sequence[Pattern] = ()) -> Reading:
    """What a scan or typing stands for.

    An own number wins over a pattern that matches it too: a box taken as a tube costs more than
    one foreign label in a hundred that happens to pass our check digits. Raises NothingRead,
    OddCharacters, WrongLength, BadCheckDigits, NotAResidentCode or UnknownCode.
    """
    code = normalise_scan(text)
    if code.startswith(RESIDENT_PREFIX):
        cell, person = read_resident_code(code)
        return Reading(Kind.RESIDENT, code, person, cell=cell)
    if code.startswith(SIGNED_PREFIX):  # whose signature registry.code_keys reads
        return Reading(Kind.RESIDENT, code, None)
    if not code:
        raise NothingRead
    if not _ALLOWED.fullmatch(code):
        raise OddCharacters(hex=hex_of(text))
    if len(code) > MAX_LENGTH:
        raise WrongLength(length=len(code), wanted=f"≤ {MAX_LENGTH}")
    own = _read_own(code)
    if isinstance(own, Reading):
        return own
    return _read_foreign(code, patterns, otherwise=own)


def expect(
    text: str, kind: Kind, *, practice: bool = False, patterns: Sequence[Pattern] = ()
) -> Reading:
    """The reading a screen asked for; raises also WrongKind, PracticeCode, LiveCode."""
    reading = read_code(text, patterns)
    if reading.kind != kind:
        raise WrongKind(seen=reading.kind.word, wanted=kind.word)
    if reading.practice and not practice:
        raise PracticeCode
    # A resident's paper is the one live thing that practice may show: nothing is written on it.
    if practice and not reading.practice and kind is not Kind.RESIDENT:
        raise LiveCode
    return reading


def _read_own(code: str) -> Reading | CodeProblem:
    """The reading of an own number, or why it is none."""
    practice = code[0] == PRACTICE
    lead = code[1:2] if practice else code[0]
    if not (code.isdigit() and lead and int(lead) in Kind._value2member_map_):
        return UnknownCode()
    kind = Kind(int(lead))
    if len(code) != LENGTHS[kind] and not (kind in LONG_KINDS and len(code) == LONG):
        return WrongLength(length=len(code), wanted=LENGTHS[kind])
    if mod97_10(code[:-2]) != code[-2:]:
        return BadCheckDigits()
    return Reading(kind, code, int(code[2:-2]), practice=practice)


def _read_foreign(code: str, patterns: Sequence[Pattern], *, otherwise: CodeProblem) -> Reading:
    for pattern in patterns:
        match = _compiled(pattern.regex).fullmatch(code)
        if not match or (pattern.length and len(code) != pattern.length):
            continue
        checked = match[1] if match.re.groups and match[1] is not None else code
        if passes(pattern.check or "none", checked):
            return Reading(pattern.kind, code, None, foreign=pattern)
        otherwise = BadCheckDigits()
    raise otherwise


_ITEM = (
    r"(?:\\d|[0-9A-Z-]|\[(?:\\d|[0-9A-Z]-[0-9A-Z]|[0-9A-Z])+-?\])"  # one character
    r"(?:\{[0-9]{1,2}(?:,[0-9]{1,2})?\}|\?)?"  # how often, always bounded
)
_GRAMMAR = re.compile(rf"\^?(?:{_ITEM})*(?:\((?:{_ITEM})+\)(?:{_ITEM})*)?\$?")
_MAX_CHOICES = 3  # of {n,m} and ?: more would let one short text be matched in too many ways


@lru_cache(maxsize=256)
def _compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex, re.ASCII)


def check_pattern(pattern: Pattern) -> Pattern:
    """The pattern itself, if phone and server will read it alike and fast; else BadPattern."""
    choices = pattern.regex.count(",") + pattern.regex.count("?")
    known = pattern.check is None or pattern.check == "none" or pattern.check in CHECKS
    length = pattern.length is None or 1 <= pattern.length <= MAX_LENGTH
    short = len(pattern.regex) <= 100 and choices <= _MAX_CHOICES
    if not (known and length and short and pattern.regex and _GRAMMAR.fullmatch(pattern.regex)):
        raise BadPattern(name=pattern.name)
    try:
        _compiled(pattern.regex)
    except re.error as fault:
        raise BadPattern(name=pattern.name) from fault
    return pattern
