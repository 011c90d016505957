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

from screening import clock
from screening.accounts import throttle
from screening.accounts.rules import ATTACK_FROM
from screening.db import fetch
from screening.errors import NotFound, Problem, TooMany
from screening.registry import seals
from screening.registry.code_keys import read_person
from screening.registry.service.persons import ring
from screening.registry.signed_codes import is_resident
from screening.reporting.queries import Story, story_of_person
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
        return _by_resident_code(text, tail, number, address=address, at=at, rounds=rounds)
    return _by_access_code(text, tail, address=address, at=at, rounds=rounds)


# --- the code on the slip -----------------------------------------------------------------------

# The lock lasts as long as the request: of a burst of guesses at one pair one is looked at, and
# counted, after the other.
_CODE = (
    "SELECT cell_id, person_id, pg_try_advisory_xact_lock(%s), "
    "(SELECT not_before FROM throttle WHERE key = %s) "
    "FROM access_code WHERE code_hash = %s AND revoked_at IS NULL AND until > %s"
)


def _by_access_code(
    text: str, tail: str, *, address: str | None, at: datetime, rounds: Sequence[int]
) -> Story:
    """Its 55 random bits are the proof; the last four keep a slip found in the street shut. Who
    has no document, and nothing to type, is let in by the slip alone."""
    hashed = code_hash(text)
    where = throttle.address_of(address)
    this = throttle.attempt("lookup", hashed.hex(), where)
    rows = fetch(_CODE, (_lock_of(this), this.pair, hashed, at))
    if not rows:
        raise _wrong(throttle.attempt("lookup", where, where))
    cell, person, free, until = rows[0]
    story = story_of_person(cell, person, rounds)
    if story.last4_hash is None:
        return story
    if not tail:
        raise LastFourNeeded()
    _check_wait(this, free, until)
    if not _fits(tail, story):
        raise _wrong(this)
    return story


def _lock_of(this: throttle.Try) -> int:
    return int.from_bytes(this.pair[:8], "big", signed=True)


def _check_wait(this: throttle.Try, free: bool, until: datetime | None) -> None:
    """Before the secret is looked at. Raises TooMany."""
    if not free:  # another try of this pair is being looked at: hear first what came of it
        fetch("SELECT pg_advisory_xact_lock(%s)", (_lock_of(this),))
        rows = fetch("SELECT not_before FROM throttle WHERE key = %s", (this.pair,))
        until = rows[0][0] if rows else None
    now = clock.real_now()
    if until is not None and until > now:
        raise TooMany(seconds=max(1, math.ceil((until - now).total_seconds())))


def _wrong(this: throttle.Try) -> Problem:
    """Counts the guess; the answer is the same whatever was wrong. Raises TooMany."""
    throttle.begin(this)
    throttle.failed(this)
    return NoSuchCode()


def _fits(tail: str, story: Story) -> bool:
    asked = seals.last4_hash(ring(), tail)
    return asked is not None and hmac.compare_digest(asked, story.last4_hash or b"")


# --- the resident code --------------------------------------------------------------------------

_WAIT = (
    "SELECT pg_try_advisory_xact_lock(%s), (SELECT not_before FROM throttle WHERE key = %s), "
    "EXISTS (SELECT 1 FROM throttle WHERE key = ANY(%s) AND fails >= %s AND since > %s)"
)


def _by_resident_code(
    text: str,
    tail: str,
    number: str,
    *,
    address: str | None,
    at: datetime,
    rounds: Sequence[int],
) -> Story:
    """The code is no secret and the last four are few: the wait is asked for first."""
    cell, person = read_person(text, at=at)
    if not tail and not number:
        raise LastFourNeeded()
    where = throttle.address_of(address)
    this = throttle.attempt("lookup", f"{cell}-{person}", where)
    if _attacked(this) and not number:
        raise NumberNeeded()
    story = story_of_person(cell, person, rounds)
    fits = _owns(cell, person, number) if number else _fits(tail, story)
    if not (story.known and fits):
        raise _wrong(this)
    return story


def _attacked(this: throttle.Try) -> bool:
    """Whether so much was guessed at this person or from this address that more is asked for.
    Raises TooMany."""
    since = clock.real_now() - throttle.MEMORY
    asked = (_lock_of(this), this.pair, list(this.soft), ATTACK_FROM.value, since)
    free, until, attacked = fetch(_WAIT, asked)[0]
    _check_wait(this, free, until)
    return attacked


_BETWEEN = re.compile(r"[\s-]")


def _owns(cell: int, person: int, number: str) -> bool:
    """Whether this is the whole number of the person's document; a passport's without its country
    as well."""
    rows = fetch("SELECT sealed FROM person WHERE cell_id = %s AND person_id = %s", (cell, person))
    if not rows:
        return False
    known = seals.open_person(ring(), rows[0][0]).number
    forms = {_BETWEEN.sub("", known), known.rpartition("-")[2]} - {""}
    typed = _BETWEEN.sub("", number).upper()
    return any(hmac.compare_digest(typed.encode(), form.upper().encode()) for form in forms)
