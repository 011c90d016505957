"""Holds of the own laboratories in one place: what is kept back, why, by how much, who acts next."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.queries import names_of
from screening.i18n import _, current_lang
from screening.lab.queries.holds import HoldRow, list_holds, list_lifted
from screening.lab.queries.labs import LabRow, list_labs
from screening.lab.queries.runs import codes_of
from screening.lab.watch.positivity import KINDS
from screening.reporting import scopes
from screening.reporting.pages.frame import bp

LISTED = 200


@bp.get("/reporting/holds")
@require(*scopes.SIGNERS, at=OWN_ROWS)
def list_run_holds() -> Any:
    """Open holds, the oldest first; below them those that two persons lifted in the last week."""
    labs = {x.lab_id: x for x in list_labs(current_actor().places(scopes.SIGNERS))}
    open_now = list_holds(list(labs.values()), limit=LISTED)
    lifted = list_lifted(list(labs.values()), clock.now(), limit=LISTED)
    names = names_of({x for h in (*open_now, *lifted) for x in (h.asked_by, h.lifted_by) if x})
    codes = codes_of(list(labs.values()), {h.run_id for h in (*open_now, *lifted)})
    return render_template(
        "reporting/holds.html",
        holds=[line(h, labs[h.lab_id], names, codes) for h in open_now],
        lifted=[line(h, labs[h.lab_id], names, codes) for h in lifted],
        labs=labs,
        as_of=clock.now(),
    )


def line(
    h: HoldRow, lab: LabRow, names: dict[int, tuple[str, str]], codes: dict[int, str]
) -> dict[str, Any]:
    zh, en = KINDS[h.kind]
    told = h.told
    return {
        "plate": codes.get(h.run_id, str(h.run_id)[-6:]),
        "href": url_for(".show_run", lab_id=h.lab_id, run_id=h.run_id),
        "lab": lab.name,
        "what": {
            "text": en if current_lang() == "en" else zh,
            "sub": " ".join(told.get("wells", [])),
        },
        "counted": (told.get("signals", 0), told.get("tubes", 0)),
        "expected": f"{100 * told.get('expected', 0):.2f} %",
        "opened_at": h.opened_at,
        "age": clock.now() - h.opened_at,
        "step": step(h),
        "asked": {"text": names.get(h.asked_by or 0, ("", ""))[1] or None, "sub": h.reason or ""},
        "lifted_by": names.get(h.lifted_by or 0, ("", ""))[1],
        "lifted_at": h.lifted_at,
    }


def step(h: HoldRow) -> dict[str, Any]:
    """What happens next, for the one who reads."""
    if h.asked_by is None:
        return {"tone": "stop", "text": _("等待第一人")}
    if h.asked_by == current_actor().staff_id:
        return {"tone": "unknown", "text": _("您已申请，等待另一人")}
    return {"tone": "look", "text": _("等待第二人")}
