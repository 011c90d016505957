"""Packages for the authority: what went out, what has no receipt, and for how long."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import CITY, current_actor, require
from screening.accounts.roles import Role
from screening.i18n import _
from screening.interop import packages
from screening.interop.packages import PackageRow
from screening.interop.pages.frame import bp

SENDERS = (Role.DISPATCHER, Role.ADMINISTRATOR)
WATCHING = (*SENDERS, Role.AUDITOR)


@bp.get("/packages")
@require(*WATCHING, at=CITY)
def list_packages() -> Any:
    """Without a receipt first, oldest on top; then the newest of all."""
    now = clock.now()
    may = any(role in SENDERS for role in current_actor().roles)
    return render_template(
        "interop/packages.html",
        waiting=packages.count_waiting(),
        open_rows=[_row(p, now) | {"act": may} for p in packages.list_packages(unreceipted=True)],
        rows=[_row(p, now) for p in packages.list_packages()],
    )


@bp.post("/packages/<number>/receipt")
@require(*SENDERS, at=CITY)
def receive_package(number: str) -> Any:
    """Record the receiver's answer."""
    found = packages.receive(
        packages.number_of(number), request.form.get("receipt", "")[:200],
        request.form.get("sha256", "")[:64], by=current_actor().staff_id, at=clock.now(),
    )  # fmt: skip
    flash(_("已记录结果包 %(number)s 的回执。", number=found.number), "ok")
    return redirect(url_for("interop_pages.list_packages"), 303)


def _row(p: PackageRow, now: Any) -> dict[str, Any]:
    minutes = int((now - p.made_at).total_seconds() // 60)
    return {
        "number": p.number,
        "made_at": p.made_at,
        "age": minutes,
        "late": p.late(now),
        "versions": p.rows,
        "negative": p.counts.get("negative", 0),
        "positive": p.counts.get("positive", 0),
        "inconclusive": p.counts.get("inconclusive", 0),
        "invalid": p.counts.get("invalid", 0),
        "sha256": f"{p.sha256[:12]}…",  # the whole hash is in the file and over the API
        "sent_at": p.sent_at,
        "receipt": p.receipt or "",
    }
