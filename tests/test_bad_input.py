"""Bad input: too much, torn, malformed, hostile. It is refused in a sentence, or kept as text."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest

from screening.accounts.roles import Role
from tests import access, make
from tests.access_cases import all_cases

SCRIPT = "<script>alert(1)</script>"
DROP = "'); DROP TABLE tube; --"
BODIES = {
    "torn": b'{"a": ',
    "a list": b"[]",
    "a word": b'"x"',
    "nothing": b"",
    "null": b"null",
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "half a surrogate": b'{"a": "\\ud800"}',
    "nested without end": b"[" * 50_000,
    "a number without end": b'{"a": ' + b"9" * 5000 + b"}",
}
# in place of each field of a good request, one after the other
ODD: list[Any] = ["a\0b", 10**30, -(2**63) - 1, "\ud800", {"a": [1]}, [None], True, 1.5, DROP, ""]


def is_problem(r: Any) -> bool:
    return r.mimetype == "application/problem+json" and r.json["detail"].strip() != ""


# --- too much and torn ----------------------------------------------------------------------


def test_an_upload_beyond_the_limit_is_a_problem_of_413(app, client, db_session, monkeypatch):
    head = make.sign_in(client, make.staff(Role.ADMINISTRATOR))
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1000)
    file = {"file": (io.BytesIO(b"x" * 2000), "areas.csv")}
    r = client.post("/api/v1/areas/import", data=file, headers=head)
    assert (r.status_code, r.json["code"]) == (413, "too_large")
    assert is_problem(r)


def test_a_page_says_that_an_upload_is_too_large(app, client, db_session, monkeypatch):
    head = make.sign_in(client, make.staff(Role.ADMINISTRATOR))
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 1000)
    file = {"file": (io.BytesIO(b"x" * 2000), "areas.csv")}
    r = client.post("/areas/import", data=file, headers={**head, "Accept": "text/html"})
    assert (r.status_code, r.mimetype) == (413, "text/html")


def send(client, data: bytes, **headers: str) -> Any:
    return client.post("/api/v1/journal", data=data, headers=headers)


def test_a_journal_cut_off_on_its_way_is_refused_whole(client, db_session):
    whole = gzip.compress(b'{"a": 1}\n' * 2000)
    for data in (whole[:20], whole[:-4], whole[: len(whole) // 2], b"\x1f\x8b", b"", b"no gzip"):
        r = send(client, data, **{"Content-Encoding": "gzip"})
        assert (r.status_code, is_problem(r)) == (400, True), (data[:10], r.data)


def test_a_journal_that_unpacks_without_end_is_refused(client, db_session):
    bomb = gzip.compress(b"0" * 20_000_000)
    r = send(client, bomb, **{"Content-Encoding": "gzip"})
    assert (r.status_code, r.json["code"]) == (413, "too_large")


@pytest.mark.parametrize("name", BODIES)
def test_a_malformed_journal_is_refused(client, db_session, name):
    r = send(client, BODIES[name])
    assert r.status_code in (400, 422)
    assert is_problem(r)


# --- every route ----------------------------------------------------------------------------


@pytest.fixture
def walked(app, clean_database) -> access.World:
    from screening.db import db

    with app.app_context():
        made = access.make_world(app)
        db.session.remove()
    return made


def caller(walk: access.Walk) -> access.Caller | None:
    if walk.rule.public:
        return None
    role = sorted(walk.rule.roles)[0]
    return walk.caller(role, None if walk.rule.at is access.CITY else walk.world.a)


def json_cases() -> list[access.Case]:
    return [c for c in all_cases() if "_api." in c.endpoint and c.method != "GET"]


def good_request(walk: access.Walk, who: access.Caller | None) -> dict[str, Any]:
    """What the route accepts."""
    from screening.db import db

    with walk.app.app_context():
        walk.world.acting = who[0] if who else None
        made = dict(walk.case.inside(walk.world))
        db.session.commit()
        db.session.remove()
    return made


def send_body(walk: access.Walk, who: Any, good: dict[str, Any], body: bytes) -> Any:
    kw = {k: v for k, v in good.items() if k not in ("json", "headers")}
    headers = {**good.get("headers", {}), "Content-Type": "application/json"}
    return walk.send(lambda w: {**kw, "data": body, "headers": headers}, who)


@pytest.mark.parametrize("case", json_cases(), ids=lambda c: c.id)
def test_a_malformed_body_is_refused_in_a_sentence(walked, case):
    walk = access.Walk(walked, case)
    if not any(location == "json" for _, location in takes_of(walk)):
        pytest.skip("this route takes no JSON")
    who = caller(walk)
    good = good_request(walk, who)
    for name, body in BODIES.items():
        r = send_body(walk, who, good, body)
        told = f"{case.id}: {name}: {r.status_code} {access.text_of(r)[:200]}"
        assert 400 <= r.status_code < 500, told
        assert is_problem(r), told


@pytest.mark.parametrize("case", json_cases(), ids=lambda c: c.id)
def test_odd_values_in_any_field_never_break_a_route(walked, case):
    walk = access.Walk(walked, case)
    who = caller(walk)
    good = good_request(walk, who)
    if not isinstance(good.get("json"), dict):
        pytest.skip("this route takes no JSON object")
    for field in good["json"]:
        for odd in ODD:
            body = json.dumps({**good["json"], field: odd}, default=str).encode()
            r = send_body(walk, who, good, body)
            told = f"{case.id}: {field}={odd!r}: {r.status_code} {access.text_of(r)[:200]}"
            assert r.status_code < 500, told
            assert r.status_code < 400 or is_problem(r), told


def takes_of(walk: access.Walk) -> Any:
    return getattr(walk.app.view_functions[walk.case.endpoint], "takes", ())


# --- hostile words --------------------------------------------------------------------------


@pytest.mark.parametrize("words", [SCRIPT, DROP, '"><img src=x onerror=alert(1)>', "{{ 7*7 }}"])
def test_hostile_words_are_kept_as_words_and_shown_as_words(client, db_session, words):
    from markupsafe import escape

    city = make.area("city")
    street = make.area("street", make.area("county", city))
    head = make.sign_in(client, make.staff(Role.ADMINISTRATOR))
    place = make.area("community", street)
    kept = client.patch(f"/api/v1/areas/{place.area_id}", json={"name": words}, headers=head)
    assert kept.status_code == 204, kept.json
    api = client.get(f"/api/v1/areas?parent_id={street.area_id}", headers=head)
    assert api.mimetype == "application/json"
    assert words in [row["name"] for row in api.json["items"]]
    page = client.get(f"/areas?parent={street.area_id}", headers={**head, "Accept": "text/html"})
    assert str(escape(words)) in page.text
    assert "<" not in words or words not in page.text


def test_hostile_words_in_an_address_find_nothing_and_come_back_escaped(client, db_session):
    head = make.sign_in(client, make.staff(Role.ADMINISTRATOR))
    for words in (SCRIPT, DROP, "%' OR 1=1 --", "\0", "%00", "�"):
        page = client.get("/areas", query_string={"name": words},
                          headers={**head, "Accept": "text/html"})  # fmt: skip
        assert page.status_code < 500
        assert "<script>alert" not in page.text


def test_a_refusal_may_not_be_run_as_a_page(client, db_session):
    r = client.post(f"/api/v1/{SCRIPT}")
    assert r.status_code in (404, 405)
    assert r.mimetype == "application/problem+json"
    assert r.headers["X-Content-Type-Options"] == "nosniff"
    assert "<script>" not in r.text
