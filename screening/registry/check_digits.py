"""Check digits, pure: the arithmetic by which a phone refuses a misread number without a network.

pwa/scan/codes.js holds the same functions; tests/vectors/codes.json keeps the two together.
"""

from __future__ import annotations

from collections.abc import Callable

GB11643_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
GB11643_CHECKS = "10X98765432"


def mod97_10(payload: str) -> str:
    """Two check digits, ISO/IEC 7064 MOD 97-10; letters count as 10..35, as in the standard."""
    number = int("".join(str(int(char, 36)) for char in payload) + "00")
    return f"{98 - number % 97:02d}"


def hybrid(values: list[int], size: int) -> int:
    """The check value of an ISO/IEC 7064 hybrid system MOD size+1,size over values 0..size-1."""
    carry = size
    for value in values:
        carry = (carry + value) % size or size
        carry = carry * 2 % (size + 1)
    return (size + 1 - carry) % size


def mod11_10(payload: str) -> str:
    """One check digit, ISO/IEC 7064 MOD 11,10."""
    return str(hybrid([int(char) for char in payload], 10))


def luhn(payload: str) -> str:
    """One check digit, ISO/IEC 7812-1 annex B."""
    total = 0
    for place, char in enumerate(reversed(payload)):
        value = int(char) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def gs1_mod10(payload: str) -> str:
    """One check digit, GS1 General Specifications 7.9: weights 3, 1 from the right."""
    total = sum(int(c) * (3 if i % 2 == 0 else 1) for i, c in enumerate(reversed(payload)))
    return str(-total % 10)


def gb11643(first17: str) -> str:
    """The 18th character of a citizen number, GB 11643 (MOD 11-2 of ISO/IEC 7064): 0-9 or X."""
    total = sum(int(c) * w for c, w in zip(first17, GB11643_WEIGHTS, strict=True))
    return GB11643_CHECKS[total % 11]


# What a label pattern may name: how many characters the check takes, and who computes it.
CHECKS: dict[str, tuple[int, Callable[[str], str]]] = {
    "mod97_10": (2, mod97_10),
    "mod11_10": (1, mod11_10),
    "luhn": (1, luhn),
    "gs1_mod10": (1, gs1_mod10),
}


def passes(check: str, text: str) -> bool:
    """Whether `text`, hyphens left out, ends in the right check digits of the named check."""
    if check == "none":
        return True
    length, compute = CHECKS[check]
    plain = text.replace("-", "")
    payload, given = plain[:-length], plain[-length:]
    if not payload or not given.isdigit() or not (payload.isdigit() or check == "mod97_10"):
        return False
    return compute(payload) == given
