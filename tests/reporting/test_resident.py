"""The resident's look-up through the door: codes, messages, what is told when, and what is not."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import orjson
import pytest

from screening import clock, crypto
from screening.db import db, fetch, run
from screening.registry import seals
from screening.registry.code_keys import sign_code
from screening.registry.person_codes import make_resident_code
from screening.registry.service.persons import ring
from screening.reporting import service
from screening.reporting.service import phone_codes
from tests.reporting.bench import GREY, NEG, POS

LAST4, NUMBER, PHONE = "002X", "GB-M1234002X", "16100000001"
API = "/api/v1/results"
WORDS = ("阳性", "阴性", "可疑", "无效", "positive", "negative", "inconclusive", "结果")


@pytest.fixture
def owner(bench):
    """The city's first person, with a document and a registered phone: (cell, person)."""
    cell, person, _ = bench.city.people[0]
    give(cell, person, LAST4, NUMBER, PHONE)
    return cell, person


def give(cell, person, last4, number, phone):
    keys = ring()
    details = seals.Details("居民零", number, "GB", phone)
    run(
        "UPDATE person SET last4_hash = %s, sealed = %s WHERE cell_id = %s AND person_id = %s",
        (seals.last4_hash(keys, last4), seals.seal_person(keys, details), cell, person),
    )
    run(
        "INSERT INTO phone_key (phone_hash, cell_id, person_id) VALUES (%s, %s, %s)",
        (seals.phone_hash(keys, phone), cell, person),
    )
    db.session.commit()


def slip(owner) -> str:
    code = service.issue_codes([owner], by=None, at=clock.now())[0][0]
    db.session.commit()
    return code


def look(client, code, last4="", number="", at="10.0.0.1"):
    body = {"code": code, "last4": last4, "number": number}
    return client.post(f"{API}/lookup", json=body, environ_base={"REMOTE_ADDR": at})


def ask(client, phone=PHONE, last4=LAST4, at="10.0.0.1"):
    return client.post(f"{API}/phone-codes", json={"phone": phone, "last4": last4},
                       environ_base={"REMOTE_ADDR": at})  # fmt: skip


def by_phone(client, code, phone=PHONE, last4=LAST4, at="10.0.0.1"):
    return client.post(f"{API}/lookup/phone", json={"phone": phone, "last4": last4, "code": code},
                       environ_base={"REMOTE_ADDR": at})  # fmt: skip


def work() -> int:
    """The worker looks; how many messages it wrote."""
    written = phone_codes.send_codes()
    db.session.commit()
    return written


def message() -> str:
    """The text that the worker wrote last."""
    work()
    bodies = fetch("SELECT body FROM outbox WHERE topic = 'notice' ORDER BY made_at")
    return orjson.loads(ring().open(bytes(bodies[-1][0]), "outbox.body"))["text"]


def digits(text: str) -> str:
    return re.search(r"[0-9]{6}", text)[0]


# --- the resident code --------------------------------------------------------------------------


def test_the_printed_code_with_the_last_four_opens_the_result(bench, client, owner):
    bench.through(bench.fill(0, 3))
    for code in (make_resident_code(*owner), sign_code(*owner, "居民零", at=clock.now())):
        r = look(client, code, "002x")
        assert (r.status_code, r.json["state"]) == (200, "negative")
    assert fetch("SELECT count(*) FROM throttle") == [(0,)]


def test_a_code_that_is_no_secret_opens_nothing_alone(bench, client, owner):
    known, unknown = make_resident_code(*owner), make_resident_code(owner[0], 77)
    answers = [look(client, c) for c in (known, unknown)]
    assert {(r.status_code, r.json["code"]) for r in answers} == {(403, "last4_needed")}
    assert fetch("SELECT count(*) FROM throttle") == [(0,)]


def test_a_wrong_tail_and_an_unknown_person_are_answered_alike(bench, client, owner):
    nobody = make_resident_code(owner[0], 77)
    without = make_resident_code(*bench.city.people[5][:2])  # has no document
    answers = [look(client, c, "1111") for c in (make_resident_code(*owner), nobody, without)]
    assert len({r.text for r in answers}) == 1 and answers[0].status_code == 404


def test_a_slip_of_the_finger_or_an_old_card_is_no_guess(bench, client, owner):
    good = make_resident_code(*owner)
    old = sign_code(*owner, "居民零", at=clock.now() - timedelta(days=90))
    other = crypto.KeyRing.new()
    key_id, key = other.code_key()
    from screening.registry.signed_codes import make_signed

    forged = make_signed(key_id, key, *owner, "居民零", 40000)
    wrong = good[:-1] + ("0" if good[-1] != "0" else "1")
    codes = [look(client, c, LAST4).json["code"] for c in (wrong, old, forged, "R1.x")]
    assert codes == [
        "bad_check_digits",
        "code_expired",
        "bad_code_signature",
        "not_a_resident_code",
    ]
    assert fetch("SELECT count(*) FROM throttle") == [(0,)]


