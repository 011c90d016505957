"""Reading tube numbers with the configured patterns of other systems' labels."""

from __future__ import annotations

from screening.db import fetch
from screening.places.snapshots import Snapshot
from screening.tube.codes import Kind, Pattern, expect

_KINDS = {k.name.lower(): k for k in Kind}


def _load() -> tuple[Pattern, ...]:
    rows = fetch(
        "SELECT name, kind, regex, length, check_name, version FROM code_pattern WHERE active"
    )
    return tuple(Pattern(n, _KINDS[k], rx, ln, ck, v) for n, k, rx, ln, ck, v in rows)


PATTERNS: Snapshot[tuple[Pattern, ...]] = Snapshot(_load)


def read_tube(text: str, *, practice: bool = False) -> str:
    """The number of a tube in its one form. Raises WrongKind, BadCheckDigits, PracticeCode, …"""
    return expect(text, Kind.TUBE, practice=practice, patterns=PATTERNS.get()).text


def read_box(text: str, *, practice: bool = False) -> str:
    return expect(text, Kind.BOX, practice=practice, patterns=PATTERNS.get()).text


def read_seal(text: str, *, practice: bool = False) -> str:
    return expect(text, Kind.SEAL, practice=practice, patterns=PATTERNS.get()).text
