"""What gateways bring by themselves: only with the secret, only in their own form."""

from __future__ import annotations

import logging
from dataclasses import replace

import orjson
import pytest

from screening import clock
from screening.config import BadSetting, Sms
from screening.db import fetch
from screening.reminders import sender
from screening.reminders.api.hooks import MOST, signature
from tests.reminders.test_gateways import key
from tests.reminders.test_waves import states
from tests.reminders.town import Box, person

HOOK = "a-long-made-up-hook-secret"


@pytest.fixture
def gateway(app):
    """Opens the doors for a channel."""
    before = app.extensions["settings"]

    def opened(**kw):
        app.extensions["settings"] = replace(before, sms=Sms(**{"hook": HOOK, **kw}))

    yield opened
    app.extensions["settings"] = before


def signed(client, url, body, *, hook=HOOK, age=0):
    raw = orjson.dumps(body)
    at = str(int(clock.real_now().timestamp()) - age)
    header = {"X-Screening-Signature": f"t={at},v1={signature(hook, at, raw)}"}
    return client.post(url, data=raw, headers=header, content_type="application/json")


@pytest.fixture
def sent(town):
    person(town.communities[0], "王五", "13800000002")
    wave_id = town.wave()
    sender.send_due(Box())
    return wave_id


def test_a_signed_report_settles_a_message(client, gateway, sent):
    gateway(channel="http", url="http://x")
    body = [{"key": key(), "state": "delivered"}]
    r = signed(client, "/api/v1/sms/reports", body)
    assert (r.status_code, r.json) == (200, {})
    assert states(sent) == {"delivered": 1}
    assert signed(client, "/api/v1/sms/reports", body).status_code == 200, "told twice"
    assert states(sent) == {"delivered": 1}


@pytest.mark.parametrize("how", ["unsigned", "wrong", "old", "early", "changed", "garbled"])
def test_a_report_that_is_not_proven_changes_nothing(client, gateway, sent, how):
    gateway(channel="http", url="http://x")
    url, body = "/api/v1/sms/reports", [{"key": key(), "state": "failed"}]
    if how == "unsigned":
        r = client.post(url, json=body)
    elif how == "changed":
        at = str(int(clock.real_now().timestamp()))
        proof = signature(HOOK, at, orjson.dumps([]))
        r = client.post(url, json=body, headers={"X-Screening-Signature": f"t={at},v1={proof}"})
    elif how == "garbled":
        r = client.post(url, json=body, headers={"X-Screening-Signature": "t=１,v1=é;;="})
    else:
        ages = {"old": 301, "early": -305, "wrong": 0}
        r = signed(client, url, body, age=ages[how], hook="x" * 20 if how == "wrong" else HOOK)
    assert r.status_code == 401 and r.json["code"] == "hook_not_proven"
    assert states(sent) == {"sent": 1}


def test_a_provider_that_cannot_sign_shows_the_secret_in_its_address(client, gateway, sent):
    gateway(channel="aliyun", id="a", secret="b", sign="c", templates=(("*", "x"),))
    row = {"out_id": key(), "success": True, "err_code": "DELIVERED", "phone_number": "1"}
    assert client.post("/api/v1/sms/reports/wrong", json=[row]).status_code == 401
    assert states(sent) == {"sent": 1}
    r = client.post(f"/api/v1/sms/reports/{HOOK}", json=[row])
    assert (r.status_code, r.json) == (200, {"code": 0, "msg": "OK"})
    assert states(sent) == {"delivered": 1}
    assert signed(client, "/api/v1/sms/reports", [row]).status_code == 404


def test_tencent_is_thanked_in_its_own_words(client, gateway, sent):
    gateway(channel="tencent", id="a", secret="b", sign="c", app="1", templates=(("*", "x"),))
    row = {"sid": "5000:1", "report_status": "SUCCESS", "errmsg": "DELIVRD", "mobile": "1"}
    r = client.post(f"/api/v1/sms/reports/{HOOK}", json=[row])
    assert (r.status_code, r.json) == (200, {"result": 0, "errmsg": "OK"})


def test_a_reply_opts_out_and_nothing_of_it_is_kept(client, gateway, sent, caplog):
    gateway(channel="tencent", id="a", secret="b", sign="c", app="1", templates=(("*", "x"),))
    caplog.set_level(logging.DEBUG)
    said = {"mobile": "13800000002", "nationcode": "86", "text": "R", "time": 1}
    assert client.post(f"/api/v1/sms/replies/{HOOK}", json=said).status_code == 200
    assert fetch("SELECT count(*) FROM opt_out") == [(1,)]
    assert "13800000002" not in caplog.text and HOOK not in caplog.text


@pytest.mark.parametrize("body", [b"", b"{", b"[1]", b"[{}]", b'"x"', b'[{"key":"1.1"}]'])
def test_what_is_no_report_is_refused_in_a_sentence(client, gateway, sent, body):
    gateway(channel="http", url="http://x")
    at = str(int(clock.real_now().timestamp()))
    header = {"X-Screening-Signature": f"t={at},v1={signature(HOOK, at, body)}"}
    r = client.post("/api/v1/sms/reports", data=body, headers=header)
    assert r.status_code == 422 and r.json["code"] == "hook_unreadable"


def test_too_many_reports_at_once_are_refused(client, gateway, sent):
    gateway(channel="http", url="http://x")
    body = [{"key": "1.1", "state": "delivered"}] * (MOST + 1)
    assert signed(client, "/api/v1/sms/reports", body).status_code == 422


def test_without_a_secret_the_doors_are_closed(client, gateway, sent):
    gateway(channel="http", url="http://x", hook=None)
    assert signed(client, "/api/v1/sms/reports", []).status_code == 404
    gateway(channel="aliyun", hook=None)
    assert client.post("/api/v1/sms/reports/None", json=[]).status_code == 404


# -- settings --------------------------------------------------------------------------------------


def test_an_address_alone_means_the_http_gateway():
    made = Sms.from_env({"SCREENING_SMS_URL": "https://sms.example/send"})
    assert (made.channel, made.keys, made.per_second) == ("http", False, 20)


def test_without_settings_messages_go_to_files():
    assert Sms.from_env({}).channel == "file"


def test_templates_are_read_as_pairs():
    env = {
        "SCREENING_SMS": "aliyun", "SCREENING_SMS_ID": "a", "SCREENING_SMS_SECRET": "b",
        "SCREENING_SMS_SIGN": "c", "SCREENING_SMS_TEMPLATES": "missed=SMS_1, *=SMS_9",
    }  # fmt: skip
    assert Sms.from_env(env).templates == (("missed", "SMS_1"), ("*", "SMS_9"))


@pytest.mark.parametrize(
    ("env", "word"),
    [
        ({"SCREENING_SMS": "pigeon"}, "must be one of"),
        ({"SCREENING_SMS": "http"}, "SCREENING_SMS_URL"),
        ({"SCREENING_SMS": "aliyun", "SCREENING_SMS_ID": "a"}, "SCREENING_SMS_SECRET"),
        ({"SCREENING_SMS": "tencent"}, "SCREENING_SMS_APP"),
        ({"SCREENING_SMS_PER_SECOND": "0"}, "at least 1"),
        ({"SCREENING_SMS_HOOK": "short"}, "20 characters"),
        ({"SCREENING_SMS_TEMPLATES": "SMS_1"}, "must look like"),
    ],
)
def test_a_wrong_setting_is_said_in_a_sentence(env, word):
    with pytest.raises(BadSetting, match=word):
        Sms.from_env(env)
