"""What the pages of reporting share: the blueprint and a refused form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash

from screening.errors import Problem
from screening.i18n import current_lang
from screening.reporting import words

bp = Blueprint("reporting_pages", __name__)


@bp.record_once
def give_words(state: Any) -> None:
    """Words for codes, for the templates of this slice."""
    state.app.jinja_env.globals["reporting_word"] = lambda table, code: words.word(
        getattr(words, table), code
    )


def tell(done: str, repeated: str, refused: Sequence[Problem]) -> None:
    """What came of an act on many tubes, as messages of the next page; every reason is named."""
    if done:
        flash(done, "ok")
    if repeated:
        flash(repeated, "unknown")
    for problem in refused[:20]:
        flash(problem.sentence(current_lang()), "look")
