"""The audit: who did or read what, filtered, paged."""

from __future__ import annotations

import json
from typing import Any

from flask import render_template, request, url_for

from screening.accounts import queries
from screening.accounts.api.audit import AUDITORS
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.pages.frame import PAGE, bp
from screening.i18n import _


@bp.get("/audit")
@require(*AUDITORS, at=OWN_ROWS)
def list_audit() -> Any:
    """Who did or read what within the own scope, newest first."""
    asked = {k: request.args.get(k, "")[:60].strip() for k in ("number", "action", "subject", "id")}
    who = queries.find_staff_no(asked["number"]) if asked["number"] else None
    cells = queries.cells_of(current_actor().places(AUDITORS))
    rows = queries.list_audit(
        cells,
        staff_id=(who.staff_id if who else -1) if asked["number"] else None,
        action=asked["action"],
        subject=asked["subject"],
        subject_id=asked["id"],
        before=request.args.get("before", type=int),
        limit=PAGE,
    )
    names = queries.names_of(r.staff_id for r in rows)
    more: dict[str, Any] = {k: v for k, v in asked.items() if v}
    if rows:
        more["before"] = rows[-1].audit_id
    return render_template(
        "accounts/audit.html", rows=[audit_line(r, names) for r in rows], asked=asked,
        next=url_for(".list_audit", **more) if len(rows) == PAGE else "",
    )  # fmt: skip


def audit_line(row: queries.AuditRow, names: dict[int, tuple[str, str]]) -> dict[str, Any]:
    number, name = names.get(row.staff_id or 0, ("", ""))
    return {
        "at": row.at,
        "who": {"text": name or "—", "sub": number},
        "action": row.action,
        "subject": row.subject,
        "id": row.subject_id,
        "detail": json.dumps(row.detail, ensure_ascii=False) if row.detail else "",
        "sealed": {"tone": "ok", "text": _("已封")} if row.sealed
        else {"tone": "unknown", "text": _("待封")},
    }  # fmt: skip
