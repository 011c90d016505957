"""What really happened in a drill, kept by who played it: the measure for all that is shown."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec


class Swab(msgspec.Struct):
    tube: str
    person: str  # ref
    at: datetime
    purpose: str = "screen"


class Tube(msgspec.Struct):
    site: str
    outcome: str = "negative"
    packed: bool = False
    received: bool = False
    released: bool = False


class Box(msgspec.Struct):
    trip: str
    seal: str
    batch: str
    tubes: list[str]
    counted: int


class Ticket(msgspec.Struct, frozen=True):
    """A ticket that must be there; `subject` is empty where only the server can name it."""

    kind: str
    subject: str = ""


class Truth(msgspec.Struct):
    swabs: list[Swab] = msgspec.field(default_factory=list)
    tubes: dict[str, Tube] = msgspec.field(default_factory=dict)
    boxes: list[Box] = msgspec.field(default_factory=list)
    faults: list[str] = msgspec.field(default_factory=list)  # refs of those that have happened
    tickets: list[Ticket] = msgspec.field(default_factory=list)

    def expect(self, kind: str, subject: str = "") -> None:
        if (wanted := Ticket(kind, subject)) not in self.tickets:
            self.tickets.append(wanted)

    def persons(self) -> set[str]:
        """Refs of everybody who was swabbed."""
        return {swab.person for swab in self.swabs}


def save(path: Path, value: msgspec.Struct) -> None:
    """Whole or not at all: a player that is stopped while writing loses nothing."""
    part = path.with_suffix(".part")
    part.write_bytes(msgspec.json.encode(value) + b"\n")
    part.replace(path)
