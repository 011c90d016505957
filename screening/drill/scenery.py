"""Where a drill day happens: its communities, zones, sites and laboratories."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from random import Random

from screening.drill.city import AreaRow, children, communities, short_name
from screening.drill.day_plan import PlannedCommunity, PlannedLab, PlannedSite, PlannedZone
from screening.drill.dwellings import grids

LOCAL = timezone(timedelta(hours=8))
COMMUNITIES_OF_STREET = (4, 3, 3)
PEOPLE_OF_TABLE = 700  # domain 2.1: one table for 600 to 800 people
OPENS, CLOSES = 6, 16  # local hours of the sampling sites
EVENING_SITES, EVENING_OPENS, EVENING_CLOSES = ("S01", "S04", "S07"), 17, 20
LAST = 22  # local hour at which checkpoints, isolation and arrival end the drill day
CONTROLLED = 5  # of the ten communities; pools of 10 there, of 20 elsewhere
VISITORS = 60  # people at each of the checkpoint and the arrival hall whom no register holds


def at_hour(day: date, hour: float) -> datetime:
    """Local time of the day as aware UTC."""
    return datetime.combine(day, time(), LOCAL).astimezone(UTC) + timedelta(hours=hour)


def choose(
    rng: Random, areas: Sequence[AreaRow], per_community: int
) -> tuple[PlannedCommunity, ...]:
    """Ten communities in three streets of three districts, street by street."""
    homes: dict[str, int] = {}
    for area in communities(areas):
        homes[area.parent_code12 or ""] = homes.get(area.parent_code12 or "", 0) + 1
    # A district's number is below 20; counties and zones (21 and up) have no streets to speak of.
    districts = [a for a in areas if a.level == "county" and a.code12[4:6] < "20"]
    chosen: list[PlannedCommunity] = []
    for district, count in zip(rng.sample(districts, 3), COMMUNITIES_OF_STREET, strict=True):
        streets = [
            street
            for street in children(areas, district.code12)
            if street.name.endswith("街道") and homes.get(street.code12, 0) >= count
        ]
        street = rng.choice(streets)
        for area in sorted(rng.sample(children(areas, street.code12), count), key=code):
            chosen.append(
                PlannedCommunity(
                    code12=area.code12,
                    name=area.name,
                    street=street.code12,
                    county=district.code12,
                    people=per_community,
                )
            )
    return tuple(chosen)


def code(area: AreaRow) -> str:
    return area.code12


def make_zones(scope: Sequence[PlannedCommunity], seed: int, day: date) -> tuple[PlannedZone, ...]:
    """A locked grid in the fifth community, control over five, prevention over the others.

    The locked buildings lie inside a controlled community: the narrower zone goes before.
    """
    centre = scope[COMMUNITIES_OF_STREET[0]]
    area = AreaRow(centre.code12, centre.name, "community", centre.street)
    houses = grids(area, centre.people, seed)[0].buildings
    neighbours = [c.code12 for c in scope if c.street == centre.street]
    others = [c.code12 for c in scope if c.street != centre.street]
    spare = CONTROLLED - len(neighbours)
    since = at_hour(day, 0)
    return (
        PlannedZone(
            ref="Z1",
            name=f"{short_name(centre.name)}封控区",
            kind="lock",
            communities=(centre.code12,),
            buildings=tuple(house.name for house in houses if not house.beds),
            starts_at=since,
        ),
        PlannedZone(
            ref="Z2",
            name="管控区",
            kind="control",
            communities=tuple(neighbours + others[:spare]),
            starts_at=since,
        ),
        PlannedZone(
            ref="Z3",
            name="防范区",
            kind="prevent",
            communities=tuple(others[spare:]),
            starts_at=since,
        ),
    )


def make_sites(scope: Sequence[PlannedCommunity], day: date) -> tuple[PlannedSite, ...]:
    """Twelve sites: nine of communities (two neighbours share the first) and three others."""
    catchments = [scope[:2], *([one] for one in scope[2:])]
    made: list[PlannedSite] = []
    for homes in catchments:
        people = sum(home.people for home in homes)
        ref = f"S{len(made) + 1:02d}"
        name = f"{short_name(homes[0].name)}采样点"
        tables = max(1, round(people / PEOPLE_OF_TABLE))
        made.append(site(ref, name, "community", homes[0], day, tables=tables, homes=homes))
    others = (
        ("演练高速路口查验点", "checkpoint", scope[2], 2, VISITORS),
        ("演练集中隔离点", "isolation", scope[5], 1, 0),
        ("演练火车站落地检采样点", "arrival", scope[-1], 2, VISITORS),
    )
    for name, kind, where, tables, visitors in others:
        ref = f"S{len(made) + 1:02d}"
        made.append(site(ref, name, kind, where, day, tables=tables, visitors=visitors))
    return tuple(made)


def site(
    ref: str,
    name: str,
    kind: str,
    where: PlannedCommunity,
    day: date,
    *,
    tables: int,
    homes: Sequence[PlannedCommunity] = (),
    visitors: int = 0,
) -> PlannedSite:
    return PlannedSite(
        ref=ref,
        name=name,
        kind=kind,
        community=where.code12,
        catchment=tuple(home.code12 for home in homes),
        tables=tables,
        opens_at=at_hour(day, OPENS),
        closes_at=at_hour(day, closing(ref, kind)),
        lab="L1" if int(ref[1:]) % 2 else "L2",
        visitors=visitors,
    )


def closing(ref: str, kind: str) -> int:
    """Local hour: most sites close in the afternoon, three stay for the key groups."""
    if kind != "community":
        return LAST
    return EVENING_CLOSES if ref in EVENING_SITES else CLOSES


def make_labs(scope: Sequence[PlannedCommunity]) -> tuple[PlannedLab, ...]:
    """Two laboratories with different cyclers; capacities leave the smaller one little room."""
    return (
        PlannedLab(
            ref="L1",
            name="演练第一检测中心",
            community=scope[0].code12,
            capacity=2400,
            instrument="quantstudio",
            wells=96,
        ),
        PlannedLab(
            ref="L2",
            name="演练第二检测中心",
            community=scope[-1].code12,
            capacity=1600,
            instrument="biorad_cfx",
            wells=96,
        ),
    )
