"""The resident's page: type the code, see the own result. Plain, huge, for a phone in the hand."""

from __future__ import annotations

from typing import Any

from flask import g, make_response, render_template, request

from screening import clock
from screening.accounts.guard import check_origin, public
from screening.db import db
from screening.errors import Problem
from screening.i18n import current_lang
from screening.reporting import lookup, words
from screening.reporting.pages.frame import bp, text


@bp.get("/r")
@public
def resident() -> Any:
    """The empty form."""
    return render_template("resident/look_up.html", looked=None)


@bp.post("/r")
@public
def show_result() -> Any:
    """The result behind a code; nothing of it goes into an address."""
    check_origin()
    try:
        found = lookup.look_up(
            text("code", 60), last4=text("last4", 4), address=request.remote_addr, at=clock.now()
        )
    except Problem as problem:
        g.failed = True
        db.session.rollback()
        page = render_template(
            "resident/look_up.html", looked=None, code=text("code", 60),
            ask_last4=problem.code == "last4_needed" or bool(text("last4", 4)),
            sentence=problem.sentence(current_lang()),
        )  # fmt: skip
        return make_response(page, problem.status)
    swabs = [(s, words.state(s.state)) for s in found.swabs]
    return render_template(
        "resident/look_up.html", looked=found, swabs=swabs, state=words.state(found.state),
        advice=words.word(words.ADVICE, found.state),
    )  # fmt: skip
