"""Accounts, devices, audit: who may do what where."""

from __future__ import annotations

import io
import secrets
import time
from datetime import timedelta

from flask import current_app

from screening import clock, crypto
from screening.accounts import authenticator, queries, secret_words, service, totp
from screening.accounts.roles import Actor, Role, Scope
from screening.db import run
from tests import make
from tests.access import Case, Side, World

ONESELF = "acts on the signed-in person only"
WORD = "right horse battery"


def sampler(side: Side) -> int:
    return make.staff(Role.SAMPLER, side.site, name=f"{side.site.name}的人").staff_id


def of_sampler(side: Side, **kw) -> dict:
    return {"values": {"staff_id": sampler(side)}, **kw}


def admin(side: Side) -> Actor:
    who = make.staff(Role.ADMINISTRATOR, side.county)
    return Actor(who.staff_id, who.staff_no, (Scope(Role.ADMINISTRATOR, side.county.place),))


def code(side: Side) -> str:
    return service.make_enrol_code(admin(side), side.site.place)


def ref(side: Side) -> dict:
    code(side)
    held = queries.list_codes([side.site.place])
    return {"values": {"ref": held[-1].ref}}


def phone(side: Side) -> dict:
    return {"values": {"device_id": make.device(side.site).device_id}}


def new_phone(w: World) -> dict:
    point = crypto.public_bytes(crypto.new_device_key().public_key())
    return {"json": {"code": code(w.a), "name": "p", "public_key": crypto.b64(point)}}


def grant_in(side: Side) -> dict:
    return {"role": "sampler", "scope": "site", "scope_id": str(side.site.site_id)}


def new_account(side: Side) -> dict:
    number = f"N-{secrets.token_hex(4)}"
    return {"json": {"staff_no": number, "name": "新人", "grants": [grant_in(side)]}}


def taken(side: Side) -> dict:
    who = sampler(side)
    held = queries.grants_of([who])[who][0]
    return {"values": {"staff_id": who, "grant_id": held.grant_id}}


def listed(side: Side) -> dict:
    until = (clock.real_now() + timedelta(days=2)).date().isoformat()
    row = {"name": f"临时{secrets.token_hex(3)}", "phone": "13800000000", "role": "采样员"}
    return {"json": {"rows": [{**row, "place": side.site.code, "until": until}]}}


def door(w: World) -> dict:
    who = make.staff(Role.SAMPLER, w.a.site, password=WORD)
    return {"json": {"number": who.staff_no, "password": WORD}}


def with_password(**body: str):
    """Everybody of the walk gets a password that the request can name."""

    def request(w: World) -> dict:
        stored = w.once("hash", lambda: secret_words.hashed(WORD))
        run("UPDATE staff SET password_hash = %s", (stored,))
        return {"json": body}

    return request


def my_session(w: World) -> dict:
    assert w.acting
    return {"values": {"ref": queries.token_hash(make.token(w.acting)).hex()[:32]}}


def noted(w: World) -> dict:
    w.once("noted", lambda: [
        service.note("seen", "street", s.street.name, cell=s.street.cell_id) for s in (w.a, w.b)
    ])  # fmt: skip
    return {}


def people(w: World) -> dict:
    w.once("people", lambda: [sampler(w.a), sampler(w.b)])
    return {}


def phones(w: World) -> dict:
    w.once("phones", lambda: [phone(w.a), phone(w.b), ref(w.a), ref(w.b)])
    return {}


