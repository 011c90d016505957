"""Codes of an authenticator app: the standard's own examples, and what they sign."""

from __future__ import annotations

import time

import pytest

from screening.accounts import authenticator, totp
from screening.accounts.authenticator import BadCode
from screening.accounts.queries import actor_of
from screening.accounts.sessions import BadPassword, BadPin
from screening.accounts.signing import sign
from screening.accounts.throttle import TooMany
from screening.db import db, fetch, run
from tests import make

WORD, PIN = "right horse battery", "284917"
RFC = b"12345678901234567890"  # RFC 6238, appendix B


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"), (1111111109, "07081804"), (1111111111, "14050471"),
        (1234567890, "89005924"), (2000000000, "69279037"), (20000000000, "65353130"),
    ],
)  # fmt: skip
def test_the_codes_are_those_of_the_standard(seconds, code):
    assert totp.code_of(RFC, totp.step_of(seconds), digits=8) == code


@pytest.mark.parametrize(
    ("late", "right"), [(0, True), (30, True), (-30, True), (61, False), (-61, False)]
)
def test_a_code_holds_a_step_to_either_side(late, right):
    code = totp.code_of(RFC, totp.step_of(1_000_000_000))
    found = totp.matching_step(RFC, code, 1_000_000_000 - 1_000_000_000 % 30 + 15 + late)
    assert (found is not None) is right


def test_a_phone_reads_the_secret_from_the_link():
    link = totp.link_of(RFC, "T 001")
    assert link.startswith(
        "otpauth://totp/Screening:T%20001?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&"
    )


# --- whoever signs --------------------------------------------------------------------------------


@pytest.fixture
def actor(app, db_session):
    who = make.staff("lab_reviewer", make.lab(), password=WORD, pin=PIN)
    db.session.commit()
    with app.test_request_context():
        yield actor_of(who.staff_id)


def code(secret: bytes, steps: int = 0) -> str:
    return totp.code_of(secret, totp.step_of(time.time()) + steps)


@pytest.fixture
def secret(actor) -> bytes:
    """Of an app in use."""
    made = authenticator.begin(actor, WORD, address=None)
    authenticator.confirm(actor, code(made, -1))
    db.session.commit()
    return made


def test_a_code_signs_once(actor, secret):
    sign(actor, code(secret))
    with pytest.raises(BadPin):
        sign(actor, code(secret))


def test_the_pin_signs_beside_the_app_as_often_as_asked(actor, secret):
    for _ in range(8):
        sign(actor, PIN)
    with pytest.raises(BadPin):  # it was looked at each time
        sign(actor, "000000")


def test_wrong_codes_are_slowed(actor, secret):
    wrong = "000000" if code(secret) != "000000" else "111112"

    def guess_on() -> None:
        for _ in range(12):
            with pytest.raises(BadPin):
                sign(actor, wrong)

    with pytest.raises(TooMany):
        guess_on()


def test_an_app_that_was_not_confirmed_signs_nothing(actor):
    made = authenticator.begin(actor, WORD, address=None)
    with pytest.raises(BadPin):
        sign(actor, code(made))
    with pytest.raises(BadCode):
        authenticator.confirm(actor, "000000" if code(made) != "000000" else "111112")


def test_an_app_is_set_up_and_removed_with_the_password_only(actor, secret):
    for act in (authenticator.begin, authenticator.remove):
        with pytest.raises(BadPassword):
            act(actor, "wrong horse", address=None)
    authenticator.remove(actor, WORD, address=None)
    assert not authenticator.is_active(actor.staff_id)


def test_only_the_sealed_secret_is_kept(actor, secret):
    ((sealed,),) = fetch("SELECT sealed FROM authenticator")
    assert secret not in bytes(sealed)
    run("UPDATE authenticator SET confirmed_at = NULL")
    assert not authenticator.is_active(actor.staff_id)
