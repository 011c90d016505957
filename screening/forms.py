"""Forms of pages: what somebody typed, and the same page again when it is refused."""

from __future__ import annotations

from typing import Any

from flask import Response, g, make_response, render_template, request

from screening.db import db
from screening.errors import Fault, Faults, Problem
from screening.i18n import current_lang


def text(name: str, most: int = 200) -> str:
    """What was typed into a field, without spaces around it, cut at `most` characters."""
    return request.form.get(name, "").strip()[:most]


def undo(problem: Problem) -> tuple[str, list[Fault]]:
    """Nothing of the try is kept. Returns the sentence and the faults to show."""
    g.failed = True
    db.session.rollback()
    faults = problem.faults if isinstance(problem, Faults) else []
    return problem.sentence(current_lang()), list(faults)


def refused(problem: Problem, template: str, **values: Any) -> Response:
    """The same page again with what is wrong, under the problem's status."""
    sentence, faults = undo(problem)
    page = render_template(template, faults=faults, sentence=sentence, **values)
    return make_response(page, problem.status)
