"""Lines of audit within the cells that somebody may read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from screening.accounts.roles import Place
from screening.db import fetch
from screening.places import queries as places


class AuditRow(NamedTuple):
    cell_id: int
    audit_id: int
    at: datetime
    staff_id: int | None
    device_id: int | None
    action: str
    subject: str | None
    subject_id: str | None
    detail: dict | None
    sealed: bool


def cells_of(held: Sequence[Place]) -> list[int]:
    """The cells whose audit may be read over these places; the whole city includes cell 0."""
    if any(p.kind == "all" for p in held):
        return [0, *places.cells_under("/")]
    return sorted({c for p in held for c in places.cells_under(p.path)})


def list_audit(
    cells: Sequence[int],
    *,
    staff_id: int | None = None,
    action: str | None = None,
    subject: str | None = None,
    subject_id: str | None = None,
    before: int | None = None,
    limit: int = 100,
) -> list[AuditRow]:
    """Lines of these cells, newest first; `before` is the last audit_id of the page before."""
    wanted = {"staff_id": staff_id, "action": action, "subject": subject, "subject_id": subject_id}
    asked = {k: v for k, v in wanted.items() if v not in (None, "")}
    more = "".join(f"AND {name} = %s " for name in asked)
    if before:
        more += "AND audit_id < %s "
    rows = fetch(
        "SELECT cell_id, audit_id, at, staff_id, device_id, action, subject, subject_id, detail, "
        f"chain IS NOT NULL FROM audit WHERE cell_id = ANY(%s) {more}"
        "ORDER BY audit_id DESC LIMIT %s",
        (list(cells), *asked.values(), *([before] if before else []), limit),
    )
    return [AuditRow(*r) for r in rows]
