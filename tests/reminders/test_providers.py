"""Aliyun and Tencent Cloud: what is sent, how it is signed, what comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from screening import clock
from screening.config import Sms
from screening.db import fetch
from screening.reminders import doubt, rules, sender
from screening.reminders.channels import Fate, NotAReport, Reply, Report, aliyun, tencent
from screening.reminders.channels.aliyun import AliyunChannel
from screening.reminders.channels.tencent import TencentChannel
from tests.reminders.providers import KEY_ID, SECRET, Aliyun, Tencent
from tests.reminders.test_waves import states
from tests.reminders.town import person

FAST = (0.3, 0.3)
PROVIDERS = [(Aliyun, AliyunChannel), (Tencent, TencentChannel)]


def account(url, **kw):
    made = Sms(
        channel="x", url=url, id=KEY_ID, secret=SECRET, sign="阳曲核检", app="1400006666",
        templates=(("missed", "SMS_1"), ("*", "SMS_9")),
    )  # fmt: skip
    return replace(made, **kw)


# -- signatures that the providers have published --------------------------------------------------


def test_aliyuns_published_example_is_signed_alike():
    headers = aliyun.signed(
        action="RunInstances",
        host="ecs.cn-shanghai.aliyuncs.com",
        query={
            "RegionId": "cn-shanghai",
            "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
        },
        key_id="YourAccessKeyId",
        secret="YourAccessKeySecret",
        at=datetime(2023, 10, 26, 10, 22, 32, tzinfo=UTC),
        nonce="3156853299f313e23d1673dc12e1703d",
        version="2014-05-26",
    )
    assert headers["Authorization"].endswith(
        "Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_tencents_published_example_is_signed_alike():
    headers = tencent.signed(
        action="DescribeInstances",
        host="cvm.tencentcloudapi.com",
        payload=(
            rb'{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], '
            rb'"Name": "instance-name"}]}'
        ),
        key_id="AKID" + "*" * 32,
        secret="*" * 32,
        at=datetime.fromtimestamp(1551113065, UTC),
        service="cvm",
    )
    assert headers["Authorization"].endswith(
        "SignedHeaders=content-type;host;x-tc-action, "
        "Signature=10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    )


# -- a whole wave ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("provider", "channel"), PROVIDERS)
def test_a_wave_goes_out_signed_in_the_approved_template(town, provider, channel):
    person(town.communities[0], "王五", "13800000002")
    wave_id = town.wave()
    with provider() as there:
        assert sender.send_due(channel(account(there.url))) == 1
    (taken,) = there.taken
    assert there.refused == [] and states(wave_id) == {"sent": 1}
    if provider is Aliyun:
        assert taken["PhoneNumbers"] == "13800000002" and taken["TemplateCode"] == "SMS_1"
        filled = list(orjson.loads(taken["TemplateParam"]).values())
    else:
        assert taken["PhoneNumberSet"] == ["+8613800000002"] and taken["TemplateId"] == "SMS_1"
        filled = taken["TemplateParamSet"]
    assert filled[0] == "王*" and filled[3:] == ["社区广场", "8点至20点", "0351-7000000"]


@pytest.mark.parametrize(("provider", "channel"), PROVIDERS)
def test_a_wrong_secret_is_refused_and_the_message_waits(town, provider, channel):
    person(town.communities[0], "王五", "13800000002")
    wave_id = town.wave()
    with provider() as there:
        assert sender.send_due(channel(account(there.url, secret="another"))) == 0
    assert there.taken == [] and len(there.refused) == 1
    assert states(wave_id) == {"waiting": 1}


@pytest.mark.parametrize(("provider", "channel"), PROVIDERS)
def test_what_timed_out_is_asked_for_and_not_repeated(town, provider, channel):
    person(town.communities[0], "王五", "13800000002")
    wave_id = town.wave()
    with provider("slow") as there:
        out = channel(account(there.url), FAST)
        sender.send_due(out)
        assert states(wave_id) == {"outcome_unknown": 1}
        later = clock.now() + timedelta(minutes=2)
        assert doubt.settle_open(out, now=lambda: later) == 1
    assert len(there.taken) == 1 and len(there.asked) == 1 and there.refused == []
    assert states(wave_id) == {"delivered": 1}


@pytest.mark.parametrize(
    ("provider", "channel", "code"),
    [
        (Aliyun, AliyunChannel, "isv.MOBILE_NUMBER_ILLEGAL"),
        (Tencent, TencentChannel, "InvalidParameterValue.IncorrectPhoneNumber"),
    ],
)
def test_a_number_that_the_provider_refuses_is_a_task_for_a_visit(town, provider, channel, code):
    cell, who, _ = person(town.communities[0], "王五", "13800000002")
    wave_id = town.wave()
    with provider(code) as there:
        sender.send_due(channel(account(there.url)))
    assert states(wave_id) == {"failed": 1}
    assert fetch(
        "SELECT outcome FROM contact WHERE cell_id = %s AND person_id = %s", (cell, who)
    ) == [("unreachable",)]


@pytest.mark.parametrize(
    ("provider", "channel", "code", "fate"),
    [
        (Aliyun, AliyunChannel, "isv.BUSINESS_LIMIT_CONTROL", Fate.LATER),
        (Aliyun, AliyunChannel, "isv.AMOUNT_NOT_ENOUGH", Fate.LATER),
        (Tencent, TencentChannel, "LimitExceeded.PhoneNumberDailyLimit", Fate.LATER),
        (Tencent, TencentChannel, "FailedOperation.InsufficientBalanceInSmsPackage", Fate.LATER),
        (Tencent, TencentChannel, "InternalError.Timeout", Fate.UNKNOWN),
    ],
)
def test_what_has_nothing_to_do_with_the_number_is_tried_later(app, provider, channel, code, fate):
    with provider(code) as there:
        answer = channel(account(there.url)).send("1.1", "13800000002", "x", {"template": "*"})
    assert (answer.fate, answer.why) == (fate, code)


@pytest.mark.parametrize(("provider", "channel"), PROVIDERS)
def test_a_text_of_another_kind_takes_the_template_for_everything(app, provider, channel):
    with provider() as there:
        out = channel(account(there.url))
        assert out.send("1.1", "13800000002", "验证码 1234 = 5&6", {"template": "*"}).fate == "sent"
        none = channel(account(there.url, templates=(("missed", "SMS_1"),)))
        assert none.send("1.2", "13800000002", "x", {"template": "*"}).why == "no_template"
    (taken,) = there.taken
    said = taken.get("TemplateParam") or taken.get("TemplateParamSet")
    if provider is Aliyun:
        assert orjson.loads(said) == {"text": "验证码 1234 = 5&6"}
    else:
        assert said == ["验证码 1234 = 5&6"]


# -- what they report ------------------------------------------------------------------------------


def test_aliyuns_reports_and_replies_are_read():
    out = AliyunChannel(account("http://x"))
    row = {
        "phone_number": "13800000002", "send_time": "2026-11-22 09:00:00", "success": True,
        "report_time": "2026-11-22 09:00:03", "err_code": "DELIVERED", "err_msg": "用户接收成功",
        "sms_size": "1", "biz_id": "12345", "out_id": "1404.67890",
    }  # fmt: skip
    assert out.read_reports([row]) == [Report("1404.67890", "", True, "DELIVERED")]
    said = {"phone_number": "13800000002", "content": "TD", "dest_code": "1", "sign_name": "x"}
    assert out.read_replies([said]) == [Reply("13800000002", "TD")]


def test_tencents_reports_and_replies_are_read():
    out = TencentChannel(account("http://x"))
    row = {
        "user_receive_time": "2026-11-22 09:00:03", "nationcode": "86", "mobile": "13800000002",
        "report_status": "FAIL", "errmsg": "MK:0001", "description": "空号", "sid": "5000:1",
    }  # fmt: skip
    assert out.read_reports([row]) == [Report("", "5000:1", False, "MK:0001")]
    said = {"mobile": "13800000002", "nationcode": "86", "text": "R", "time": 1, "sign": "x"}
    assert out.read_replies(said) == [Reply("13800000002", "R")]


@pytest.mark.parametrize("channel", [AliyunChannel, TencentChannel])
@pytest.mark.parametrize("body", [None, 1, "x", [1], [{}], {"success": "yes", "out_id": "1"}])
def test_what_is_no_report_is_refused(channel, body):
    with pytest.raises(NotAReport):
        channel(account("http://x")).read_reports(body)


def test_no_secret_is_written_when_settings_are():
    shown = repr(account("http://x", token="bearer-word", hook="hook-word"))
    assert not any(word in shown for word in (SECRET, "bearer-word", "hook-word"))
    assert rules.LAST_WORDS
