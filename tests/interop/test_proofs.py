"""Proofs: from which swab, when refused, withdrawn by a correction, verified offline."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pypdf
import pytest

from screening import clock, crypto
from screening.crypto import unb64
from screening.db import db, fetch, run
from screening.interop import hc1, keys, proof_codes, rules, service
from screening.interop.rules import Specimen
from screening.registry import seals
from screening.registry.service.persons import ring
from screening.reporting import doors
from screening.reporting import service as reporting
from screening.reporting.rules import CLOSED, OPEN, Swab
from screening.reporting.service.codes import issue_codes
from tests.reporting.bench import BAD, NEG, PIN, POS

AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)


def slip(bench, i: int) -> str:
    code = issue_codes([bench.city.people[i][:2]], by=None, at=clock.now())[0][0]
    db.session.commit()
    return code


def tail(bench, i: int) -> str:
    """People of the made city have no last four on file: nothing need be typed."""
    return ""


def issue(bench, i: int, at=None) -> service.Issued:
    code = slip(bench, i)
    out = service.issue(code, tail(bench, i), address="192.0.2.1", at=at or clock.now())
    db.session.commit()
    return out


def refused(bench, i: int, at=None) -> str:
    code = slip(bench, i)
    with pytest.raises(service.Problem) as e:
        service.issue(code, tail(bench, i), address="192.0.2.1", at=at or clock.now())
    db.session.rollback()
    assert all(e.value.sentence(lang) for lang in ("zh", "en"))
    return e.value.code


def withdrawn() -> set[int]:
    known = ring().code_points()
    told = service.verifier(clock.now())
    return set(proof_codes.read_list(unb64(told["list"]), known).numbers)


def test_a_released_negative_gives_a_proof_that_verifies_offline(bench):
    tube = bench.fill(0, 5)
    bench.through(tube)
    proof = issue(bench, 0)
    said = proof_codes.read(proof.text, ring().code_points())
    assert (said.number, said.sharers, said.hours) == (proof.row.proof_id, 5, 48)
    assert said.name == proof.name and "*" in said.name
    assert said.sampled == proof.row.sampled_at.replace(microsecond=0)
    row = bench.tube(tube)
    assert row["received_at"] is None or said.sampled <= row["received_at"]


def test_the_european_form_says_the_same(bench):
    bench.through(bench.fill(0, 5))
    proof = issue(bench, 0)
    envelope = hc1.open_text(proof.certificate)
    _, key = ring().code_key()
    assert envelope.key_id == keys.cose_id(key.public_key())
    hc1.verify(envelope, key.public_key())
    found = hc1.read_content(envelope)
    test = found.body["t"][0]
    assert (test["tr"], test["tt"]) == ("260415000", "LP6464-4")
    assert found.body["dob"] == "" or len(found.body["dob"]) == 4
    assert f":{proof.number}#" in test["ci"]


def test_no_document_stands_in_a_proof(bench):
    bench.through(bench.fill(0, 5))
    proof = issue(bench, 0)
    person = bench.city.people[0][1]
    assert f"MADE{person}" not in proof.text + proof.certificate
    content = hc1.open_text(proof.certificate).payload
    assert f"MADE{person}".encode() not in content


def test_only_the_last_four_of_a_document_are_told_and_they_are_asked_for(bench):
    bench.through(bench.fill(0, 5))
    cell, person = bench.city.people[0][:2]
    code, four = slip(bench, 0), f"{person}"[-4:]
    run(
        "UPDATE person SET last4_hash = %s, sealed = %s WHERE cell_id = %s AND person_id = %s",
        (
            seals.last4_hash(ring(), four),
            seals.seal_person(ring(), seals.Details("欧阳娜娜", f"MADE{person}", birth="1980-02-03")),
            cell, person,
        ),
    )  # fmt: skip
    db.session.commit()
    with pytest.raises(doors.LastFourNeeded):
        service.issue(code, address="192.0.2.1", at=clock.now())
    proof = service.issue(code, four, address="192.0.2.1", at=clock.now())
    said = proof_codes.read(proof.text, ring().code_points())
    assert (said.last4, said.name) == (four, "欧阳**")
    body = hc1.read_content(hc1.open_text(proof.certificate)).body
    assert body["dob"] == "1980"
    assert body["nam"] == {"fn": "欧阳", "fnt": "OUYANG", "gn": "娜娜", "gnt": "NANA"}


def test_a_proof_asked_for_again_is_the_same(bench):
    bench.through(bench.fill(0, 5))
    first, again = issue(bench, 0), issue(bench, 0)
    assert first.row == again.row
    assert fetch("SELECT count(*) FROM proof /* fan-out: test */") == [(1,)]


def test_there_is_none_before_a_release(bench):
    bench.test(bench.fill(0, 5))
    assert refused(bench, 0) == "no_negative_result"


def test_there_is_none_once_the_hours_are_over(bench):
    bench.through(bench.fill(0, 5))
    assert refused(bench, 0, clock.now() + timedelta(hours=49)) == "proof_past"


def test_there_is_none_while_another_tube_of_the_person_is_under_alert(bench):
    bench.through(bench.fill(0, 5))
    later = bench.fill(0, 1, mode="single", purpose="recheck")
    bench.alert(later, "positive", POS)
    db.session.commit()
    assert refused(bench, 0) == "no_proof_now"
    assert issue(bench, 1).row.sharers == 5


def test_there_is_none_while_a_tube_is_held(bench):
    tube = bench.fill(0, 5)
    bench.through(tube)
    run("UPDATE tube SET holds = 1 WHERE barcode = %s /* fan-out: test */", (tube,))
    db.session.commit()
    assert refused(bench, 0) == "no_proof_now"


def test_there_is_none_while_somebody_asks_for_a_correction(bench):
    tube = bench.fill(0, 5)
    bench.through(tube)
    reporting.ask_correction(
        tube, int(BAD), "复看曲线", lab_id=bench.lab_id, by=bench.actor(bench.reviewer),
        secret=PIN, at=clock.now(),
    )  # fmt: skip
    db.session.commit()
    assert refused(bench, 0) == "no_proof_now"


def test_there_is_none_for_the_members_of_a_positive_pool(bench):
    bench.through(bench.fill(0, 5), outcome=POS)
    assert {refused(bench, i) for i in range(5)} == {"no_proof_now"}


def test_a_correction_withdraws_the_proofs_of_its_tube_and_no_others(bench):
    tube, other = bench.fill(0, 5), bench.fill(5, 5)
    bench.through(tube)
    bench.through(other)
    mine, others = issue(bench, 0), issue(bench, 5)
    assert withdrawn() == set()
    bench.alert(tube, "hand", POS)
    bench.correct(tube, POS)
    assert withdrawn() == {mine.row.proof_id}
    assert refused(bench, 0) == "no_proof_now"
    assert issue(bench, 5).row == others.row


def test_a_correction_between_the_look_and_the_proof_is_seen(app, bench):
    """Two connections: the correction holds the tube's row while the proof is being made."""
    import threading

    tube = bench.fill(0, 5)
    bench.through(tube)
    bench.alert(tube, "hand", POS)
    code = slip(bench, 0)
    run("UPDATE alert SET settled_at = now() WHERE barcode = %s /* fan-out: test */", (tube,))
    db.session.commit()
    heard: list[str] = []

    def ask() -> None:
        with app.test_request_context():
            try:
                service.issue(code, address="192.0.2.1", at=clock.now())
                heard.append("issued")
            except service.NoProofNow:
                heard.append("refused")
            finally:
                db.session.rollback()
                db.session.remove()

    run("UPDATE tube SET version = 2 WHERE barcode = %s /* fan-out: test */", (tube,))
    other = threading.Thread(target=ask)
    other.start()
    other.join(0.7)
    assert other.is_alive() and heard == []
    db.session.commit()
    other.join(10)
    assert heard == ["refused"]


