"""Pure words of places: kinds of sites, levels, and the Place that a scope is held over."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """Where an act happens: kind `all`, `area`, `site`, `lab`; `path` is its area's path."""

    kind: str
    id: int
    path: str


EVERYWHERE = Place("all", 0, "/")

PROVINCE, CITY, COUNTY, STREET, COMMUNITY, GRID, BUILDING = range(7)

LEVEL_NAMES = (
    ("省", "province"),
    ("市", "city"),
    ("区县", "county"),
    ("街道", "street"),
    ("社区", "community"),
    ("网格", "grid"),
    ("楼栋", "building"),
)

# kind: (zh, en, single tube only, reported channel)
SITE_KINDS = {
    "community": ("社区采样点", "community", False, "community"),
    "isolation": ("集中隔离点", "isolation place", True, "isolation"),
    "locked": ("封控区采样点", "locked zone", False, "locked"),
    "checkpoint": ("卡口采样点", "checkpoint", True, "arrival"),
    "arrival": ("到达点", "arrival point", True, "arrival"),
    "abnormal": ("异常码通道", "abnormal-code lane", True, "key"),
    "door": ("上门采样", "door to door", False, "community"),
}