def test_guessing_a_tail_waits_longer_each_time_even_when_it_is_right_at_last(bench, client, owner):
    code = make_resident_code(*owner)
    answers = [look(client, code, f"{i:04}").status_code for i in range(7)]
    assert answers[:4] == [404] * 4 and set(answers[5:]) == {429}
    r = look(client, code, LAST4)
    assert (r.status_code, r.json["code"]) == (429, "too_many")
    assert 0 < int(r.headers["Retry-After"]) <= 900


def test_nobody_is_locked_out_by_somebody_elses_guesses(bench, client, owner):
    code = make_resident_code(*owner)
    for i in range(8):
        look(client, code, f"{i:04}", at="10.9.9.9")
    assert look(client, code, LAST4, at="10.0.0.2").status_code == 200


def test_after_many_guesses_at_a_person_the_whole_number_opens(bench, client, owner):
    code = make_resident_code(*owner)
    look(client, code, "1111", at="10.9.9.9")
    run("UPDATE throttle SET fails = 30")
    db.session.commit()
    r = look(client, code, LAST4, at="10.0.0.2")
    assert (r.status_code, r.json["code"]) == (403, "number_needed")
    for typed in ("gb-m1234002x", "M1234 002X"):
        assert look(client, code, LAST4, typed, at="10.0.0.2").status_code == 200
    assert look(client, code, LAST4, "M1234002Y", at="10.0.0.2").status_code == 404
    assert look(client, slip(owner), LAST4, at="10.0.0.2").status_code == 200


def test_an_address_that_tries_many_people_must_know_whole_numbers(bench, client, owner):
    for i in range(30):
        look(client, make_resident_code(owner[0], 1000 + i), "0000", at="10.9.9.9")
    r = look(client, make_resident_code(*owner), LAST4, at="10.9.9.9")
    assert r.json["code"] == "number_needed"
    assert look(client, make_resident_code(*owner), LAST4, at="10.0.0.2").status_code == 200


def test_a_burst_of_guesses_gains_nothing(app, bench, client, owner):
    code, answers = make_resident_code(*owner), []
    tails = [f"{i:04}" for i in range(11)] + [LAST4]

    def guess(tail):
        answers.append((tail, look(app.test_client(), code, tail).status_code))

    for tail in tails[:4]:  # the free tries are gone, and a wait begins with the next
        guess(tail)
    crowd = [threading.Thread(target=guess, args=(t,)) for t in tails[4:]]
    for t in crowd:
        t.start()
    for t in crowd:
        t.join()
    looked_at = [s for t, s in answers[4:] if s != 429]
    assert len(looked_at) <= 1, answers


# --- the slip -----------------------------------------------------------------------------------


def test_a_slip_found_in_the_street_stays_shut(bench, client, owner):
    code = slip(owner)
    assert look(client, code).json["code"] == "last4_needed"
    answers = [look(client, code, f"{i:04}").status_code for i in range(6)]
    assert answers[:4] == [404] * 4 and answers[5] == 429
    assert look(client, code, LAST4).status_code == 429
    assert look(client, code, LAST4, at="10.0.0.2").status_code == 200


def test_whoever_has_no_document_uses_the_slip_alone(bench, client):
    code = slip(bench.city.people[4][:2])
    assert look(client, code).status_code == 200
    assert look(client, code, "1234").status_code == 200


# --- the message --------------------------------------------------------------------------------


def test_the_code_of_the_message_opens_the_result_once(bench, client, owner):
    bench.through(bench.fill(0, 3))
    assert ask(client).status_code == 202
    code = digits(message())
    r = by_phone(client, code)
    assert (r.status_code, r.json["state"]) == (200, "negative")
    assert by_phone(client, code).json["code"] == "no_such_phone_code"


def test_the_message_says_nothing_of_a_result_or_a_person(bench, client, owner):
    bench.through(bench.fill(0, 3), outcome=POS)
    ask(client)
    text = message()
    assert not [w for w in WORDS if w in text] and "居民" not in text and len(text) < 140


def test_known_and_unknown_numbers_are_answered_and_kept_alike(bench, client, owner):
    known, unknown = ask(client), ask(client, phone="16100009999")
    wrong_tail = ask(client, last4="9999")
    assert {(r.status_code, r.text, r.headers["Content-Length"])
            for r in (known, unknown, wrong_tail)} == {(202, "", "0")}  # fmt: skip
    rows = fetch("SELECT until, code_hash, cell_id, person_id FROM phone_code")
    assert rows == [(None,) * 4] * 3
    assert work() == 1
    pages = {
        client.post("/r", data={"step": "ask", "phone": p, "last4": LAST4}).text.replace(p, "")
        for p in (PHONE, "16100009999")
    }
    assert len(pages) == 1


