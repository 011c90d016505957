"""How somebody shows to be the person whose result is asked for: the code on the slip, or the resident
code, each with the last four of the document.

A right answer writes nothing. A wrong one is counted; only the pair (code, address) ever waits.
After many wrong ones more is asked for, the last four or the whole number of the document: that stops
a guesser and lets the owner through, so nobody can be locked out."""

from __future__ import annotations

import hmac
import math
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from screening import clock
from screening.accounts import throttle
from screening.accounts.rules import ATTACK_FROM
from screening.db import fetch
from screening.errors import NotFound, Problem, TooMany
from screening.registry import seals
from screening.registry.code_keys import read_person
from screening.registry.service.persons import ring
from screening.registry.signed_codes import is_resident
from screening.reporting.queries import Story, story_of_code, story_of_id, whole
from screening.reporting.service.codes import code_hash


class NoSuchCode(NotFound):
    code = "no_such_access_code"
    zh = "没有这个查询码，或者它已失效，或者证件号码不符；请对照纸条，或到社区、采样点补打。"
    en = (
        "There is no such code, or it is no longer valid, or the document number does not fit; "
        "compare your slip, or have a new one printed."
    )


class LastFourNeeded(Problem):
    status = 403
    code = "last4_needed"
    zh = "请再输入证件号码后四位。"
    en = "Type the last four of your document number too."


class NumberNeeded(Problem):
    status = 403
    code = "number_needed"
    zh = "刚有很多次错误的查询，请输入完整的证件号码；也可以用手机验证码或纸条上的查询码。"
    en = (
        "There were many wrong tries; type the whole document number. A code sent to your phone "
        "or the code on your slip will do as well."
    )


def open_door(
    text: str,
    last4: str,
    number: str,
    *,
    address: str | None,
    at: datetime,
    rounds: Sequence[int],
) -> Story:
    """What is known of the person whom `text` names and who has shown to be that person.

    Raises WrongLength, BadAccessCode, NotAResidentCode, BadCheckDigits, BadCodeSignature, CodeExpired
    (slips of the finger, not counted), LastFourNeeded, NumberNeeded, NoSuchCode, TooMany."""
    tail = last4.strip().upper()
    if is_resident(text):
        found = _by_resident_code(text, tail, number, address=address, at=at, rounds=rounds)
    else:
        found = _by_access_code(text, tail, number, address=address, at=at, rounds=rounds)
    return whole(found, rounds)


# --- the code on the slip -----------------------------------------------------------------------


def _by_access_code(
    text: str,
    tail: str,
    number: str,
    *,
    address: str | None,
    at: datetime,
    rounds: Sequence[int],
) -> Story:
    """Its 55 random bits are the proof; the last four keep a slip found in the street shut. Who
    has no document, and nothing to type, is let in by the slip alone."""
    hashed = code_hash(text)
    where = throttle.address_of(address)
    this = throttle.attempt("lookup", hashed.hex(), where)
    # many wrong codes from one address say nothing about this slip
    story = story_of_code(hashed, rounds, {**_tries(this, here=False), "at": at})
    if story is None:
        raise _wrong(throttle.attempt("lookup", where, where))
    return story if story.last4_hash is None else _proven(story, this, tail, number)


def _tries(this: throttle.Try, *, here: bool) -> dict[str, Any]:
    """What the story asks of the counters; `here`: those of the address too."""
    name, where = this.soft
    return {
        "pair": this.pair,
        "name": name,
        "where": where if here else name,
        "many": ATTACK_FROM.value,
        "since": clock.real_now() - throttle.MEMORY,
    }


def _proven(story: Story, this: throttle.Try, tail: str, number: str) -> Story:
    """The story, when what was typed is the person's. Raises LastFourNeeded, NumberNeeded, NoSuchCode,
    TooMany; the same whether the register has the person or not."""
    if not tail and not number:
        raise LastFourNeeded()
    if story.tried:
        _check_wait(this)
    if story.attacked and not number:
        raise NumberNeeded()
    fits = _owns(story, number) if number else _fits(tail, story)
    if not (story.known and fits):
        raise _wrong(this)
    return story


def _check_wait(this: throttle.Try) -> None:
    """Before the secret is looked at. The lock lasts as long as the request, so that of a burst of
    guesses one is looked at, and counted, after the other. Raises TooMany."""
    lock = int.from_bytes(this.pair[:8], "big", signed=True)
    fetch("SELECT pg_advisory_xact_lock(%s)", (lock,))
    rows = fetch("SELECT not_before FROM throttle WHERE key = %s", (this.pair,))
    left = (rows[0][0] - clock.real_now()).total_seconds() if rows else 0
    if left > 0:
        raise TooMany(seconds=max(1, math.ceil(left)))


def _wrong(this: throttle.Try) -> Problem:
    """Counts the guess; the answer is the same whatever was wrong. Raises TooMany."""
    throttle.begin(this)
    throttle.failed(this)
    return NoSuchCode()


def _fits(tail: str, story: Story) -> bool:
    asked = seals.last4_hash(ring(), tail)
    return asked is not None and hmac.compare_digest(asked, story.last4_hash or b"")


# --- the resident code --------------------------------------------------------------------------


def _by_resident_code(
    text: str,
    tail: str,
    number: str,
    *,
    address: str | None,
    at: datetime,
    rounds: Sequence[int],
) -> Story:
    """The code is no secret and the last four are few: many wrong tries from one address, at whomever,
    make it need the whole number as well."""
    cell, person = read_person(text, at=at)
    this = throttle.attempt("lookup", f"{cell}-{person}", throttle.address_of(address))
    story = story_of_id(cell, person, rounds, _tries(this, here=True))
    return _proven(story, this, tail, number)


_BETWEEN = re.compile(r"[\s-]")


def _owns(story: Story, number: str) -> bool:
    """Whether this is the whole number of the person's document; a passport's without its country
    as well."""
    rows = fetch(
        "SELECT sealed FROM person WHERE cell_id = %s AND person_id = %s",
        (story.cell, story.person),
    )
    if not rows:
        return False
    known = seals.open_person(ring(), rows[0][0]).number
    forms = {_BETWEEN.sub("", known), known.rpartition("-")[2]} - {""}
    typed = _BETWEEN.sub("", number).upper()
    return any(hmac.compare_digest(typed.encode(), form.upper().encode()) for form in forms)
