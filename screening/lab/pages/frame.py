"""What the pages of the laboratory share: the blueprint, words, a refused form."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, make_response, render_template

from screening.accounts.desk_mark import current_desk
from screening.accounts.guard import current_actor
from screening.accounts.signing import Signature, sign
from screening.forms import text as form
from screening.i18n import current_lang
from screening.lab import words
from screening.lab.rules.well_rules import Outcome

bp = Blueprint("lab_pages", __name__)
PAGE = 100

TONES = {
    Outcome.NEGATIVE: "ok",
    Outcome.POSITIVE: "stop",
    Outcome.INCONCLUSIVE: "look",
    Outcome.INVALID: "unknown",
}
STATE_TONES = {
    "planned": "unknown",
    "filled": "unknown",
    "running": "unknown",
    "previewed": "look",
    "evaluated": "ok",
    "reviewed": "ok",
    "released": "ok",
    "invalid": "stop",
    "quarantined": "stop",
}


def me() -> int:
    return current_actor().staff_id


def signature() -> Signature:
    """The signed-in person's, by the form's `secret`, at this browser. Raises what `sign` raises."""
    return sign(current_actor(), form("secret", 256), current_desk())


def said(table: dict, code: str | int) -> str:
    """The word for a code in the reader's language."""
    return words.word(table, code, current_lang())


def outcome_badge(outcome: int) -> dict[str, Any]:
    """As a table cell: tone, word, and what to sort by. A negative is quiet."""
    return {
        "tone": TONES[Outcome(outcome)] if outcome != Outcome.NEGATIVE else "",
        "text": said(words.OUTCOMES, outcome),
        "sort": int(outcome),
    }


def state_badge(table: dict, state: str) -> dict[str, Any]:
    return {"tone": STATE_TONES.get(state, "unknown"), "text": said(table, state)}


def shown(template: str, status: int = 200, **values: Any) -> Response:
    return make_response(render_template(template, **values), status)
