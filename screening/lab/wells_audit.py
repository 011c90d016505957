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
    "no_wells": ("没有孔位记录（结果清单）", "no wells on record (result list)"),
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


class DayCount(NamedTuple):
    """A day: tubes judged by plates and by result lists, and the wells that were run for them."""

    day: date
    plates: int
    judged: int
    wells: int
    listed: int

    def flags(self, capacity: int) -> list[str]:
        found = []
        if self.wells < self.judged:
            found.append("fewer_wells")
        if capacity and self.judged + self.listed > capacity:
            found.append("over_capacity")
        if self.listed:
            found.append("no_wells")
        return found
