"""Wells against tubes: what a laboratory ran, beside what it reports (pure).

Laboratories that mixed pooled tubes again (Beijing 2022) ran fewer wells than they had tubes; who
reports more than it can run, or without any well on record, is asked about it (edge 45)."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple

FLAGS = {
    "fewer_wells": ("孔数少于管数：疑似再次混样", "fewer wells than tubes: mixed again?"),
    "wells_unread": ("文件里少了试管孔", "wells of tubes are not in the file"),
    "over_capacity": ("超过日检测能力", "more than the capacity of a day"),
    "no_wells": (
        "没有孔位记录（结果清单），请填报用量",
        "no wells on record (result list): tell the use",
    ),
    "fewer_reactions": ("试剂人份少于管数或孔数", "fewer reactions of kits than tubes or wells"),
    "told_fewer": ("填报孔数少于系统记录", "fewer wells told than the system holds"),
}


class RunCount(NamedTuple):
    """A run: tubes it judged, wells that its plate holds for tubes, and those of them in the file."""

    run_id: int
    plate_id: int
    code: str
    rule_id: int
    state: str
    at: datetime
    tubes: int
    wells: int
    read: int
    judged: int

    def flags(self, per_tube: int) -> list[str]:
        found = []
        if self.wells < max(self.tubes, self.judged) * per_tube:
            found.append("fewer_wells")
        if self.read < self.tubes * per_tube:
            found.append("wells_unread" if self.judged == 0 else "fewer_wells")
        return list(dict.fromkeys(found))


class Told(NamedTuple):
    """What the laboratory says it used on a day: all wells run, all reactions of its kits."""

    wells: int
    reactions: int
    by: int
    at: datetime


class DayCount(NamedTuple):
    """A day: tubes judged by plates and by result lists, the wells that were run for them, and
    what the laboratory told."""

    day: date
    plates: int
    judged: int
    wells: int
    listed: int
    told: Told | None = None

    def flags(self, capacity: int) -> list[str]:
        tubes = self.judged + self.listed
        found = []
        if self.wells < self.judged or (self.told and self.told.wells < tubes):
            found.append("fewer_wells")
        if self.told and self.told.reactions < max(tubes, self.wells):
            found.append("fewer_reactions")
        if self.told and self.told.wells < self.wells:
            found.append("told_fewer")
        if capacity and tubes > capacity:
            found.append("over_capacity")
        if self.listed and not self.told:
            found.append("no_wells")
        return found
