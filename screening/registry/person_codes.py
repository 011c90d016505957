"""Codes that stand for a person: the printed resident code and the code to look a result up.

Neither holds a document number. The resident code names (it is no secret: it is shown at the
table); the access code proves, so it is random and stored only as a keyed hash.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from screening.registry.check_digits import hybrid, mod97_10
from screening.registry.scans import BadCheckDigits, CodeProblem, WrongLength, normalise_scan

RESIDENT_PREFIX = "R1."
_RESIDENT = re.compile(r"R1\.([0-9]{1,10})-([0-9]{1,19})-([0-9]{2})")
_CELL_DIGITS, _PERSON_DIGITS = 10, 19  # int4 and int8 written out
_MAX_CELL, _MAX_PERSON = 2**31 - 1, 2**63 - 1

# Crockford's base 32: no I, L, O, U; what people mistake is folded back.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISTAKEN = str.maketrans("OIL", "011")
ACCESS_LENGTH = 12  # 11 random characters = 55 bits, and one check character
_GROUP = 4


class NotAResidentCode(CodeProblem):
    code = "not_a_resident_code"
    zh = "这不是居民码。"
    en = "This is not a resident code."


class BadAccessCode(CodeProblem):
    code = "bad_access_code"
    zh = "查询码有误，请对照纸条再输一次。"
    en = "The look-up code is not right; compare it with your slip and type it again."


def _resident_check(cell: str, person: str) -> str:
    # Padded, so that a hyphen in the wrong place changes the sum.
    return mod97_10("R1" + cell.zfill(_CELL_DIGITS) + person.zfill(_PERSON_DIGITS))


def make_resident_code(cell: int, person: int) -> str:
    """The text of a person's QR: R1.<cell>-<person id>-<2 check digits>."""
    if not (0 <= cell <= _MAX_CELL and 0 <= person <= _MAX_PERSON):
        raise ValueError("cell or person out of range")
    return f"{RESIDENT_PREFIX}{cell}-{person}-{_resident_check(str(cell), str(person))}"


def read_resident_code(text: str) -> tuple[int, int]:
    """(cell, person) of a resident code; raises NotAResidentCode or BadCheckDigits."""
    match = _RESIDENT.fullmatch(normalise_scan(text))
    if not match:
        raise NotAResidentCode
    cell, person, check = match.groups()
    if check != _resident_check(cell, person):
        raise BadCheckDigits
    if int(cell) > _MAX_CELL or int(person) > _MAX_PERSON:
        raise NotAResidentCode
    return int(cell), int(person)


def _access_check(payload: str) -> str:
    return ALPHABET[hybrid([ALPHABET.index(char) for char in payload], len(ALPHABET))]


def new_access_code(rand: Callable[[int], int]) -> str:
    """A fresh look-up code, XXXX-XXXX-XXXX; `rand(n)` gives 0..n-1 (secrets.randbelow)."""
    payload = "".join(ALPHABET[rand(len(ALPHABET))] for _ in range(ACCESS_LENGTH - 1))
    return show_access_code(payload + _access_check(payload))


def show_access_code(code: str) -> str:
    """A normalised code in the groups of four that people read."""
    return "-".join(code[i : i + _GROUP] for i in range(0, len(code), _GROUP))


def normalise_access_code(text: str) -> str:
    """Twelve characters without hyphens, O I L read as 0 1 1; this is what is hashed.

    Raises WrongLength or BadAccessCode, so that a typing slip is never counted as a guess.
    """
    code = normalise_scan(text).replace("-", "").translate(_MISTAKEN)
    if len(code) != ACCESS_LENGTH:
        raise WrongLength(length=len(code), wanted=ACCESS_LENGTH)
    if any(char not in ALPHABET for char in code) or code[-1] != _access_check(code[:-1]):
        raise BadAccessCode
    return code
