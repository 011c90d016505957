"""What the pages of bulletins share: the blueprint, the language, a refused form."""

from __future__ import annotations

from typing import Any

from flask import (
    Blueprint,
    Response,
    g,
    make_response,
    render_template,
)

from screening.db import db
from screening.errors import Problem
from screening.i18n import current_lang

bp = Blueprint("bulletins_pages", __name__)
PAGE = 50


def lang() -> int:
    return 1 if current_lang() == "en" else 0


def refused(problem: Problem, template: str, page: Any) -> Response:
    g.failed = True
    db.session.rollback()
    text = render_template(template, sentence=problem.sentence(current_lang()), **page())
    return make_response(text, problem.status)
