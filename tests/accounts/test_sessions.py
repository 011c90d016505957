"""Sessions, form tokens, cookies and headers."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from screening import clock
from screening.accounts import queries, service, sessions
from screening.accounts.pages.door import local_path
from screening.accounts.roles import Role
from screening.app import create_app
from screening.config import Settings
from screening.db import db, fetch, run
from screening.errors import TooMany
from tests import make

WORD = "right horse battery"


@pytest.fixture
def chief(db_session):
    return make.staff(Role.ADMINISTRATOR, password=WORD)


def door(client, number, word=WORD, **kw):
    return client.post("/session", data={"number": number, "password": word, **kw.pop("data", {})},
                       headers={"Accept": "text/html"}, **kw)  # fmt: skip


def token_in(page) -> str:
    return re.search(r'name="csrf_token" value="([^"]+)"', page.get_data(as_text=True))[1]


def cookie_of(r) -> str:
    return next(c for c in r.headers.getlist("Set-Cookie") if c.startswith("sid="))


def test_the_cookie_is_kept_from_scripts_and_other_sites(client, chief):
    flags = cookie_of(door(client, chief.staff_no))
    assert "HttpOnly" in flags and "SameSite=Lax" in flags and "Path=/" in flags
    assert "Secure" not in flags  # a demo without TLS; with TLS it is


def test_behind_tls_the_cookie_is_secure(app, chief, tmp_path):
    url, keys = app.config["SQLALCHEMY_DATABASE_URI"], app.extensions["keys"].dump()
    safe = create_app(
        Settings(database_url=url, instance=tmp_path, keys=keys, https=True, testing=True)
    )
    try:
        assert "Secure" in cookie_of(door(safe.test_client(), chief.staff_no))
    finally:
        with safe.app_context():
            db.engine.dispose()


def test_a_form_without_its_token_changes_nothing(client, chief):
    door(client, chief.staff_no)
    who = make.staff(Role.SAMPLER, make.site())
    r = client.post(f"/accounts/{who.staff_id}/pin", headers={"Accept": "text/html"})
    assert r.status_code == 403
    assert fetch("SELECT pin_hash FROM staff WHERE staff_id = %s", (who.staff_id,)) == [(None,)]


def test_a_form_with_the_token_of_another_session_changes_nothing(app, client, chief):
    door(client, chief.staff_no)
    other = app.test_client()
    door(other, chief.staff_no)
    foreign = token_in(other.get("/me", headers={"Accept": "text/html"}))
    r = client.post("/sign-out", data={"csrf_token": foreign}, headers={"Accept": "text/html"})
    assert r.status_code == 403


def test_a_form_with_its_own_token_works(client, chief):
    door(client, chief.staff_no)
    page = client.get("/me", headers={"Accept": "text/html"})
    r = client.post("/sign-out", data={"csrf_token": token_in(page)})
    assert (r.status_code, r.headers["Location"]) == (303, "/session")
    assert client.get("/api/v1/me").status_code == 401


def test_the_cookie_alone_cannot_write_through_the_api_either(client, chief):
    headers = make.sign_in(client, chief, cookie=True)
    assert client.delete("/api/v1/session").json["code"] == "bad_token"
    assert client.delete("/api/v1/session", headers=headers).status_code == 204


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    {"Origin": "https://evil.example"}, {"Origin": "null"},
])  # fmt: skip
def test_another_sites_page_cannot_sign_somebody_in(client, chief, headers):
    r = client.post("/session", data={"number": chief.staff_no, "password": WORD}, headers=headers)
    assert r.status_code == 403 and "sid=" not in r.headers.get("Set-Cookie", "")


def test_a_revoked_session_is_over_at_once(client, chief, db_session):
    headers = make.sign_in(client, chief)
    assert client.get("/api/v1/me", headers=headers).status_code == 200
    service.revoke_sessions(chief.staff_id)
    db_session.commit()
    assert client.get("/api/v1/me", headers=headers).status_code == 401


def test_a_session_ends_after_twelve_hours_of_real_time(client, chief, db_session):
    entered = service.sign_in(chief.staff_no, WORD, address="::1")
    assert timedelta(hours=11, minutes=59) < entered.expires_at - clock.real_now()
    run("UPDATE login_session SET expires_at = %s", (clock.real_now(),))
    assert queries.find_actor(entered.token) is None


def test_the_database_holds_no_token(client, chief):
    token = make.token(chief)
    held = fetch("SELECT token_hash FROM login_session")
    assert all(token.encode() not in bytes(h) and len(h) == 32 for (h,) in held)


def test_a_changed_password_ends_every_session_and_opens_a_new_one(client, chief):
    elsewhere = make.sign_in(client, chief)
    here = make.sign_in(client, chief)
    r = client.post("/api/v1/me/password", headers=here,
                    json={"old": WORD, "new": "another horse 77"})  # fmt: skip
    assert r.status_code == 200
    codes = [client.get("/api/v1/me", headers=h).status_code for h in (elsewhere, here)]
    assert codes == [401, 401]
    fresh = {"Authorization": f"Bearer {r.json['token']}"}
    assert client.get("/api/v1/me", headers=fresh).status_code == 200


def test_the_present_password_must_be_known_to_set_a_new_one(client, chief):
    headers = make.sign_in(client, chief)
    r = client.post("/api/v1/me/password", headers=headers,
                    json={"old": "wrong", "new": "another horse 77"})  # fmt: skip
    assert (r.status_code, r.json["code"]) == (403, "bad_password")
    assert client.get("/api/v1/me", headers=headers).status_code == 200


def test_a_first_password_opens_only_the_page_where_it_is_changed(client, db_session):
    new = make.staff(Role.ADMINISTRATOR, password=WORD, must_change=True)
    assert door(client, new.staff_no).headers["Location"] == "/me"
    page = client.get("/accounts", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["Location"]) == (303, "/me")
    text = client.get("/me", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert new.staff_no in text and "这是初始密码" in text
    headers = make.sign_in(client, new)
    assert client.get("/api/v1/accounts", headers=headers).json["code"] == "must_change_password"
    r = client.post("/api/v1/me/password", headers=headers,
                    json={"old": WORD, "new": "another horse 77"})  # fmt: skip
    fresh = {"Authorization": f"Bearer {r.json['token']}"}
    assert client.get("/api/v1/accounts", headers=fresh).status_code == 200


def test_a_role_that_was_taken_away_is_gone_with_the_next_request(client, chief, db_session):
    headers = make.sign_in(client, chief)
    assert client.get("/api/v1/accounts", headers=headers).status_code == 200
    grant = queries.grants_of([chief.staff_id])[chief.staff_id][0]
    service.revoke(chief.staff_id, grant.grant_id)
    db_session.commit()
    assert client.get("/api/v1/accounts", headers=headers).status_code == 403


def test_a_pin_is_asked_for_at_a_signature_and_a_wrong_one_is_slowed(db_session):
    who = make.staff(Role.LAB_REVIEWER, make.lab(), pin="482915")
    actor = queries.find_actor(make.token(who))
    service.sign_with_pin(actor, "482915")
    for _ in range(4):
        with pytest.raises(sessions.BadPin):
            service.sign_with_pin(actor, "000001")
    with pytest.raises(TooMany):
        service.sign_with_pin(actor, "482915")
    service.check_pin(who.staff_id, "482915", where="another device")


def test_who_has_no_pin_is_told_so(db_session):
    actor = queries.find_actor(make.token(make.staff(Role.LAB_REVIEWER, make.lab())))
    with pytest.raises(sessions.NoPin):
        service.sign_with_pin(actor, "482915")


def test_a_supervisor_resets_a_samplers_pin_on_the_spot(client, db_session):
    site = make.site()
    boss, nurse = make.staff(Role.SITE_SUPERVISOR, site), make.staff(Role.SAMPLER, site)
    r = client.post(f"/api/v1/accounts/{nurse.staff_id}/pin-reset",
                    headers=make.sign_in(client, boss))  # fmt: skip
    service.check_pin(nurse.staff_id, r.json["pin"], where="phone")


def test_a_supervisor_cannot_reset_the_pin_of_an_administrator_who_also_samples(client, db_session):
    site = make.site()
    boss, both = make.staff(Role.SITE_SUPERVISOR, site), make.staff(Role.SAMPLER, site)
    make.grant(both, Role.ADMINISTRATOR)
    r = client.post(f"/api/v1/accounts/{both.staff_id}/pin-reset",
                    headers=make.sign_in(client, boss))  # fmt: skip
    assert r.status_code == 404


def test_a_scope_named_twice_is_refused_rather_than_guessed(client, db_session):
    mine, other = make.site(), make.site()
    headers = make.sign_in(client, make.staff(Role.SITE_SUPERVISOR, mine))
    r = client.post(f"/api/v1/enrol-codes?site_id={mine.site_id}", headers=headers,
                    json={"site_id": str(other.site_id)})  # fmt: skip
    assert (r.status_code, r.json["code"]) == (400, "said_twice")


@pytest.mark.parametrize(("onward", "path"), [
    ("/rounds?x=1", "/rounds?x=1"), ("//evil.example/x", "/"), ("https://evil.example/", "/"),
    ("/\\evil.example", "/"), ("javascript:alert(1)", "/"), ("", "/"), (None, "/"),
    ("/session?next=/", "/"), ("/a\nb", "/ab"),
])  # fmt: skip
def test_after_signing_in_nobody_is_sent_to_another_host(onward, path):
    assert local_path(onward) == path


def test_every_answer_carries_the_strict_headers(client, chief):
    answers = [
        client.get("/session"), client.get("/nothing", headers={"Accept": "text/html"}),
        client.get("/api/v1/me"), door(client, chief.staff_no),
    ]  # fmt: skip
    for r in answers:
        policy = r.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy and "object-src 'none'" in policy
        assert r.headers["X-Content-Type-Options"] == "nosniff"
        assert r.headers["X-Frame-Options"] == "DENY"
        assert r.headers["Cache-Control"] == "no-store"


def test_no_page_of_accounts_holds_a_script_or_style_of_its_own(client, chief):
    make.sign_in(client, chief, cookie=True)
    for url in ("/me", "/accounts", "/accounts/new", "/accounts/temporary", "/devices", "/audit"):
        page = client.get(url, headers={"Accept": "text/html"})
        text = page.get_data(as_text=True)
        assert page.status_code == 200, url
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text), url


def test_a_name_with_markup_is_shown_as_text(client, chief, db_session):
    make.staff(Role.SAMPLER, make.site(), name="<script>alert(1)</script>")
    make.sign_in(client, chief, cookie=True)
    text = client.get("/accounts", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert "<script>alert" not in text and "&lt;script&gt;alert" in text


def test_the_list_of_accounts_leads_only_to_those_one_may_open(client, db_session):
    site = make.site()
    boss, hand = make.staff(Role.SITE_SUPERVISOR, site), make.staff(Role.SAMPLER, site)
    make.sign_in(client, boss, cookie=True)
    text = client.get("/accounts", headers={"Accept": "text/html"}).get_data(as_text=True)
    assert boss.staff_no in text and f'href="/accounts/{boss.staff_id}"' not in text
    assert client.get(f"/accounts/{boss.staff_id}").status_code == 404
    assert f'href="/accounts/{hand.staff_id}"' in text
    assert client.get(f"/accounts/{hand.staff_id}").status_code == 200


def test_the_agent_is_kept_as_a_family_only():
    assert sessions.family("Mozilla/5.0 (X11) AppleWebKit Chrome/140 Safari/537") == "Chrome"
    assert sessions.family("Mozilla/5.0 ... MicroMessenger/8.0 Chrome/99") == "MicroMessenger"
    assert sessions.family(None) == "other"


def test_an_upload_that_is_too_large_is_refused_in_one_sentence(app, chief, tmp_path):
    url, keys = app.config["SQLALCHEMY_DATABASE_URI"], app.extensions["keys"].dump()
    small = create_app(
        Settings(database_url=url, instance=tmp_path, keys=keys, max_upload=2000, testing=True)
    )
    try:
        client = small.test_client()
        headers = make.sign_in(client, chief)
        r = client.post("/api/v1/accounts", headers=headers, json={"name": "x" * 5000})
        assert (r.status_code, r.json["code"]) == (413, "too_large")
    finally:
        with small.app_context():
            db.engine.dispose()
