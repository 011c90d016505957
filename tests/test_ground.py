"""The ground holds: the app starts, ids differ, sealed things open, the schema is migrated."""

from flask_migrate import upgrade  # noqa: F401

from screening import crypto
from screening.db import fetch, new_id


def test_the_first_schema_holds_round_zero(db_session):
    assert fetch("SELECT round_id, state FROM round") == [(0, "unassigned")]


def test_ids_differ_and_rise():
    ids = [new_id() for _ in range(5000)]
    assert len(set(ids)) == 5000 and ids == sorted(ids) and max(ids) < 2**63


def test_what_was_sealed_opens_only_with_its_own_label():
    ring = crypto.KeyRing.new()
    sealed = ring.seal("李四".encode(), "person.sealed")
    assert ring.open(sealed, "person.sealed").decode() == "李四"
    try:
        ring.open(sealed, "staff.sealed")
    except crypto.WrongKey:
        return
    raise AssertionError("opened under a wrong label")


def test_a_device_signature_is_checked_against_its_own_point():
    key = crypto.new_device_key()
    point = crypto.public_bytes(key.public_key())
    signature = crypto.sign(key, b"head")
    assert crypto.verify(point, signature, b"head")
    assert not crypto.verify(point, signature, b"HEAD")
    other = crypto.public_bytes(crypto.new_device_key().public_key())
    assert not crypto.verify(other, signature, b"head")


def test_what_a_device_seals_only_the_server_opens():
    ring = crypto.KeyRing.new()
    blob = crypto.seal_to(ring.server_public(), b"doc")
    assert ring.unseal(blob) == b"doc"


def test_an_unknown_page_is_a_problem_for_programs(client):
    r = client.get("/api/v1/nothing")
    assert (r.status_code, r.mimetype, r.json["code"]) == (
        404,
        "application/problem+json",
        "not_found",
    )
