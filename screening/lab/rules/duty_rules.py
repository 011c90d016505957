"""Pure rules of duty: who is called for an alert, who is called next, where the roster has gaps."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from screening.places.rules import CITY, COUNTY, EVERYWHERE, Place

LAB_LEVEL, DISTRICT_LEVEL, CITY_LEVEL = 1, 2, 3


class Limit(NamedTuple):
    """A number of the house with where it comes from."""

    value: int
    source: str


# SCREENING_ALERT_MINUTES overrides it
MINUTES = Limit(
    10, "house; laboratory, district and city are called within the 2 h of direct report"
)
LOOK_AHEAD = Limit(72, "house; hours ahead for which the roster shows gaps: a weekend and a Monday")
LATE_MEMBERS = Limit(24, "house; hours in which a phone without network still brings its list")
LONGEST = Limit(31, "house; days of one duty; a longer one is a slip in the date")


class Step(NamedTuple):
    """Some areas on the way down to a home or laboratory, from the tree of areas."""

    area_id: int
    level: int
    path: str

    @property
    def place(self) -> Place:
        return Place("area", self.area_id, self.path)


def city_of(way: Sequence[Step]) -> Place:
    """The city on this way; the whole house where the tree has none."""
    return next((s.place for s in way if s.level == CITY), EVERYWHERE)


def district_of(way: Sequence[Step]) -> Place:
    """The district on this way, or the largest area below the city; the city where there is none."""
    below = [s for s in way if s.level >= COUNTY]
    return min(below, key=lambda s: s.level).place if below else city_of(way)


def level_of(place: Place, way: Sequence[Step]) -> int:
    if place.kind == "lab":
        return LAB_LEVEL
    return CITY_LEVEL if place == city_of(way) else DISTRICT_LEVEL


def one_up(place: Place, way: Sequence[Step]) -> Place:
    """Who is called when nobody here answers: laboratory, its district, the city, the city again.

    `way` leads down to `place`, itself included where it is an area."""
    if place.kind == "lab":
        return district_of(way)
    return city_of(way)


# --- the roster ---------------------------------------------------------------------------------


class Shift(NamedTuple):
    """Somebody is on duty at a place, from `starts_at` until just before `ends_at`."""

    place: tuple[str, int]
    staff_id: int
    starts_at: datetime
    ends_at: datetime


def on_duty(shifts: Iterable[Shift], at: datetime) -> dict[tuple[str, int], list[int]]:
    """Who is on duty now, by place."""
    out: dict[tuple[str, int], list[int]] = {}
    for s in shifts:
        if s.starts_at <= at < s.ends_at and s.staff_id not in out.setdefault(s.place, []):
            out[s.place].append(s.staff_id)
    return out


class Gap(NamedTuple):
    """Nobody is on duty from `since` to `until`."""

    since: datetime
    until: datetime


def gaps(shifts: Iterable[Shift], since: datetime, until: datetime) -> list[Gap]:
    """The hours between `since` and `until` in which none of these shifts runs, in order."""
    out: list[Gap] = []
    at = since
    for s in sorted(shifts, key=lambda s: s.starts_at):
        if s.starts_at >= until:
            break
        if s.starts_at > at:
            out.append(Gap(at, s.starts_at))
        at = max(at, s.ends_at)
    if at < until:
        out.append(Gap(at, until))
    return out


# --- calls --------------------------------------------------------------------------------------


def due_at(called_at: datetime, minutes: int, *, anybody: bool) -> datetime:
    """When the next step is due; at once where nobody is on duty to answer."""
    return called_at + timedelta(minutes=minutes) if anybody else called_at


def is_due(due: datetime, called_at: datetime, now: datetime) -> bool:
    """A call from the future is due as well: the clock was set back meanwhile."""
    return due <= now or called_at > now


def is_stranded(rung: Collection[int], there: Collection[int]) -> bool:
    """Nobody who was rung is on duty there any more, or somebody is where nobody was."""
    return bool(rung or there) and not set(rung) & set(there)


# --- the members of an alerted tube -------------------------------------------------------------

NOT_SAMPLED, SAMPLED, KNOWN = "none", "sampled", "known"


def all_known(singles: Mapping[int, str]) -> bool:
    """Whether each member has a released result of a tube of their own; false without a list."""
    return bool(singles) and all(state == KNOWN for state in singles.values())
