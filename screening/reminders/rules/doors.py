"""The order of doors on a home-visit plan: building, unit, floor, room (pure)."""

from __future__ import annotations

import re

_PARTS = re.compile(r"(\d+)")
_DIGITS = re.compile(r"\d+")
LAST = 10_000  # after every floor: the room is not known


def natural(text: str | None) -> tuple[tuple[int, int, str], ...]:
    """A key by which 2号楼 stands before 10号楼; nothing known comes last."""
    plain = (text or "").strip()
    if not plain:
        return ((2, 0, ""),)
    return tuple(
        (0, int(part), "") if part.isdecimal() else (1, 0, part)
        for part in _PARTS.split(plain) if part
    )  # fmt: skip


def floor_of(room: str | None) -> int | None:
    """The floor of a room as doors are numbered: 1203 and 12-03 are on floor 12, 101 on 1, B102 on
    -1; None when the number does not say."""
    plain = (room or "").strip().upper().removesuffix("室").removesuffix("号")
    sign = -1 if plain.startswith(("B", "-", "负")) else 1
    digits = _DIGITS.findall(plain)
    if not digits:
        return None
    number = digits[-1]
    if len(digits) > 1 and len(number) <= 2:  # 3-02: the floor stands before the line
        return sign * int(digits[-2])
    if len(number) < 3:
        return None
    return sign * int(number[:-2])


def door_key(building: str, unit: str | None, room: str | None, *, down: bool = False) -> tuple:
    """Where a door stands on the way: through the buildings and units, floor by floor from the
    ground (or `down` from the top), then by room."""
    floor = floor_of(room)
    step = LAST if floor is None else (-floor if down else floor)
    return (natural(building), natural(unit), step, natural(room))