def test_a_negative_version_withdraws_nothing_of_those_it_still_speaks_of(bench):
    tube = bench.fill(0, 5)
    bench.through(tube)
    issue(bench, 0)
    bench.correct(tube, NEG)
    assert withdrawn() == set()


def test_a_list_that_was_changed_is_no_list():
    key = crypto.new_device_key()
    known = {1: crypto.public_bytes(key.public_key())}
    data = proof_codes.write_list([7, 3], AT, 1, key)
    assert proof_codes.read_list(data, known) == (AT, {3, 7})
    for i in range(len(data)):
        with pytest.raises(proof_codes.NotAProof):
            proof_codes.read_list(data[:i] + bytes([data[i] ^ 1]) + data[i + 1 :], known)


def test_a_proof_that_was_changed_or_signed_by_another_key_is_refused():
    key = crypto.new_device_key()
    known = {1: crypto.public_bytes(key.public_key())}
    text = proof_codes.write(proof_codes.Proof(9, AT, AT, 48, 10, "012X", "欧阳**"), 1, key)
    assert proof_codes.read(text, known) == (9, AT, AT, 48, 10, "012X", "欧阳**")
    chance = random.Random(4)
    for _ in range(60):
        i = chance.randrange(3, len(text))
        other = text[:i] + chance.choice("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") + text[i + 1 :]
        if other != text:
            with pytest.raises(proof_codes.NotAProof):
                proof_codes.read(other, known)
    with pytest.raises(proof_codes.NotAProof):
        proof_codes.read(text, {1: crypto.public_bytes(crypto.new_device_key().public_key())})


