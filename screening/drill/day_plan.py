"""The plan of a drill day as plain values: who, where, when, and the faults planted on purpose."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

import msgspec


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCommunity:
    code12: str
    name: str
    street: str  # code12
    county: str  # code12
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedZone:
    """A zone over whole communities, or over single buildings of one community."""

    ref: str
    name: str
    kind: str  # lock, control, prevent
    communities: tuple[str, ...]
    buildings: tuple[str, ...] = ()
    starts_at: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRule:
    """How people of a zone or a cohort are swabbed; a cohort's rule goes before a zone's."""

    zone: str | None = None
    cohort: str | None = None
    mode: str  # single, household, pooled
    capacity: int  # a maximum
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRound:
    ref: str
    name: str
    kind: str  # mass, cohort
    communities: tuple[str, ...]
    cohorts: tuple[str, ...] = ()
    sites: tuple[str, ...]
    starts_at: datetime
    stops_at: datetime
    due_at: datetime  # all links done
    pool_rules: tuple[PoolRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedSite:
    ref: str
    name: str
    kind: str  # community, checkpoint, isolation, arrival
    community: str  # where it stands, code12
    catchment: tuple[str, ...]  # whose residents come here
    tables: int
    opens_at: datetime
    closes_at: datetime
    lab: str
    visitors: int = 0  # people who stand in no register of the scope


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLab:
    ref: str
    name: str
    community: str
    capacity: int  # tubes a day
    instrument: str  # whose export format its runs have
    wells: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """A made member of staff; `scope` is a site, a lab or an area code by `scope_kind`."""

    ref: str
    name: str
    phone: str
    role: str
    scope_kind: str  # all, area, site, lab
    scope: str = ""
    until: datetime | None = None  # temporary accounts end by themselves


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDevice:
    ref: str
    kind: str  # table, packing, courier, reception
    place: str  # ref of the site, staff member or lab
    table: int = 0
    clock_offset: int = 0  # seconds its clock is ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelStock:
    """A roll of tube labels lying at a site: serials first .. first + count - 1."""

    site: str
    first: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """One box on its way from one site to a lab."""

    ref: str
    courier: str
    site: str
    lab: str
    leaves_at: datetime
    arrives_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Something that goes wrong on purpose, and what the system must make of it.

    `where` is the ref of the place, device or trip; `shows` names the parts of the balance
    (ledger.a to ledger.f, architecture 1.1), tickets and lists it must appear in; `heals_at` is
    when a later fact explains it by itself, None if only people can.
    """

    ref: str
    kind: str
    at: datetime
    where: str
    detail: dict[str, str | int | float]
    shows: tuple[str, ...]
    heals_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """A whole day; `turnout` is the share of the due by what they do, 1 in sum."""

    seed: int
    day: date
    city: str
    per_community: int
    communities: tuple[PlannedCommunity, ...]
    zones: tuple[PlannedZone, ...]
    rounds: tuple[PlannedRound, ...]
    sites: tuple[PlannedSite, ...]
    labs: tuple[PlannedLab, ...]
    staff: tuple[StaffMember, ...]
    devices: tuple[PlannedDevice, ...]
    labels: tuple[LabelStock, ...]
    trips: tuple[Trip, ...]
    turnout: dict[str, float]
    faults: tuple[Fault, ...]


def to_json(plan: DayPlan) -> bytes:
    """The truth file: indented UTF-8 JSON, the same bytes for the same plan."""
    return msgspec.json.format(msgspec.json.encode(plan), indent=1) + b"\n"


def from_json(text: bytes) -> DayPlan:
    """The plan of a truth file. Raises msgspec.ValidationError for anything else."""
    return msgspec.json.decode(text, type=DayPlan)
