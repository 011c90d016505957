"""A person's history over all rounds, and the slip with a new look-up code."""

from __future__ import annotations

import base64
from typing import Any

from flask import make_response, render_template, url_for

from screening import clock
from screening.accounts.guard import current_actor, require
from screening.registry.names import mask_name
from screening.registry.search import get_person
from screening.registry.timeline import lines_of
from screening.reporting import lookup, scopes, service, words
from screening.reporting import timeline as _timeline  # noqa: F401  (adds its lines to every page)
from screening.reporting.pages.frame import bp
from screening.tube.printers.qr import qr_png


@bp.get("/persons/<int:cell>/<int:person_id>/timeline")
@require(*scopes.HISTORIANS, at=scopes.PERSON)
def show_timeline(cell: int, person_id: int) -> Any:
    """All rounds, tubes, results, callbacks and contacts of one person. The read is audited."""
    person = get_person(cell, person_id)
    looked = lookup.person_results(cell, person_id)
    return render_template(
        "reporting/timeline.html",
        person=person,
        state=words.state(looked.state),
        swabs=[
            {
                "sampled_at": s.sampled_at,
                "round": s.round_name,
                "pooled": s.pooled,
                "state": words.state(s.state),
                "released_at": s.released_at,
                "version": s.version or None,
            }
            for s in looked.swabs
        ],
        lines=lines_of(cell, person_id),
        may_issue=any(r in scopes.CALLERS for r in current_actor().roles),
        cell=cell,
        person_id=person_id,
    )


@bp.post("/persons/<int:cell>/<int:person_id>/access-code")
@require(*scopes.CALLERS, at=scopes.PERSON)
def print_code(cell: int, person_id: int) -> Any:
    """A new look-up code on a slip; the older ones end. Shown once, never stored, never in an
    address."""
    by = current_actor().staff_id
    code, until = service.issue_codes([(cell, person_id)], by=by, at=clock.now())[0]
    person, url = get_person(cell, person_id), url_for(".resident", _external=True)
    picture = base64.b64encode(qr_png(url, scale=4)).decode()
    page = render_template(
        "reporting/slip.html", code=code, until=until, name=mask_name(person.details.name),
        url=url, picture=f"data:image/png;base64,{picture}",
        back=url_for(".show_timeline", cell=cell, person_id=person_id),
    )  # fmt: skip
    return make_response(page, {"Cache-Control": "no-store"})
