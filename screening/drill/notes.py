"""What the player remembers between two moments, so that a stopped day goes on where it was."""

from __future__ import annotations

from datetime import datetime

import msgspec

from screening.drill.phones import Kept

# of a trip
PLANNED, ON_THE_WAY, OVER = "planned", "on_the_way", "over"
# of a plate
RUNNING, SIGNED_ONCE = "running", "signed_once"


class Table(msgspec.Struct):
    """A table and who still comes to it, in order (places in the list of people)."""

    device: str
    site: str
    number: int
    staff: int
    coming: list[int]
    next_at: datetime
    seconds: float  # from one person to the next
    full: int = 0  # tubes of ten so far
    round: str = ""  # ref; empty: the first one of the day


class Waiting(msgspec.Struct):
    """A closed tube that stands at its site."""

    tube: str
    since: datetime


class Way(msgspec.Struct):
    """A trip of the plan, or one more for single swabs."""

    ref: str
    site: str
    lab: str
    leaves_at: datetime
    arrives_at: datetime
    courier: int = 0
    stage: str = PLANNED
    seal: str = ""
    round: str = ""  # of its tubes: a box is of one round
    tubes: list[str] = msgspec.field(default_factory=list)


class Plate(msgspec.Struct):
    lab: str
    plate_id: int
    code: str
    controls: dict[str, str]
    wells: dict[str, str]
    due_at: datetime
    stage: str = RUNNING
    run_id: int = 0


class Again(msgspec.Struct):
    """A member of a positive pool who is to be swabbed alone."""

    person: int
    site: str
    due_at: datetime
    outcome: str


class Notes(msgspec.Struct):
    until: datetime  # everything up to here has been played
    phones: dict[str, Kept] = msgspec.field(default_factory=dict)
    tables: list[Table] = msgspec.field(default_factory=list)
    ready: dict[str, list[Waiting]] = msgspec.field(default_factory=dict)
    ways: list[Way] = msgspec.field(default_factory=list)
    racks: dict[str, list[Waiting]] = msgspec.field(default_factory=dict)
    plates: list[Plate] = msgspec.field(default_factory=list)
    held: dict[str, list[Waiting]] = msgspec.field(default_factory=dict)  # not to be released yet
    again: list[Again] = msgspec.field(default_factory=list)
    members: dict[str, list[int]] = msgspec.field(default_factory=dict)  # of positive tubes
    rounds: dict[str, str] = msgspec.field(default_factory=dict)  # of tubes not of the first round
    used: dict[str, int] = msgspec.field(default_factory=dict)  # labels by kind and site
    done: list[str] = msgspec.field(default_factory=list)  # things that happen once
    plated: int = 0

    def once(self, what: str) -> bool:
        """True the first time only."""
        if what in self.done:
            return False
        self.done.append(what)
        return True
