"""Journals that came by hand: files and QR chains, sealed to the server, carried by anybody."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json

import pytest

from screening import crypto
from screening.accounts.roles import Role
from screening.db import fetch
from screening.field import frames
from tests import devices, make, world
from tests.devices import exported

URL = "/api/v1/journal/carried"


@pytest.fixture
def city(db_session):
    return world.city()


@pytest.fixture
def phone(city):
    phone = devices.phone(site=city.sites[0])
    for _ in range(5):
        phone.write("shift_start")
    return phone


@pytest.fixture
def point(app):
    return app.extensions["keys"].server_public()


def post(client, data: bytes):
    return client.post(URL, data=data, content_type="application/x-ndjson")


def chain_of(payload: bytes, size: int = 80) -> list[str]:
    text = base64.b32encode(payload).decode().rstrip("=")
    parts = [text[i : i + size] for i in range(0, len(text), size)]
    name = hashlib.sha256(payload).hexdigest()[:8].upper()
    return [f"SQ1.{name}.{i}.{len(parts)}.{p}" for i, p in enumerate(parts, 1)]


def test_a_carried_journal_has_the_same_receipt_as_one_that_was_sent(client, phone, point):
    r = post(client, exported(phone, point))
    assert (r.status_code, r.json["last"], r.json["new"]) == (200, 5, 5)
    assert r.json["head"] == phone.send(client).json["head"]


def test_carrying_twice_and_sending_besides_records_nothing_twice(client, phone, point):
    phone.send(client, 1, 3)
    assert post(client, exported(phone, point)).json["new"] == 2
    assert post(client, exported(phone, point)).json["new"] == 0
    assert fetch("SELECT last FROM journal WHERE wire_id = %s", (phone.wire,)) == [(5,)]


def test_a_file_of_several_lines_is_taken_in_order_or_not_at_all(client, phone, point):
    lines = [exported(phone, point, 1, 2), exported(phone, point, 3, 5)]
    broken = lines[1].replace(b'"sealed":"', b'"sealed":"AAAA')
    assert post(client, lines[0] + broken).status_code == 422
    assert not fetch("SELECT 1 FROM journal WHERE wire_id = %s", (phone.wire,))
    r = post(client, b"\n".join(lines))
    assert (r.json["last"], r.json["new"]) == (5, 5)


def test_a_revoked_phones_journal_still_comes_in(client, phone, point):
    from screening.db import db, run

    run("UPDATE device SET state = 'revoked' WHERE device_id = %s", (phone.device_id,))
    db.session.commit()
    r = post(client, exported(phone, point))
    assert (r.status_code, r.json["last"], r.json["device_state"]) == (200, 5, "revoked")


def test_what_was_sealed_to_another_server_is_named(client, phone):
    other = crypto.public_bytes(crypto.new_device_key().public_key())
    r = post(client, exported(phone, other))
    assert (r.status_code, r.json["code"]) == (422, "carried_elsewhere")


@pytest.mark.parametrize("data", [
    b"", b"\n\n", b"{}", b"[]", b"no export", b"\xff\xfe", b'{"format":"screening-carry-1"}',
])  # fmt: skip
def test_what_is_no_export_is_refused_in_a_sentence(client, db_session, data):
    r = post(client, data)
    assert (r.status_code, r.json["code"]) == (422, "bad_carried")


def sealed_line(phone, point, inside: bytes) -> bytes:
    line = json.loads(exported(phone, point))
    return json.dumps({**line, "sealed": crypto.b64(crypto.seal_to(point, inside))}).encode()


def test_what_is_sealed_but_no_batch_is_refused(client, phone, point):
    for inside, code in (
        (b"?", "malformed_batch"),
        (b"\xff", "bad_carried"),
        (crypto.b64(b"no gzip").encode(), "bad_carried"),
        (crypto.b64(gzip.compress(b"no batch")).encode(), "malformed_batch"),
        (crypto.b64(gzip.compress(b"0" * 40_000_000)).encode(), "too_large"),
    ):
        assert post(client, sealed_line(phone, point, inside)).json["code"] == code


def test_a_line_cannot_speak_for_another_device(client, phone, point):
    stranger = devices.phone(site=None, lab=make.lab())
    stranger.device_id = phone.device_id
    stranger.write("shift_start")
    r = post(client, exported(stranger, point))
    assert (r.status_code, r.json["code"]) == (403, "bad_signature")


# --- the desk -----------------------------------------------------------------------------------


@pytest.fixture
def desk(client, city):
    who = make.staff(Role.SITE_SUPERVISOR, city.sites[0])
    token = make.sign_in(client, who, cookie=True)["X-CSRF-Token"]

    def hand_in(**data):
        r = client.post(
            "/carried", data={"csrf_token": token, **data}, headers={"Accept": "text/html"}
        )
        return r.status_code, r.get_data(as_text=True)

    return hand_in


def test_a_file_is_handed_in_at_the_desk(desk, phone, point):
    status, text = desk(file=(io.BytesIO(exported(phone, point)), "d.carry"))
    assert status == 200
    assert "服务器存有 1-5，这次新收 5 条。" in text
    assert fetch("SELECT 1 FROM audit WHERE action = 'journal_carried'")


def test_qr_codes_are_handed_in_in_any_order(desk, phone, point):
    chain = chain_of(exported(phone, point))
    assert len(chain) > 5
    status, text = desk(frames="\n".join([*reversed(chain), chain[2].lower()]))
    assert (status, "这次新收 5 条" in text) == (200, True)


def test_the_desk_names_what_is_missing(desk, phone, point):
    chain = chain_of(exported(phone, point))
    status, text = desk(frames="\n".join(chain[:2] + chain[3:]))
    assert (status, "还差 1 张：3。" in text) == (422, True)
    assert chain[0] in text  # what was scanned is still there


def test_nothing_handed_in_is_said_beside_the_field(desk, db_session):
    status, text = desk(frames=" ")
    assert (status, "请选择文件，或扫二维码。" in text) == (422, True)


# --- the chain ----------------------------------------------------------------------------------


def test_a_chain_that_was_mixed_torn_or_changed_is_refused():
    one, two = chain_of(b"a" * 200), chain_of(b"b" * 200)
    assert frames.join(one) == b"a" * 200
    with pytest.raises(frames.FramesMixed):
        frames.join([*one, two[0]])
    with pytest.raises(frames.FramesMissing):
        frames.join(one[1:])
    with pytest.raises(frames.FramesBroken):
        frames.join([one[0][:-1] + ("A" if one[0][-1] != "A" else "B"), *one[1:]])
    for odd in ("", "SQ1", "SQ1.12345678.3.2.AA", "ST1.12345678.1.1.AA", "SQ1.12345678.1.9999.AA"):
        with pytest.raises(frames.BadFrame):
            frames.join([odd])
