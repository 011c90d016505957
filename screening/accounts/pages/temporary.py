"""Temporary accounts from a list: check first, then make; passwords are shown once."""

from __future__ import annotations

from typing import Any

from flask import render_template, request

from screening.accounts import rules, temporary
from screening.accounts.api.frame import MANAGERS
from screening.accounts.api.staff import EACH_GRANT
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.pages.frame import bp, role_name
from screening.accounts.readers import staff_list
from screening.errors import Problem
from screening.forms import refused


@bp.get("/accounts/temporary")
@require(*MANAGERS, at=OWN_ROWS)
def temporary_form() -> Any:
    """The form for a list of temporary accounts."""
    return render_template("accounts/temporary.html", most=rules.LIST_ROWS.value)


@bp.post("/accounts/temporary")
@require(*MANAGERS, at=EACH_GRANT)
def make_temporary() -> Any:
    """Check a list, or make its accounts; first passwords are shown once."""
    most = rules.LIST_ROWS.value
    try:
        rows = staff_list.read_list(list_upload())
        if request.form.get("act") != "make":
            wanted = temporary.check_list(rows, current_actor())
            return render_template("accounts/temporary.html", most=most, checked=len(wanted))
        made = temporary.make_temporary(rows, current_actor())
    except Problem as problem:
        return refused(problem, "accounts/temporary.html", most=most)
    lines = [{**a._asdict(), "role": role_name(a.role)} for a in made]
    return render_template("accounts/temporary_made.html", rows=lines)


def list_upload() -> bytes:
    file = request.files.get("file")
    data = file.read(staff_list.MAX_BYTES + 1) if file else b""
    if not data or len(data) > staff_list.MAX_BYTES:
        raise staff_list.NotAList()
    return data
