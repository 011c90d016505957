"""The resident's page: type the code, see the own result. Plain, huge, for a phone in the hand; one
address and no script, so that nothing of it stands in a history or depends on a shop's browser."""

from __future__ import annotations

from typing import Any

from flask import g, make_response, render_template, request

from screening import clock
from screening.accounts.guard import check_origin, public
from screening.db import db
from screening.errors import Problem
from screening.forms import text
from screening.i18n import current_lang
from screening.reporting import lookup, words
from screening.reporting.lookup import Looked
from screening.reporting.pages.frame import bp
from screening.reporting.resident_rules import CODE_MINUTES
from screening.reporting.service import phone_codes

MORE = ("last4_needed", "number_needed")


@bp.get("/r")
@public
def resident() -> Any:
    """The empty forms."""
    return render_template("resident/look_up.html")


@bp.post("/r")
@public
def show_result() -> Any:
    """One of three steps: a code, a request for a message, the code of the message. Nothing of it
    goes into an address."""
    check_origin()
    steps = {"ask": _ask, "phone": _by_phone}
    step = text("step", 10)
    try:
        return steps.get(step, _by_code)()
    except Problem as problem:
        return _again(step, problem)


def _by_code() -> str:
    asked = {"code": text("code", 250), "last4": text("last4", 4)}
    found = lookup.look_up(
        **asked, number=text("number", 60), address=request.remote_addr, at=clock.now()
    )
    return _result(found, asked)


def _ask() -> str:
    phone_codes.ask_code(text("phone", 40), text("last4", 4), address=request.remote_addr)
    return _message()


def _by_phone() -> str:
    return _result(
        lookup.look_up_by_phone(
            text("phone", 40), text("last4", 4), text("code", 20), address=request.remote_addr
        )
    )


def _message(sentence: str = "") -> str:
    """Where the six digits are typed. It says the same whether a message was sent or not."""
    return render_template(
        "resident/message.html", phone=text("phone", 40), last4=text("last4", 4),
        minutes=CODE_MINUTES.value, sentence=sentence,
    )  # fmt: skip


def _result(found: Looked, asked: dict[str, str] | None = None) -> str:
    """`asked`: what the proof asks as well, so that nobody types it twice."""
    return render_template(
        "resident/result.html",
        looked=found,
        asked=asked,
        swabs=[(s, words.state(s.state)) for s in found.swabs],
        state=words.state(found.state),
        advice=words.word(words.ADVICE, found.state),
        other=_other(words.STATES[found.state]),
        other_advice=_other(words.ADVICE[found.state]),
    )


def _other(pair: words.Pair) -> str:
    """The word in the language that the page is not in: who helps may read that one."""
    return pair[current_lang() != "en"]


def _again(step: str, problem: Problem) -> Any:
    """The same step again, with what is wrong; of the try only the code and the phone are kept."""
    g.failed = True
    db.session.rollback()
    sentence = problem.sentence(current_lang())
    if step == "phone" and problem.code != "phone_needed":
        return make_response(_message(sentence), problem.status)
    page = render_template(
        "resident/look_up.html",
        step="ask" if step in ("ask", "phone") else "code",
        code="" if step in ("ask", "phone") else text("code", 250),
        last4=text("last4", 4),
        phone=text("phone", 40),
        ask_number=problem.code == "number_needed" or bool(text("number", 60)),
        missing=problem.code if problem.code in MORE else "",
        sentence=sentence,
    )
    return make_response(page, problem.status)
