"""Cells, ranges and pieces of exported files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening.exports import rules


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "＠x"])
def test_a_cell_that_a_spreadsheet_would_calculate_is_made_text(text):
    assert rules.neutral(text) == "'" + text


@pytest.mark.parametrize("text", ["张三", "1", "", "a=b", None, 5, "138****0001"])
def test_a_plain_cell_stays_as_it_is(text):
    assert rules.neutral(text) == text


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, None), ("", None), ("bytes=0-9", (0, 9)), ("bytes=90-", (90, 99)),
        ("bytes=-10", (90, 99)), ("bytes=-500", (0, 99)), ("bytes=95-500", (95, 99)),
        ("bytes=0-1,5-6", None), ("lines=0-1", None), ("bytes=-", None), ("bytes=9-2", None),
    ],
)  # fmt: skip
def test_a_range_is_read_as_the_standard_says(header, span):
    assert rules.read_range(header, 100) == span


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_a_range_behind_the_end_is_refused(header):
    with pytest.raises(rules.BadRange):
        rules.read_range(header, 100)


@given(st.lists(st.binary(max_size=40), max_size=30), st.integers(1, 17))
def test_pieces_are_of_one_size_and_lose_nothing(chunks, size):
    pieces = list(rules.cut(chunks, size))
    assert b"".join(pieces) == b"".join(chunks)
    assert all(len(p) == size for p in pieces[:-1])
    assert not pieces or 0 < len(pieces[-1]) <= size