# --- the rules alone ----------------------------------------------------------------------------

GOOD = Specimen(Swab(AT, outcome=NEG, covered=True), 1, 1, 1, "T", 1, AT, members=10)


@pytest.mark.parametrize(("received", "sampled"), [(None, AT), (AT + timedelta(hours=1), AT),
                                                   (AT - timedelta(hours=1),
                                                    AT - timedelta(hours=1))])  # fmt: skip
def test_a_swab_is_never_later_than_its_receipt(received, sampled):
    assert GOOD._replace(received_at=received).sampled_at == sampled


@pytest.mark.parametrize("doubt", [
    {"alerts": 1}, {"held": True},
    {"swab": Swab(AT, outcome=POS, covered=True)},
    {"swab": Swab(AT, outcome=POS, covered=True, callback=OPEN)},
    {"swab": Swab(AT, outcome=POS, covered=True, callback=CLOSED, callback_outcome=POS)},
    {"swab": Swab(AT), "alerts": 1, "version": 0},
])  # fmt: skip
def test_any_doubtful_swab_stands_against_a_proof_from_another(doubt):
    assert rules.choose([GOOD, GOOD._replace(number=2, **doubt)], AT) == rules.NOT_NOW


@pytest.mark.parametrize("fine", [
    {"swab": Swab(AT)},  # on its way
    {"swab": Swab(AT, outcome=POS, covered=True, callback=CLOSED, callback_outcome=NEG)},
    {"swab": Swab(AT, void=1), "alerts": 1},  # never was in the tube
])  # fmt: skip
def test_other_swabs_do_not(fine):
    assert rules.choose([GOOD, GOOD._replace(number=2, **fine)], AT) == GOOD


# --- over HTTP ----------------------------------------------------------------------------------


def test_the_page_shows_the_proof_and_prints_it_in_both_languages(bench, client):
    bench.through(bench.fill(0, 5))
    form = {"code": slip(bench, 0), "last4": tail(bench, 0)}
    looked = client.post("/r", data=form).get_data(as_text=True)  # the proof is one tap from there
    assert all(f'name="{n}" value="{v}"' in looked for n, v in form.items())
    page = client.post("/r/proof", data=form).get_data(as_text=True)
    assert "阴性" in page and "混采，5 人同管" in page and "data:image/png" in page
    sheet = client.post("/r/proof/sheet", data=form)
    assert sheet.mimetype == "application/pdf"
    text = pypdf.PdfReader(BytesIO(sheet.data)).pages[0].extract_text()
    assert "negative" in text and "5 people shared the tube" in text


def test_a_refusal_says_no_word_of_a_signal(bench, client):
    tube = bench.fill(0, 5)
    bench.through(tube)
    bench.alert(tube, "positive", POS)
    db.session.commit()
    answer = client.post("/r/proof", data={"code": slip(bench, 0), "last4": tail(bench, 0)})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409 and "目前不能出具证明" in page
    assert not [w for w in ("阳性", "预警", "可疑", "复核") if w in page]


def test_the_verifier_takes_keys_and_a_list(bench, client):
    told = client.get("/api/v1/proofs/verifier").json
    points = {k["id"]: unb64(k["point"]) for k in told["keys"]}
    assert proof_codes.read_list(unb64(told["list"]), points).numbers == frozenset()
    assert client.get("/verify/").status_code == 200
    assert client.get("/verify/sw.js").mimetype == "text/javascript"


def test_the_vectors_of_the_verifier_are_read_here_too():
    import json
    from pathlib import Path

    path = Path(__file__).parents[1] / "vectors" / "proofs.json"
    v = json.loads(path.read_text())
    known = {k["id"]: unb64(k["point"]) for k in v["keys"]}
    said = proof_codes.read(v["good"], known)
    assert (f"{said.number:016X}", said.name) == (v["says"]["number"], v["says"]["name"])
    assert len(proof_codes.read_list(unb64(v["list"]), known).numbers) == 2
    with pytest.raises(proof_codes.NotAProof):
        proof_codes.read(v["forged"], known)