CASES = [
    Case("accounts_api.open_session", "POST", inside=door, ok=201),
    Case("accounts_api.close_session", "DELETE", reason=ONESELF, ok=204),
    Case("accounts_api.get_me", reason=ONESELF),
    Case(
        "accounts_api.change_password", "POST", reason=ONESELF,
        inside=with_password(old=WORD, new="another horse 77"),
    ),
    Case(
        "accounts_api.change_pin", "POST", reason=ONESELF,
        inside=with_password(password=WORD, pin="482915"),
    ),
    Case("accounts_api.list_my_sessions", reason=ONESELF),
    Case("accounts_api.end_my_session", "DELETE", inside=my_session, reason=ONESELF, ok=204),
    Case("accounts_api.list_accounts", inside=people, inside_marker=lambda w: [w.a.site.name]),
    Case(
        "accounts_api.make_account", "POST",
        inside=lambda w: new_account(w.a), outside=lambda w: new_account(w.b), ok=201,
    ),
    Case(
        "accounts_api.get_account",
        inside=lambda w: of_sampler(w.a), outside=lambda w: of_sampler(w.b),
    ),
    Case(
        "accounts_api.change_account", "PATCH",
        inside=lambda w: of_sampler(w.a, json={"name": "改名"}),
        outside=lambda w: of_sampler(w.b, json={"active": False}),
    ),
    Case(
        "accounts_api.add_grant", "POST",
        inside=lambda w: of_sampler(w.a, json=grant_in(w.a)),
        outside=lambda w: of_sampler(w.a, json=grant_in(w.b)),
    ),
    Case(
        "accounts_api.take_grant", "DELETE",
        inside=lambda w: taken(w.a), outside=lambda w: taken(w.b), ok=204,
    ),
    Case(
        "accounts_api.reset_password", "POST",
        inside=lambda w: of_sampler(w.a), outside=lambda w: of_sampler(w.b),
    ),
    Case(
        "accounts_api.reset_pin", "POST",
        inside=lambda w: of_sampler(w.a), outside=lambda w: of_sampler(w.b),
    ),
    Case(
        "accounts_api.end_sessions", "DELETE",
        inside=lambda w: of_sampler(w.a), outside=lambda w: of_sampler(w.b), ok=204,
    ),
    Case(
        "accounts_api.make_temporary", "POST",
        inside=lambda w: listed(w.a), outside=lambda w: listed(w.b), ok=201,
    ),
    Case("accounts_api.list_codes", inside=phones, inside_marker=lambda w: [w.a.site.name]),
    Case(
        "accounts_api.make_code", "POST", ok=201,
        inside=lambda w: {"json": {"site_id": str(w.a.site.site_id)}},
        outside=lambda w: {"json": {"lab_id": str(w.b.lab.lab_id)}},
    ),
    Case(
        "accounts_api.withdraw_code", "DELETE",
        inside=lambda w: ref(w.a), outside=lambda w: ref(w.b), ok=204,
    ),
    Case("accounts_api.enrol_device", "POST", inside=new_phone, ok=201),
    Case("accounts_api.list_devices", inside=phones, inside_marker=lambda w: [w.a.site.name]),
    Case(
        "accounts_api.revoke_device", "POST",
        inside=lambda w: phone(w.a), outside=lambda w: phone(w.b), ok=204,
    ),
    Case(
        "accounts_api.lose_device", "POST",
        inside=lambda w: phone(w.a), outside=lambda w: phone(w.b), ok=204,
    ),
    Case("accounts_api.list_audit", inside=noted, inside_marker=lambda w: [w.a.street.name]),
    Case("accounts_api.check_audit", "POST", inside=lambda w: {"values": {"cell": 0}}),
]  # fmt: skip


# --- pages --------------------------------------------------------------------------------------


def app_code(key: str):
    """The first code of an app that was just begun, as JSON or form."""

    def request(w: World) -> dict:
        assert w.acting
        secret = b"made for a test only"
        sealed = current_app.extensions["keys"].seal(secret, authenticator.AAD)
        run("DELETE FROM authenticator WHERE staff_id = %s", (w.acting.staff_id,))
        run("INSERT INTO authenticator (staff_id, sealed, made_at, last_step) "
            "VALUES (%s, %s, now(), 0)", (w.acting.staff_id, sealed))  # fmt: skip
        return {key: {"code": totp.code_of(secret, totp.step_of(time.time()))}}

    return request


def form(request, **data: str):
    """The same object, asked for by a form."""

    def asked(w: World) -> dict:
        kw = request(w)
        kw.pop("json", None)
        return {**kw, "data": data}

    return asked


def form_account(side: Side) -> dict:
    number = f"P-{secrets.token_hex(4)}"
    return {"data": {"number": number, "name": "新人", "role": "sampler", "place": side.site.code}}


def form_list(side: Side) -> dict:
    row = listed(side)["json"]["rows"][0]
    text = "姓名,电话,角色,采样点,截止\n" + ",".join(
        row[k] for k in ("name", "phone", "role", "place", "until")
    )
    return {"data": {"file": (io.BytesIO(text.encode()), "list.csv"), "act": "make"}}


def form_door(w: World) -> dict:
    body = door(w)["json"]
    return {"data": {"number": body["number"], "password": body["password"]}}