def test_a_code_runs_out_after_ten_minutes(bench, client, owner):
    ask(client)
    code = digits(message())
    run("UPDATE phone_code SET until = until - interval '10 minutes'")
    db.session.commit()
    assert by_phone(client, code).status_code == 404
    assert ask(client).status_code == 202
    assert digits(message()) and by_phone(client, digits(message())).status_code == 200


def test_asking_again_sends_no_second_message_and_ends_no_code(bench, client, owner):
    ask(client)
    first = message()
    for at in ("10.0.0.1", "10.9.9.9"):
        assert ask(client, at=at).status_code == 202
    assert message() == first
    assert fetch("SELECT count(*) FROM outbox WHERE topic = 'notice'") == [(1,)]
    assert by_phone(client, digits(first)).status_code == 200


def test_asking_and_guessing_wait_for_the_pair_only(bench, client, owner):
    asked = [ask(client, at="10.9.9.9").status_code for _ in range(7)]
    assert asked[:4] == [202] * 4 and asked[-1] == 429
    code = digits(message())
    wrong = "000000" if code != "000000" else "111111"
    guessed = [by_phone(client, wrong, at="10.9.9.9").status_code for _ in range(7)]
    assert guessed[:4] == [404] * 4 and guessed[-1] == 429
    assert by_phone(client, code, at="10.9.9.9").status_code == 429
    assert ask(client).status_code == 202 and by_phone(client, code).status_code == 200


def test_a_guesser_with_many_addresses_ends_the_code_and_finds_none(bench, client, owner):
    ask(client)
    work()
    right = digits(message())
    wrong = f"{(int(right) + 1) % 1_000_000:06}"
    for i in range(30):
        assert by_phone(client, wrong, at=f"10.8.{i}.1").status_code == 404
    assert by_phone(client, right, at="10.7.0.1").status_code == 404
    assert look(client, slip(owner), LAST4, at="10.7.0.1").status_code == 200


def test_two_people_with_one_phone_and_one_tail_get_no_code(bench, client, owner):
    """Nobody is shown another's result, not even at the same table."""
    twin = bench.city.people[1][:2]
    give(*twin, LAST4, "GB-M9999002X", PHONE)
    ask(client)
    assert work() == 0
    ask(client, last4="1234")
    give(*bench.city.people[2][:2], "1234", "GB-M11111234", PHONE)
    assert work() == 1


def test_the_phone_is_the_one_that_is_registered_now(bench, client, owner):
    keys = ring()
    moved = seals.seal_person(keys, seals.Details("居民零", NUMBER, "GB", "16100000002"))
    run("UPDATE person SET sealed = %s WHERE person_id = %s", (moved, owner[1]))
    db.session.commit()
    ask(client)
    assert work() == 0


def test_nothing_of_the_code_or_the_phone_is_kept_in_the_clear(bench, client, owner):
    ask(client)
    code = digits(message())
    held = str(fetch("SELECT * FROM phone_code")) + str(fetch("SELECT * FROM outbox"))
    held += str(fetch("SELECT * FROM audit")) + str(fetch("SELECT * FROM throttle"))
    assert PHONE not in held and LAST4 not in held and code not in held


@pytest.mark.parametrize(
    ("phone", "last4", "code"),
    [("12", LAST4, "person_phone"), ("", LAST4, "bad_field"), (PHONE, "1", "bad_field")],
)
def test_what_cannot_be_a_number_is_said_at_once(bench, client, phone, last4, code):
    r = ask(client, phone, last4)
    assert r.status_code == 422
    assert code in (r.json["code"], *(f["code"] for f in r.json.get("faults", ())))


def test_the_worker_sends_the_message_and_forgets_it(app, bench, client, owner, tmp_path):
    from screening.reminders.channels.file import FileChannel
    from screening.reminders.notices import send_notices

    ask(client)
    text = message()
    assert send_notices(FileChannel(tmp_path)) == 1
    (file,) = tmp_path.iterdir()
    line = orjson.loads(file.read_bytes())
    assert (line["phone"], line["text"]) == (PHONE, text)
    assert fetch("SELECT state, body FROM outbox WHERE topic = 'notice'") == [(1, b"")]
    assert send_notices(FileChannel(tmp_path)) == 0


