"""Lets the planned faults happen while the day is played, and notes which tickets must follow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from screening.drill.day_plan import DayPlan, Fault
from screening.drill.notes import Notes, Table, Way
from screening.drill.runs import Cts
from screening.drill.truth import Truth
from screening.drill.world import World


class Wrongs:
    """With no faults in the plan every question here has its plain answer."""

    def __init__(self, plan: DayPlan, world: World, notes: Notes, truth: Truth) -> None:
        self.plan, self.world, self.notes, self.truth = plan, world, notes, truth
        self.faults: dict[str, Fault] = {fault.kind: fault for fault in plan.faults}

    @property
    def positive_seat(self) -> int:
        fault = self.faults.get("positive_pool")
        return int(fault.detail["positive_seat"]) if fault else 0

    def plant(self) -> None:
        """What is wrong before the day begins."""

    def surely(self) -> set[str]:
        """Refs of the people who must come for a fault to happen."""
        return set()

    def happen(self, now: datetime) -> None:
        """What goes wrong at an hour of its own."""

    def number_for(self, table: Table) -> str | None:
        """A label that should not be here, instead of the next one of the roll."""
        return None

    def stands_here(self, table: Table, tube: str) -> bool:
        return True

    def filled(self, table: Table, tube: str, members: list[int]) -> None:
        """A pool is full."""

    def packed(self, way: Way, tubes: list[str]) -> tuple[list[str], int]:
        """Which tubes are scanned into the box, and what the packer counts."""
        return tubes, len(tubes)

    def sealed(self, way: Way, batch: str, counted: int) -> None:
        """The box is closed."""

    def in_the_box(self, way: Way) -> list[str]:
        """What the laboratory finds."""
        return way.tubes

    def hot(self) -> Mapping[str, Cts]:
        """What the tubes that are not clean show on the instrument."""
        return {
            tube: (31.2, 30.4, 28.0)
            for tube, known in self.truth.tubes.items()
            if known.outcome == "positive"
        }