CASES += [
    Case("accounts_pages.sign_in"),
    Case("accounts_pages.enter", "POST", inside=form_door, ok=303),
    Case("accounts_pages.sign_out", "POST", reason=ONESELF, ok=303),
    Case("accounts_pages.me", reason=ONESELF),
    Case(
        "accounts_pages.change_password", "POST", reason=ONESELF, ok=303,
        inside=form(with_password(), old=WORD, new="another horse 77", again="another horse 77"),
    ),
    Case(
        "accounts_api.begin_authenticator", "POST", reason=ONESELF, ok=201,
        inside=with_password(password=WORD),
    ),
    Case("accounts_api.confirm_authenticator", "POST", reason=ONESELF, ok=204,
         inside=app_code("json")),
    Case(
        "accounts_api.remove_authenticator", "POST", reason=ONESELF, ok=204,
        inside=with_password(password=WORD),
    ),
    Case(
        "accounts_pages.begin_authenticator", "POST", reason=ONESELF, ok=200,
        inside=form(with_password(), app_password=WORD),
    ),
    Case("accounts_pages.confirm_authenticator", "POST", reason=ONESELF, ok=303,
         inside=app_code("data")),
    Case(
        "accounts_pages.remove_authenticator", "POST", reason=ONESELF, ok=303,
        inside=form(with_password(), app_password=WORD),
    ),
    Case(
        "accounts_pages.change_pin", "POST", reason=ONESELF, ok=303,
        inside=form(with_password(), password=WORD, pin="482915"),
    ),
    Case("accounts_pages.end_session", "POST", inside=my_session, reason=ONESELF, ok=303),
    Case("accounts_pages.list_accounts", inside=people, inside_marker=lambda w: [w.a.site.name]),
    Case("accounts_pages.new_account"),
    Case(
        "accounts_pages.make_account", "POST", ok=200,
        inside=lambda w: form_account(w.a), outside=lambda w: form_account(w.b),
    ),
    Case(
        "accounts_pages.account",
        inside=lambda w: of_sampler(w.a), outside=lambda w: of_sampler(w.b),
    ),
    Case(
        "accounts_pages.change_account", "POST", ok=303,
        inside=form(lambda w: of_sampler(w.a), name="改名", active="1"),
        outside=form(lambda w: of_sampler(w.b), name="改名"),
    ),
    Case(
        "accounts_pages.add_grant", "POST", ok=303,
        inside=lambda w: of_sampler(w.a, data={"role": "packer", "place": w.a.site.code}),
        outside=lambda w: of_sampler(w.a, data={"role": "packer", "place": w.b.site.code}),
    ),
    Case(
        "accounts_pages.take_grant", "POST", ok=303,
        inside=lambda w: taken(w.a), outside=lambda w: taken(w.b),
    ),
    Case(
        "accounts_pages.reset_password", "POST",
        inside=lambda w: of_sampler(w.a), outside=lambda w: of_sampler(w.b),
    ),
    Case(
        "accounts_pages.reset_pin", "POST",
        inside=lambda w: of_sampler(w.a), outside=lambda w: of_sampler(w.b),
    ),
    Case(
        "accounts_pages.end_sessions", "POST", ok=303,
        inside=lambda w: of_sampler(w.a), outside=lambda w: of_sampler(w.b),
    ),
    Case("accounts_pages.temporary_form"),
    Case(
        "accounts_pages.make_temporary", "POST", ok=200,
        inside=lambda w: form_list(w.a), outside=lambda w: form_list(w.b),
    ),
    Case("accounts_pages.list_devices", inside=phones, inside_marker=lambda w: [w.a.site.name]),
    Case(
        "accounts_pages.make_code", "POST", ok=200,
        inside=lambda w: {"data": {"site_id": str(w.a.site.site_id)}},
        outside=lambda w: {"data": {"lab_id": str(w.b.lab.lab_id)}},
    ),
    Case(
        "accounts_pages.withdraw_code", "POST", ok=303,
        inside=lambda w: ref(w.a), outside=lambda w: ref(w.b),
    ),
    Case(
        "accounts_pages.revoke_device", "POST", ok=303,
        inside=lambda w: phone(w.a), outside=lambda w: phone(w.b),
    ),
    Case(
        "accounts_pages.lose_device", "POST", ok=303,
        inside=lambda w: phone(w.a), outside=lambda w: phone(w.b),
    ),
    Case("accounts_pages.list_audit", inside=noted, inside_marker=lambda w: [w.a.street.name]),
]  # fmt: skip
