"""When a run began, out of the many ways in which instruments write a time, pure.

A date that can be read in two ways counts as whichever is kinder: nobody is refused by a guess."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Limit(NamedTuple):
    """A number of the house with where it comes from."""

    value: int
    source: str


SLACK_MINUTES = Limit(15, "house; clocks of instruments are set by hand")

# names that instruments print; whatever else stands there is taken as the laboratory's own time
_ZONES = {"UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
          "PST": -8, "PDT": -7, "BST": 1, "CET": 1, "CEST": 2, "VET": -4, "JST": 9}  # fmt: skip
_MONTHS = {m: i for i, m in enumerate(
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], 1)}  # fmt: skip
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*([AaPp][Mm])?")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})")
_YEAR_LAST = re.compile(r"(?<!\d)(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)")
_WORDS = re.compile(r"\b([A-Za-z]{3})[a-z]*\s+(\d{1,2})(?!\d).*?(?<!\d)(\d{4})(?!\d)")
_ZONE = re.compile(r"([+-])(\d{2}):?(\d{2})$|\b([A-Z]{3,4})\b|(Z)$")


def readings(text: str | None, home: ZoneInfo) -> list[datetime]:
    """Every moment that `text` may mean, aware; none where it cannot be read."""
    said = (text or "").strip()
    time = _TIME.search(said)
    if time is None:
        return []
    hour, minute, second = int(time[1]), int(time[2]), int(time[3] or 0)
    half = (time[4] or "").lower()
    if half == "pm" and hour < 12:
        hour += 12
    elif half == "am" and hour == 12:
        hour = 0
    zones = _zones(said[time.end() :], home)
    found = []
    for year, month, day in _dates(said):
        for zone in zones:
            try:
                found.append(datetime(year, month, day, hour, minute, second, tzinfo=zone))
            except ValueError:
                continue
    return found


def _dates(said: str) -> list[tuple[int, int, int]]:
    if m := _YEAR_FIRST.search(said):
        return [(int(m[1]), int(m[2]), int(m[3]))]
    if m := _YEAR_LAST.search(said):
        year = int(m[3]) + (2000 if len(m[3]) == 2 else 0)
        return [(year, int(m[1]), int(m[2])), (year, int(m[2]), int(m[1]))]
    if (m := _WORDS.search(said)) and (month := _MONTHS.get(m[1].lower())):
        return [(int(m[3]), month, int(m[2]))]
    return []


def _zones(rest: str, home: ZoneInfo) -> list[timezone | ZoneInfo]:
    m = _ZONE.search(rest.strip())
    if m and m[5]:
        return [UTC]
    if m and m[1]:
        shift = timedelta(hours=int(m[2]), minutes=int(m[3]))
        return [timezone(shift if m[1] == "+" else -shift)]
    if m and m[4] == "CST":  # China's too
        return [timezone(timedelta(hours=8)), timezone(timedelta(hours=-6))]
    if m and m[4] in _ZONES:
        return [timezone(timedelta(hours=_ZONES[m[4]]))]
    return [home]


def began_before(text: str | None, moment: datetime, home: ZoneInfo) -> bool:
    """Whether the run began before `moment` in every way in which its time can be read."""
    limit = moment - timedelta(minutes=SLACK_MINUTES.value)
    found = readings(text, home)
    return bool(found) and all(at < limit for at in found)


def other_instrument(planned: str | None, serial: str | None) -> bool:
    """Whether the file names another instrument than the plate was started on; silence agrees."""
    ours, said = (re.sub(r"[^0-9a-z]", "", (x or "").casefold()) for x in (planned, serial))
    return bool(ours and said) and ours.lstrip("0") != said.lstrip("0")
