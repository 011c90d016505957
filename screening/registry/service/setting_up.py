"""Setting up places: what the ground floor changes is noted in the audit here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from screening.accounts.audit import note
from screening.places import service as places
from screening.places.readers.areas import read_area_file
from screening.places.service import AreaReport


def import_areas(content: bytes, *, on: date) -> AreaReport:
    """Bring the tree in line with a file. Raises BadTable, Faults."""
    report = places.import_areas(read_area_file(content), on=on)
    note("areas_imported", "area", None, detail=report._asdict())
    return report


def add_area(parent_id: int, code: str, name: str, level: int, *, on: date) -> int:
    area_id = places.add_area(parent_id, code, name, level, on=on)
    note("area_added", "area", area_id)
    return area_id


def change_area(area_id: int, values: Mapping[str, Any], *, on: date) -> None:
    """`name` and `owner_id`, whichever is given."""
    if values.get("name"):
        places.rename_area(area_id, values["name"], on=on)
    if "owner_id" in values:
        places.set_owner(area_id, values["owner_id"])
    note("area_changed", "area", area_id, detail={"fields": sorted(values)})


def close_area(area_id: int, *, on: date) -> None:
    places.close_area(area_id, on=on)
    note("area_closed", "area", area_id)


def add_site(code: str, area_id: int, values: Mapping[str, Any]) -> int:
    site_id = places.add_site(code, area_id, **values)
    note("site_added", "site", site_id)
    return site_id


def change_site(site_id: int, values: Mapping[str, Any]) -> None:
    places.change_site(site_id, **values)
    note("site_changed", "site", site_id, detail={"fields": sorted(values)})


def close_site(site_id: int, *, at: datetime) -> None:
    places.close_site(site_id, at=at)
    note("site_closed", "site", site_id)


def add_lab(code: str, area_id: int, values: Mapping[str, Any]) -> int:
    lab_id = places.add_lab(code, area_id, **values)
    note("lab_added", "lab", lab_id)
    return lab_id


def change_lab(lab_id: int, values: Mapping[str, Any]) -> None:
    places.change_lab(lab_id, **values)
    note("lab_changed", "lab", lab_id, detail={"fields": sorted(values)})