def test_a_message_that_came_too_late_is_not_sent(bench, client, owner, tmp_path):
    from screening import outbox
    from screening.reminders.channels.file import FileChannel
    from screening.reminders.notices import send_notices

    outbox.notice(owner[0], PHONE, "x", at=clock.now(), seal=ring().seal,
                  until=clock.real_now() - timedelta(seconds=1))  # fmt: skip
    db.session.commit()
    assert send_notices(FileChannel(tmp_path)) == 0
    assert fetch("SELECT state, error FROM outbox") == [(outbox.DROPPED, "too_late")]


# --- what is told -------------------------------------------------------------------------------


def acknowledge() -> None:
    run("UPDATE alert SET seen_by = 1, seen_at = now()")
    db.session.commit()


@pytest.mark.parametrize("outcome", [POS, GREY])
def test_a_member_reads_of_a_re_check_once_somebody_has_it_in_hand(bench, client, owner, outcome):
    tube = bench.fill(0, 4)
    code, seen = slip(owner), []

    def now():
        r = look(client, code, LAST4)
        assert "positive" not in r.text and "inconclusive" not in r.text and tube not in r.text
        seen.append(r.json)
        return r.json["state"]

    assert now() == "waiting"
    bench.test(tube, outcome=outcome)
    assert now() == "waiting"
    bench.sign_both(tube)
    assert now() == "waiting"
    bench.release(tube)
    assert now() == "waiting"
    assert len({str(s) for s in seen}) == 1  # word for word: nothing tells the steps apart
    acknowledge()
    assert now() == "pending_recheck" and seen[-1]["callback_due"]
    assert seen[-1]["swabs"][0]["pooled"] is None and seen[-1]["swabs"][0]["version"] == 0


def test_an_acknowledged_signal_is_told_before_the_release(bench, client, owner):
    tube = bench.fill(0, 3)
    bench.test(tube, outcome=POS)
    acknowledge()
    assert look(client, slip(owner), LAST4).json["state"] == "pending_recheck"


def test_a_signal_by_hand_takes_a_negative_back_to_waiting(bench, client, owner):
    tube = bench.fill(0, 3)
    bench.through(tube)
    code = slip(owner)
    assert look(client, code, LAST4).json["state"] == "negative"
    bench.alert(tube, "hand", POS)
    seen = look(client, code, LAST4).json
    assert seen["state"] == "waiting" and seen["swabs"][0]["released_at"] is None
    acknowledge()
    assert look(client, code, LAST4).json["state"] == "pending_recheck"


def test_a_negative_re_check_alone_shows_negative(bench, client, owner):
    tube = bench.fill(0, 3)
    bench.through(tube, outcome=POS)
    acknowledge()
    again = bench.fill(0, 1, mode="single", purpose="recheck")
    code = slip(owner)
    assert look(client, code, LAST4).json["state"] == "pending_recheck"
    bench.through(again, outcome=NEG)
    assert look(client, code, LAST4).json["state"] == "negative"


# --- pages --------------------------------------------------------------------------------------


def test_the_page_shows_the_state_in_both_languages(bench, client, owner):
    bench.through(bench.fill(0, 3))
    page = client.post("/r", data={"step": "code", "code": slip(owner), "last4": LAST4})
    assert page.status_code == 200 and page.headers["Cache-Control"] == "no-store"
    assert [w for w in ("阴性", "negative", "3 人同管") if w not in page.text] == []
    assert "<script" not in page.text and "居民" not in page.text.replace("居民码", "")


def test_the_page_asks_step_by_step_and_keeps_what_was_typed(bench, client, owner):
    code = slip(owner)
    page = client.post("/r", data={"step": "code", "code": code})
    assert page.status_code == 403 and code in page.text and "后四位" in page.text
    page = client.post("/r", data={"step": "ask", "phone": PHONE, "last4": LAST4})
    assert page.status_code == 200 and "one-time-code" in page.text
    wrong = {"step": "phone", "phone": PHONE, "last4": LAST4, "code": "1"}
    page = client.post("/r", data=wrong)
    assert page.status_code == 404 and "one-time-code" in page.text
    page = client.post("/r", data={**wrong, "code": digits(message())})
    assert page.status_code == 200 and "目前状态" in page.text
    page = client.post("/r", data={"step": "ask", "phone": "", "last4": ""})
    assert page.status_code == 422 and '<details class="panel" open>' in page.text


def test_the_slip_names_nobody_in_full(bench, client, owner):
    from screening.accounts.roles import Role
    from tests import make

    worker = make.staff(Role.COMMUNITY_WORKER, bench.city.sites[0].area)
    headers = make.sign_in(client, worker, cookie=True)
    page = client.post(f"/persons/{owner[0]}/{owner[1]}/access-code", headers=headers)
    assert page.status_code == 200 and "居民零" not in page.text and "居**" in page.text
    assert "data:image/png;base64," in page.text and NUMBER not in page.text
    code = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}", page.text)[0]
    assert look(client, code, LAST4).status_code == 200
