"""Who works on a drill day and which devices they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from random import Random

from screening.drill import names
from screening.drill.day_plan import PlannedCommunity, PlannedDevice, PlannedSite, StaffMember
from screening.drill.papers import Papers
from screening.drill.scenery import at_hour

LABS = ("L1", "L2")
COURIERS = 4
SHIFTS = 2  # samplers of a table, one after the other
# How many of each role belong to a laboratory; review takes two persons.
LAB_ROLES = (("lab_technician", 3), ("lab_reviewer", 2))
OFFICE_ROLES = ("dispatcher", "administrator", "administrator", "auditor")


def make_staff(
    rng: Random, scope: Sequence[PlannedCommunity], sites: Sequence[PlannedSite], day: date
) -> tuple[StaffMember, ...]:
    """Temporary staff of sites and couriers until noon of the next day, the others for good."""
    papers = Papers()
    until = at_hour(day, 36)
    made: list[StaffMember] = []
    for role, scope_kind, where, temporary in posts(scope, sites):
        sex = rng.choice("MF")
        member = StaffMember(
            ref=f"E{len(made) + 1:03d}",
            name=names.han_name(rng, sex, names.surname(rng)),
            phone=papers.phone(rng),
            role=role,
            scope_kind=scope_kind,
            scope=where,
            until=until if temporary else None,
        )
        made.append(member)
    return tuple(made)


def posts(
    scope: Sequence[PlannedCommunity], sites: Sequence[PlannedSite]
) -> Iterator[tuple[str, str, str, bool]]:
    """(role, kind of scope, scope, temporary) of everybody who is needed."""
    for role in OFFICE_ROLES:
        yield role, "all", "", False
    for county in sorted({home.county for home in scope}):
        yield "district_head", "area", county, False
    for home in scope:
        yield "community_worker", "area", home.code12, False
    for lab in LABS:
        for role, many in LAB_ROLES:
            yield from [(role, "lab", lab, False)] * many
    for site in sites:
        yield "site_supervisor", "site", site.ref, False
        yield "packer", "site", site.ref, True
        yield from [("sampler", "site", site.ref, True)] * (site.tables * SHIFTS)
    yield from [("courier", "all", "", True)] * COURIERS
    for street in sorted({home.street for home in scope}):
        yield "district_head", "area", street, False


def make_devices(
    sites: Sequence[PlannedSite], staff: Sequence[StaffMember], ahead: Mapping[str, int]
) -> tuple[PlannedDevice, ...]:
    """A phone a table, one for packing at each site, one a courier, a desk at each laboratory.

    `ahead` gives the seconds by which the clocks of single devices are ahead.
    """
    couriers = [person.ref for person in staff if person.role == "courier"]
    return tuple(
        PlannedDevice(ref=ref, kind=kind, place=place, table=table, clock_offset=ahead.get(ref, 0))
        for ref, kind, place, table in [
            *(device for site in sites for device in site_devices(site)),
            *((f"D-{courier}", "courier", courier, 0) for courier in couriers),
            *((f"D-{lab}", "reception", lab, 0) for lab in LABS),
        ]
    )


def site_devices(site: PlannedSite) -> Iterator[tuple[str, str, str, int]]:
    for table in range(1, site.tables + 1):
        yield f"D-{site.ref}-{table}", "table", site.ref, table
    yield f"D-{site.ref}-P", "packing", site.ref, 0
