"""The form that opens the people around a positive tube."""

from __future__ import annotations

from typing import Any

from flask import (
    redirect,
    render_template,
    request,
    url_for,
)

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.roles import Actor
from screening.bulletins import near as people
from screening.bulletins import rules
from screening.bulletins.pages.frame import bp, lang, refused
from screening.bulletins.scopes import (
    OPENERS,
    TUBE,
)
from screening.errors import Problem


@bp.get("/bulletins/near")
@require(*OPENERS, at=OWN_ROWS)
def near_form() -> Any:
    """The form that opens the people around a positive tube."""
    return render_template("bulletins/near.html", **near_page(current_actor()))


def near_page(_actor: Actor) -> dict[str, Any]:
    return {
        "tube": request.values.get("tube", "")[:40],
        "reasons": [(k, w[lang()]) for k, w in rules.REASONS.items()],
        "minutes": rules.NEAR_MINUTES.value,
    }


@bp.post("/bulletins/near")
@require(*OPENERS, at=TUBE)
def make_near(**_values: Any) -> Any:
    """Freeze the 专报 of a tube: members, neighbours, people at the same site."""
    barcode, actor = request.form.get("tube", "").strip(), current_actor()
    try:
        number = people.make(barcode, request.form.get("reason", ""), by=actor, at=clock.now())
    except Problem as problem:
        return refused(problem, "bulletins/near.html", lambda: near_page(actor))
    return redirect(url_for(".show", bulletin_id=number), 303)
