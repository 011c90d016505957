"""Changing places: the tree of areas with its dates, sites, laboratories."""

from screening.places.service.area_file import AreaIn, AreaReport, import_areas
from screening.places.service.areas import (
    add_area,
    close_area,
    ensure_below,
    rename_area,
    set_owner,
)
from screening.places.service.sites import add_lab, add_site, change_lab, change_site, close_site
from screening.places.service.tree import BadArea

__all__ = [
    "AreaIn",
    "AreaReport",
    "BadArea",
    "add_area",
    "add_lab",
    "add_site",
    "change_lab",
    "change_site",
    "close_area",
    "close_site",
    "ensure_below",
    "import_areas",
    "rename_area",
    "set_owner",
]
