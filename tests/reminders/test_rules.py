"""What a message may say, when it may go, whom it leaves out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from screening.coverage.rules import MISSED, OF_OUTCOME
from screening.errors import Faults
from screening.i18n import ZONE
from screening.reminders import rules
from tests.reminders.town import FIELDS

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # 12:00 in Shanghai


def text(**values: str) -> str:
    return rules.compose("missed", {**FIELDS, **values})


def test_a_message_gives_reason_rule_place_hours_phone_and_a_way_out():
    said = rules.fill(text(), ["张*"])
    assert all(part in said for part in FIELDS.values())
    assert said.startswith("张*：") and said.endswith("如已采样请忽略")


@pytest.mark.parametrize("word", rules.FORBIDDEN)
def test_no_word_of_result_or_disease_goes_out(word):
    with pytest.raises(Faults) as caught:
        text(rule=f"请注意{word}安排")
    assert [f.problem.code for f in caught.value.faults] == ["sms_forbidden_word"]


@pytest.mark.parametrize("hidden", ["阳 性", "阳·性", "P-C-R", "Positive", "ＣＯＶＩＤ"])
def test_a_forbidden_word_is_not_hidden_by_marks_or_case(hidden):
    assert rules.forbidden(hidden)


@pytest.mark.parametrize("template", rules.TEMPLATES)
def test_the_given_reasons_say_nothing_forbidden(template):
    assert rules.forbidden(rules.TEMPLATES[template].reason) is None


def test_all_faults_of_a_text_come_at_once():
    with pytest.raises(Faults) as caught:
        text(rule="", place="x" * 61, hours="{names}", phone="阳性")
    found = {(f.field, f.problem.code) for f in caught.value.faults}
    assert found == {
        ("rule", "sms_empty_part"), ("place", "sms_long_part"), ("hours", "sms_not_one_line"),
        ("phone", "sms_forbidden_word"),
    }  # fmt: skip


def test_a_reason_comes_from_the_template_when_none_is_written():
    assert rules.TEMPLATES["missed"].reason in text(reason="")
    with pytest.raises(rules.NoSuchTemplate):
        rules.compose("other", FIELDS)


def test_a_family_is_named_and_a_large_one_summed_up():
    assert rules.fill("{names}", ["张*", "李*"]) == "张*、李*"
    assert rules.fill("{names}", ["甲*"] * 5) == "甲*、甲*、甲*等5人"


@pytest.mark.parametrize(
    ("name", "masked"),
    [("张三", "张*"), ("李小明", "李*明"), ("买买提·吐尔逊", "买*****逊"), ("", "住户"),
     ("John Smith", "J*** S***"), ("王", "王*")],
)  # fmt: skip
def test_a_name_is_masked(name, masked):
    assert rules.mask_name(name) == masked


@pytest.mark.parametrize(("size", "parts"), [(70, 1), (71, 2), (134, 2), (135, 3)])
def test_the_parts_of_a_long_text_are_counted_as_gateways_do(size, parts):
    assert rules.parts_of("字" * size) == parts


# -- when ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "minute", "day", "to"),
    [(12, 0, 22, None), (20, 59, 22, None), (8, 0, 22, None), (21, 0, 22, (23, 8)),
     (23, 30, 22, (23, 8)), (0, 0, 22, (22, 8)), (7, 59, 22, (22, 8))],
)  # fmt: skip
def test_nothing_is_sent_in_quiet_hours(hour, minute, day, to):
    at = datetime(2026, 11, day, hour, minute, tzinfo=ZONE).astimezone(UTC)
    due = rules.may_send_at(at, ZONE)
    if to is None:
        assert due == at
    else:
        local = due.astimezone(ZONE)
        assert (local.day, local.hour, local.minute) == (*to, 0)


def test_the_quiet_hours_name_their_source():
    assert rules.QUIET.source


# -- who -------------------------------------------------------------------------------------------

STATES = rules.TEMPLATES["missed"].states
PLAIN = rules.Missed("new", None, has_phone=True, opted_out=False, silent=False)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({}, None),
        ({"state": "resample"}, "other_reason"),
        ({"state": "refused"}, "other_reason"),
        ({"until": NOON + timedelta(hours=1)}, "left_in_peace"),
        ({"until": NOON - timedelta(hours=1)}, None),
        ({"has_phone": False}, "no_phone"),
        ({"opted_out": True}, "opted_out"),
        ({"silent": True, "opted_out": True}, "silent"),
    ],
)
def test_who_is_left_out_has_a_reason(change, why):
    assert rules.left_out(PLAIN._replace(**change), STATES, at=NOON) == why
    assert why is None or why in rules.LEFT_OUT


def test_the_words_of_coverage_are_the_words_of_reminders():
    assert set(MISSED) == {str(s) for s in rules.State}
    assert set(rules.CONTACT_OUTCOMES) == {*OF_OUTCOME, "later"}


@pytest.mark.parametrize("outcome", rules.CONTACT_OUTCOMES)
def test_an_outcome_takes_a_time_only_where_it_means_something(outcome):
    rule = rules.CONTACT_OUTCOMES[outcome].until
    if rule == "must":
        with pytest.raises(rules.UntilNeeded):
            rules.check_outcome(outcome, None, at=NOON)
        with pytest.raises(rules.UntilNeeded):
            rules.check_outcome(outcome, NOON, at=NOON)
    else:
        rules.check_outcome(outcome, None, at=NOON)
    if rule:
        rules.check_outcome(outcome, NOON + timedelta(hours=1), at=NOON)
    else:
        with pytest.raises(rules.NoUntil):
            rules.check_outcome(outcome, NOON + timedelta(hours=1), at=NOON)


def test_an_unknown_outcome_is_refused():
    with pytest.raises(rules.WrongOutcome):
        rules.check_outcome("gone", None, at=NOON)


@pytest.mark.parametrize("cell", ["=1+1", "+8", "-2", "@x", "\tx", "\rx"])
def test_no_cell_is_a_formula(cell):
    assert rules.neutral(cell) == "'" + cell
    assert rules.csv_line([cell]).startswith(("'", "\"'"))
