"""Who did or read what."""

from __future__ import annotations

from typing import Any

from screening.accounts import queries, service
from screening.accounts import schemas as s
from screening.accounts.api.frame import bp
from screening.accounts.guard import CITY, OWN_ROWS, current_actor, require
from screening.accounts.roles import Role
from screening.openapi import gives, takes

AUDITORS = (Role.AUDITOR, Role.ADMINISTRATOR)


@bp.get("/audit")
@require(*AUDITORS, at=OWN_ROWS)
@takes(s.AuditQuerySchema, "query")
@gives(s.AuditPageSchema)
def list_audit(args: dict[str, Any]) -> Any:
    """Who did or read what, within the own scope; newest first."""
    rows = queries.list_audit(queries.cells_of(current_actor().places(AUDITORS)), **args)
    last = rows[-1].audit_id if len(rows) == args["limit"] else None
    return {"items": rows, "next": last}


@bp.post("/audit/check/<int:cell>")
@require(*AUDITORS, at=CITY)
@gives(s.VerdictSchema)
def check_audit(cell: int) -> Any:
    """Walk a cell's chain of audit and say whether it is whole."""
    return service.verify_audit(cell)
