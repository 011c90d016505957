"""Setting up places: what the ground floor changes is noted in the audit here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from screening.accounts.audit import note
from screening.accounts.queries import find_staff_no
from screening.db import by_cell, fetch
from screening.errors import Conflict, Fault, Faults, Problem
from screening.places import service as places
from screening.places.queries import TREE, Node
from screening.places.readers.areas import read_area_file
from screening.places.rules import COMMUNITY
from screening.places.service import AreaReport
from screening.registry.queries import stores_of
from screening.registry.rules import GONE


class AreaLivedIn(Conflict):
    code = "area_lived_in"
    zh = "{area}在册 {people} 人，须先转到别的社区，才能停用。"
    en = "{people} people of {area} are in the register; move them to another community first."


class NoSuchResponsible(Problem):
    status = 422
    code = "no_such_responsible"
    zh = "没有这个工号，或者账号已停用。"
    en = "There is no such staff number, or the account is closed."


def responsible(staff_no: str) -> int | None:
    """Who answers for a site or laboratory, by number; nobody for "". Raises NoSuchResponsible."""
    if not staff_no:
        return None
    staff = find_staff_no(staff_no)
    if staff is None or not staff.active:
        raise Faults([Fault(NoSuchResponsible(), field="responsible")])
    return staff.staff_id


def import_areas(content: bytes, *, on: date) -> AreaReport:
    """Bring the tree in line with a file. Raises BadTable, Faults; also where people still live in
    a community that the file leaves out."""
    before = TREE.fresh().by_id
    report = places.import_areas(read_area_file(content), on=on)
    _check_empty(before.values())
    note("areas_imported", "area", None, detail=report._asdict())
    return report


def add_area(parent_id: int, code: str, name: str, level: int, *, on: date) -> int:
    """An area below another, noted in the audit. Returns its id."""
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
    """The area and all below it end. Raises NoSuchPlace, Faults where people still live there."""
    before = TREE.fresh().by_id
    places.close_area(area_id, on=on)
    _check_empty(before.values())
    note("area_closed", "area", area_id)


def _check_empty(before: Iterable[Node]) -> None:
    """Who is registered in a community that is no more would be missed by every list and sum."""
    living = TREE.fresh().by_id
    ended = {n.area_id: n for n in before if n.level == COMMUNITY and n.area_id not in living}
    left: Counter[int] = Counter()
    for cell, group in by_cell(stores_of(ended.values())):
        rows = fetch(
            "SELECT community_id, count(*) FROM person WHERE cell_id = %s AND left_at IS NULL "
            "AND community_id = ANY(%s) AND flags & %s = 0 GROUP BY community_id",
            (cell, [home for _, home in group], int(GONE)),
        )
        left.update(dict(rows))
    if left:
        named = sorted((ended[i].name, n) for i, n in left.items())
        raise Faults([Fault(AreaLivedIn(area=name, people=n)) for name, n in named])


def add_site(code: str, area_id: int, values: Mapping[str, Any]) -> int:
    """A site, noted in the audit. Returns its id."""
    site_id = places.add_site(code, area_id, **values)
    note("site_added", "site", site_id)
    return site_id


def change_site(site_id: int, values: Mapping[str, Any]) -> None:
    """Fields of a site; the audit names which."""
    places.change_site(site_id, **values)
    note("site_changed", "site", site_id, detail={"fields": sorted(values)})


def close_site(site_id: int, *, at: datetime) -> None:
    """The site takes nobody from `at` on."""
    places.close_site(site_id, at=at)
    note("site_closed", "site", site_id)


def add_lab(code: str, area_id: int, values: Mapping[str, Any]) -> int:
    """A laboratory, noted in the audit. Returns its id."""
    lab_id = places.add_lab(code, area_id, **values)
    note("lab_added", "lab", lab_id)
    return lab_id


def change_lab(lab_id: int, values: Mapping[str, Any]) -> None:
    """Fields of a laboratory; the audit names which."""
    places.change_lab(lab_id, **values)
    note("lab_changed", "lab", lab_id, detail={"fields": sorted(values)})
