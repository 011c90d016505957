"""The door: who gets in, what a guesser meets, and that nobody is locked out by somebody else."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from screening import clock
from screening.accounts import throttle
from screening.accounts.roles import Role
from screening.app import create_app
from screening.config import Settings
from screening.db import db, fetch
from tests import make

WORD = "right horse battery"
HERE, THERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def nurse(db_session):
    return make.staff(Role.SAMPLER, make.site(), password=WORD)


def enter(client, number, word, address=HERE):
    return client.post(
        "/api/v1/session",
        json={"number": number, "password": word},
        environ_overrides={"REMOTE_ADDR": address},
    )


def guess(client, number, times, address=HERE):
    return [enter(client, number, f"wrong {n}", address).status_code for n in range(times)]


def test_the_right_number_and_password_open_a_session(client, nurse):
    r = enter(client, nurse.staff_no, WORD)
    assert r.status_code == 201
    me = client.get("/api/v1/me", headers={"Authorization": f"Bearer {r.json['token']}"})
    assert (me.status_code, me.json["staff_no"]) == (200, nurse.staff_no)


def test_a_wrong_password_and_an_unknown_number_are_answered_alike(client, nurse):
    wrong, unknown = enter(client, nurse.staff_no, "x"), enter(client, "nobody", "x")
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json == unknown.json


def test_an_unknown_number_costs_as_much_time_as_a_known_one(client, nurse):
    enter(client, "warm", "up")
    spent = []
    for number in (nurse.staff_no, "nobody"):
        began = time.perf_counter()
        for n in range(3):
            enter(client, number, f"wrong {n}")
        spent.append(time.perf_counter() - began)
    assert 0.4 < spent[0] / spent[1] < 2.5


def test_an_account_that_ended_or_was_switched_off_does_not_open(client, db_session):
    from datetime import timedelta

    from screening import clock

    past = clock.real_now() - timedelta(minutes=1)
    ended = make.staff(Role.SAMPLER, make.site(), password=WORD, until=past)
    off = make.staff(Role.SAMPLER, make.site(), password=WORD, active=False)
    assert [enter(client, w.staff_no, WORD).status_code for w in (ended, off)] == [401, 401]


def test_a_guesser_is_slowed_more_and_more(client, nurse):
    codes = guess(client, nurse.staff_no, 6)
    assert codes == [401, 401, 401, 401, 429, 429]
    r = enter(client, nurse.staff_no, "again")
    assert (r.json["code"], r.headers["Retry-After"]) == ("too_many", str(r.json["seconds"]))


def test_while_the_pair_waits_even_the_right_password_waits(client, nurse):
    guess(client, nurse.staff_no, 5)
    assert enter(client, nurse.staff_no, WORD).status_code == 429


def test_the_right_password_from_another_address_works_at_once(client, nurse):
    guess(client, nurse.staff_no, 6)
    assert enter(client, nurse.staff_no, WORD, THERE).status_code == 201


def test_a_colleague_at_the_same_address_is_not_locked_out(client, nurse):
    for n in range(40):
        enter(client, f"guess-{n}", "x")
    guess(client, nurse.staff_no, 6)
    colleague = make.staff(Role.PACKER, make.site(), password=WORD)
    assert enter(client, colleague.staff_no, WORD).status_code == 201


def test_a_number_attacked_from_everywhere_still_opens_for_its_owner(client, nurse):
    for n in range(35):
        enter(client, nurse.staff_no, "x", f"192.0.2.{n}")
    assert enter(client, nurse.staff_no, "x", "192.0.2.200").status_code == 401
    assert enter(client, nurse.staff_no, "x", "192.0.2.200").status_code == 429  # one try only
    assert enter(client, nurse.staff_no, WORD, THERE).status_code == 201


def test_an_ipv6_customer_cannot_guess_from_every_address_of_a_network(client, nurse):
    codes = [enter(client, nurse.staff_no, "x", f"2001:db8:0:1::{n:x}").status_code
             for n in range(1, 7)]  # fmt: skip
    assert 429 in codes


def test_the_throttle_holds_across_workers_and_restarts(app, client, nurse, tmp_path):
    guess(client, nurse.staff_no, 4)
    keys = app.extensions["keys"].dump()
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    other = create_app(Settings(database_url=url, instance=tmp_path, keys=keys, testing=True))
    try:
        client = other.test_client()
        assert enter(client, nurse.staff_no, WORD).status_code == 429
        assert enter(client, nurse.staff_no, WORD, THERE).status_code == 201
    finally:
        with other.app_context():
            db.engine.dispose()


def test_a_burst_of_guesses_at_once_gains_nothing(app, nurse):
    codes, lock = [], threading.Lock()

    def one():
        code = enter(app.test_client(), nurse.staff_no, "x").status_code
        with lock:
            codes.append(code)

    crowd = [threading.Thread(target=one) for _ in range(8)]
    for t in crowd:
        t.start()
    for t in crowd:
        t.join()
    assert codes.count(401) == 4 and codes.count(429) == 4


def test_a_free_try_that_asked_a_moment_earlier_waits_for_nobody(app, nurse, monkeypatch):
    now = datetime.now(UTC)
    with app.app_context():
        this = throttle.attempt("sign-in", nurse.staff_no, "here")
        # requests side by side read the clock before they meet
        for back in (0, 5, 10):  # milliseconds
            monkeypatch.setattr(clock, "real_now", lambda b=back: now - timedelta(milliseconds=b))
            throttle.begin(this)  # raises TooMany for who has to wait
        assert fetch("SELECT fails FROM throttle WHERE key = %s", (this.pair,)) == [(3,)]


def test_a_new_password_starts_without_the_failures_of_the_old(client, nurse, db_session):
    from screening.accounts import service

    guess(client, nurse.staff_no, 6)
    word = service.reset_password(nurse.staff_id)
    db_session.commit()
    assert enter(client, nurse.staff_no, word).status_code == 201


def test_a_failed_sign_in_is_in_the_audit_and_holds_no_name(client, nurse):
    enter(client, "Zhang-San-secret", "x")
    enter(client, nurse.staff_no, "x")
    rows = fetch("SELECT subject_id, detail FROM audit WHERE cell_id = 0 AND "
                 "action = 'sign_in_failed' ORDER BY audit_id")  # fmt: skip
    assert rows == [(None, None), (str(nurse.staff_id), None)]


def test_the_throttle_keeps_no_number_and_no_address(client, nurse):
    enter(client, nurse.staff_no, "x")
    keys = [bytes(r[0]) for r in fetch("SELECT key FROM throttle")]
    assert keys and all(len(k) == 16 for k in keys)
    assert not any(nurse.staff_no.encode() in k for k in keys)
