"""Lets the planned faults happen while the day is played, and notes which tickets must follow."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from screening.drill.day_plan import Fault
from screening.drill.notes import Table, Way
from screening.drill.runs import Cts
from screening.transport.rules import batch_ref
from screening.tube.codes import Kind, make_code

if TYPE_CHECKING:
    from screening.drill.day import Day

HOT: Cts = (31.2, 30.4, 28.0)


class Wrongs:
    """With no faults in the plan every question here has its plain answer."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.faults: dict[str, Fault] = {fault.kind: fault for fault in day.plan.faults}

    def _at(self, kind: str, where: str) -> Fault | None:
        """The fault of this kind if it happens here."""
        fault = self.faults.get(kind)
        return fault if fault is not None and fault.where == where else None

    def _came_true(self, fault: Fault, ticket: str = "", subject: str = "") -> None:
        if fault.ref not in self.day.truth.faults:
            self.day.truth.faults.append(fault.ref)
        if ticket:
            self.day.truth.expect(ticket, subject)

    def _number(self, fault: Fault, site: str) -> str:
        """The label with the plan's serial; the site's real roll may begin elsewhere."""
        planned = next(stock for stock in self.day.plan.labels if stock.site == site)
        place = int(fault.detail["serial"]) - planned.first
        return make_code(Kind.TUBE, self.day.world.site(site).tubes.first + place)

    # --- before the first person ----------------------------------------------------------------

    def plant(self) -> None:
        """Delay the late box. A wrong clock is enrolled with its device."""
        if wrong := self.faults.get("wrong_clock"):
            device = self.day.notes.phones[wrong.where].device_id
            self._came_true(wrong, "clock_skew", str(device))
        if late := self.faults.get("late_box"):
            way = next(w for w in self.day.notes.ways if w.ref == late.where)
            way.arrives_at += timedelta(minutes=int(late.detail["minutes_late"]))

    def surely(self) -> set[str]:
        """Refs of the people who must come for a fault to happen."""
        double = self.faults.get("double_swab")
        return {str(double.detail["person"])} if double else set()

    # --- at an hour of its own ------------------------------------------------------------------

    def happen(self, now: datetime) -> None:
        dead = self.faults.get("dead_phone")
        if dead and now >= dead.at and self.day.notes.once(dead.ref):
            until = datetime.fromisoformat(str(dead.detail["sends_again_at"]))
            self.day.notes.phones[dead.where].dark_until = until
            self._came_true(dead)
        double = self.faults.get("double_swab")
        if double and now >= datetime.fromisoformat(str(double.detail["second_at"])):
            self._come_again(double, now)

    def _come_again(self, double: Fault, now: datetime) -> None:
        """The same person stands at the head of another site's queue."""
        day = self.day
        if not day.notes.once(double.ref):
            return
        person = next(i for i, p in enumerate(day.people) if p.ref == double.detail["person"])
        table = next(t for t in day.notes.tables if t.site == double.where)
        if not table.coming:
            table.next_at = max(table.next_at, now)
        table.coming.insert(0, person)
        self._came_true(double, "already_sampled", str(day.people[person].person_id))

    # --- at the tables --------------------------------------------------------------------------

    def number_for(self, table: Table) -> str | None:
        """A label that should not be here, instead of the next one of the roll."""
        fault = self.faults.get("tube_at_two_sites")
        if fault is None or table.next_at < fault.at or not self._other_table(fault, table):
            return None
        if not self.day.notes.once(fault.ref):
            return None
        tube = self._number(fault, fault.where)
        self._came_true(fault, "two_sites", tube)
        for follows in ("over_count", "list_incomplete"):  # two lists, two counts, one number
            self.day.truth.expect(follows, tube)
        return tube

    def _other_table(self, fault: Fault, table: Table) -> bool:
        other = (fault.detail["other_site"], fault.detail["other_table"])
        return (table.site, table.number) == other

    def stands_here(self, table: Table, tube: str) -> bool:
        """The second tube of one number is set aside when the packer sees it."""
        fault = self.faults.get("tube_at_two_sites")
        return not (
            fault is not None
            and self._other_table(fault, table)
            and tube == self._number(fault, fault.where)
        )

    def filled(self, table: Table, tube: str, members: list[int]) -> None:
        """A pool is full; one of the day is positive."""
        fault = self._at("positive_pool", table.site)
        if fault is None:
            return
        this = (table.number, table.full)
        if this == (fault.detail["table"], fault.detail["nth_full_tube"]):
            self.day.truth.tubes[tube].outcome = "positive"
            self.day.notes.members[tube] = members
            self._came_true(fault)

    @property
    def positive_seat(self) -> int:
        fault = self.faults.get("positive_pool")
        return int(fault.detail["positive_seat"]) if fault else 0

    # --- boxes ----------------------------------------------------------------------------------

    def packed(self, way: Way, tubes: list[str]) -> tuple[list[str], int]:
        """Which tubes are scanned into the box, and what the packer counts."""
        fault = self._at("wrong_count", way.ref)
        if fault is None or len(tubes) < 2:
            return tubes, len(tubes)
        return tubes[:-1], len(tubes)

    def sealed(self, way: Way, batch: str) -> None:
        """The box is closed and on its way."""
        number = str(batch_ref(batch)[1])
        for kind, ticket in (("wrong_count", "seal_mismatch"), ("late_box", "late_box")):
            if fault := self._at(kind, way.ref):
                self._came_true(fault, ticket, number)

    def in_the_box(self, way: Way) -> list[str]:
        """What the laboratory finds when it opens the box."""
        found = list(way.tubes)
        if fault := self._at("lost_tube", way.ref):
            tube = found.pop(int(fault.detail["nth_tube_of_box"]) - 1)
            self._came_true(fault, "missing_at_lab", tube)
        if fault := self._at("unknown_tube", way.ref):
            found.append(tube := self._number(fault, way.site))
            self._came_true(fault, "unknown_tube", tube)
            self.day.truth.expect("wrong_box", tube)  # nobody packed it
        for tube in found:
            if self._is_dark(tube, way.arrives_at):
                self.day.truth.expect("unknown_tube", tube)
        return found

    def _is_dark(self, tube: str, at: datetime) -> bool:
        """Whether the list of the tube lies on a phone that has not sent it by then."""
        phones = self.day.notes.phones.values()
        dark = [p for p in phones if p.dark_until is not None and at < p.dark_until]
        return any(tube in text for phone in dark for text in phone.unsent)

    # --- the instrument -------------------------------------------------------------------------

    def hot(self) -> Mapping[str, Cts]:
        """What the tubes that are not clean show."""
        tubes = self.day.truth.tubes.items()
        return {tube: HOT for tube, known in tubes if known.outcome == "positive"}
