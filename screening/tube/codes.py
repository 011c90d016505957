"""A scan or typing understood, or refused with the reason.

How own numbers are built stands in numbers.py, what other makers' labels look like in patterns.py;
resident and access codes live in registry/person_codes.py. All of them are offered here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from screening.registry.check_digits import mod97_10, passes
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
from screening.tube.numbers import (
    LENGTHS,
    LONG,
    LONG_KINDS,
    PRACTICE,
    WORDS,
    Kind,
    grouped,
    make_code,
    make_codes,
)
from screening.tube.patterns import MAX_LENGTH, BadPattern, Pattern, check_pattern, compiled

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


@dataclass(frozen=True)
class Reading:
    """A number understood. `serial` is None for foreign labels, a person's id for an R1 code."""

    kind: Kind
    text: str
    serial: int | None
    foreign: Pattern | None = None
    practice: bool = False
    cell: int | None = None


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
        match = compiled(pattern.regex).fullmatch(code)
        if not match or (pattern.length and len(code) != pattern.length):
            continue
        checked = match[1] if match.re.groups and match[1] is not None else code
        if passes(pattern.check or "none", checked):
            return Reading(pattern.kind, code, None, foreign=pattern)
        otherwise = BadCheckDigits()
    raise otherwise
