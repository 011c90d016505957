"""When all may be called negative; ranking; next steps; words; digests. Pure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.bulletins import rules, shape
from screening.bulletins.rules import AGAINST, Told, against
from screening.coverage.rules import MISSED

CLEAN = Told(due=10, reached=10, resulted=10, tubes=2, released=2)


def test_everything_released_and_nothing_open_is_all_negative():
    assert against(CLEAN) == []
    assert against(CLEAN._replace(signals=1, signal_persons=10)) == []


def test_before_the_first_tube_nothing_is_said():
    assert against(Told()) == ["nothing"]


@pytest.mark.parametrize("word", [
    "open", "resample", "devices", "unknown", "held", "alerts", "callbacks", "doubtful", "positive",
])  # fmt: skip
def test_one_thing_open_forbids_the_sentence(word):
    assert against(CLEAN._replace(**{word: 1})) == [word]


def test_one_tube_more_than_was_released_forbids_the_sentence():
    assert against(CLEAN._replace(tubes=3)) == ["not_released"]


def test_a_lost_tube_is_no_missing_result_once_its_people_are_swabbed_again():
    assert against(CLEAN._replace(tubes=3, gone=1)) == []
    assert against(CLEAN._replace(tubes=3, gone=1, resample=2)) == ["resample"]


@given(st.builds(Told, *[st.integers(0, 2)] * len(Told._fields)))
def test_the_sentence_stands_only_when_nothing_at_all_is_open(told):
    clean = told.tubes > 0 and told.released + told.gone == told.tubes
    clean = clean and not any(getattr(told, w) for w in (
        "open", "resample", "devices", "unknown", "held", "alerts", "callbacks", "doubtful", "positive"
    ))  # fmt: skip
    assert (against(told) == []) == clean
    assert set(against(told)) <= set(AGAINST)


def test_the_best_covered_leads_and_equals_share_a_place():
    rows = [("甲", 5, 10), ("乙", 10, 10), ("丙", 10, 20), ("丁", 0, 0)]
    assert rules.ranked(rows)[0][:2] == (1, "乙")
    places = {name: rank for rank, name, _n, _d in rules.ranked(rows)}
    assert places["甲"] == places["丙"] and places["乙"] < places["甲"]


@given(st.lists(st.tuples(st.text(min_size=1, max_size=3), st.integers(0, 50), st.integers(0, 50))))
def test_ranking_loses_nobody_and_never_rises(rows):
    rows = [(name, min(n, due), due) for name, n, due in rows]
    found = rules.ranked(rows)
    assert sorted((n, r, d) for _p, n, r, d in found) == sorted(rows)
    places = [p for p, *_ in found]
    assert places == sorted(places)


def test_next_steps_name_only_what_is_left_to_do():
    told = CLEAN._replace(missed=3, callbacks=2)
    assert rules.steps(told) == [["callbacks", 2], ["missed", 3]]
    assert rules.steps(CLEAN) == []


@pytest.mark.parametrize("text", ["确诊两例", "其中 确 诊", "two Confirmed Cases", "DIAGNOSED"])
def test_words_of_a_diagnosis_are_refused(text):
    with pytest.raises(rules.ForbiddenWord):
        rules.check_words(text)


@pytest.mark.parametrize("text", ["初筛三管", "复采阳性一人", "确认遗失", "confirmed lost"])
def test_words_of_a_screening_are_not(text):
    rules.check_words(text)


def test_no_word_of_any_table_is_a_diagnosis():
    said = [w for b in shape.BLOCKS.values() for w in (b.zh, b.en)]
    said += [w for b in shape.BLOCKS.values() for c in b.columns.values() for w in (c.zh, c.en)]
    said += [w for pair in (*shape.WORDS.values(), *rules.AGAINST.values(), *rules.STEPS.values())
             for w in pair]  # fmt: skip
    for text in said:
        rules.check_words(text)


def test_every_reason_of_the_missed_has_its_column():
    assert set(MISSED) <= set(shape.BLOCKS["coverage"].columns)


def test_a_digest_changes_with_either_part_and_outlives_the_key():
    one = rules.digest(b"figures", b"sealed")
    assert one == rules.digest(b"figures", b"sealed")
    others = [rules.digest(b"figures", b"other"), rules.digest(b"other", b"sealed"),
              rules.digest(b"figures", None)]  # fmt: skip
    assert one not in others


def test_a_body_has_one_way_of_being_written():
    assert (
        rules.canonical({"b": 1, "a": [2]})
        == rules.canonical({"a": [2], "b": 1})
        == b'{"a":[2],"b":1}'
    )


def test_a_total_sums_numbers_and_rates_and_takes_the_longest_wait():
    rows = [{"area": "甲", "tubes": 2, "longest": 5}, {"area": "乙", "tubes": 3, "longest": 9}]
    held = shape.block("transport", rows, total=True)
    total = dict(zip(held["columns"], held["total"], strict=True))
    assert (total["area"], total["tubes"], total["longest"]) == (None, 5, 9)
    rates = shape.block("groups", [{"rate": [1, 2]}, {"rate": [3, 4]}], total=True)
    assert dict(zip(rates["columns"], rates["total"], strict=True))["rate"] == [4, 6]
