"""Sites and laboratories: added, changed, closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from screening.db import fetch, insert, run
from screening.errors import Conflict, Problem
from screening.places.queries import Node, NoSuchPlace
from screening.places.rules import SITE_KINDS
from screening.places.service.tree import living, lock


class SiteTaken(Conflict):
    code = "site_code_taken"
    zh = "这个采样点编号已被使用。"
    en = "Another site already uses this code."
    constraint = "uq_site_code"


class LabTaken(Conflict):
    code = "lab_code_taken"
    zh = "这个实验室编号已被使用。"
    en = "Another laboratory already uses this code."
    constraint = "uq_lab_code"


class BadSiteKind(Problem):
    status = 422
    code = "bad_site_kind"
    zh = "不认识这种采样点类型。"
    en = "This kind of site is not known."


SITE_FIELDS = ("name", "kind", "tables", "responsible_id", "phone", "opens", "valid_to")
LAB_FIELDS = ("name", "capacity", "responsible_id", "own_lis")


def add_site(code: str, area_id: int, **values: Any) -> int:
    """A collection site in an area; `values` as SITE_FIELDS. Returns its id."""
    area = living(area_id)
    if values.get("kind") not in SITE_KINDS:
        raise BadSiteKind()
    return _add("site", SITE_FIELDS, code, area, {"tables": 1, **values})


def add_lab(code: str, area_id: int, **values: Any) -> int:
    """A laboratory; `capacity` in tubes a day. Returns its id."""
    return _add("lab", LAB_FIELDS, code, living(area_id), {"own_lis": False, **values})


def _add(table: str, fields: Sequence[str], code: str, area: Node, values: dict[str, Any]) -> int:
    lock()
    rows = fetch(
        f"SELECT coalesce(max({table}_id), 0) + 1 FROM {table} WHERE {table}_id < 2000000000"
    )
    given = {f: values[f] for f in fields if f in values}
    insert(
        table,
        (f"{table}_id", "code", "area_id", "cell_id", *given),
        [(rows[0][0], code, area.area_id, area.cell_id, *given.values())],
    )
    return rows[0][0]


def change_site(site_id: int, **values: Any) -> None:
    """Raises NoSuchPlace, BadSiteKind."""
    if "kind" in values and values["kind"] not in SITE_KINDS:
        raise BadSiteKind()
    _change_row("site", SITE_FIELDS, site_id, values)


def change_lab(lab_id: int, **values: Any) -> None:
    """Fields of LAB_FIELDS, whichever are given. Raises NoSuchPlace."""
    _change_row("lab", LAB_FIELDS, lab_id, values)


def close_site(site_id: int, *, at: datetime) -> None:
    """Stops taking people; everything it holds stays where it is."""
    _change_row("site", SITE_FIELDS, site_id, {"valid_to": at})


def _change_row(table: str, fields: Sequence[str], row_id: int, values: dict[str, Any]) -> None:
    given = {f: values[f] for f in fields if f in values}
    sets = ", ".join(f"{f} = %s" for f in given) or f"{table}_id = {table}_id"
    if not run(f"UPDATE {table} SET {sets} WHERE {table}_id = %s", (*given.values(), row_id)):
        raise NoSuchPlace()
