"""The equation adds up by construction, whatever goes in."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from screening.coverage import rules
from screening.coverage.rules import CoverageRow, adds_up, total

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


@st.composite
def rows(draw: st.DrawFn) -> CoverageRow:
    n = st.integers(0, 500)
    missed = {part: draw(n) for part in rules.MISSED}
    resulted, tested, delivered, reached = sorted(draw(n) for _ in range(4))
    by = draw(st.dictionaries(st.sampled_from(["infant", "medical", "away"]), n))
    m = sum(missed.values())
    due, exempt = reached + m, sum(by.values())
    return CoverageRow(
        draw(n), due + exempt, exempt, due, reached, delivered, tested, resulted, m,
        **missed, added=draw(n), exempt_by=by, as_of=NOON,
    )  # fmt: skip


@given(st.lists(rows(), max_size=8))
def test_a_sum_of_rows_that_add_up_adds_up(parts):
    whole = total(7, parts)
    assert whole.area_id == 7 and adds_up(whole)
    assert whole.reached <= whole.due <= whole.register


def test_a_row_that_does_not_add_up_is_seen():
    good = total(1, [CoverageRow(register=2, due=2, reached=1, missed=1, new=1)])
    assert adds_up(good)
    assert not adds_up(good._replace(reached=2))
    assert not adds_up(good._replace(new=0, away=2))
    assert not adds_up(good._replace(resulted=3))
    assert adds_up(good._replace(registered=1, floating=1))
    assert not adds_up(good._replace(registered=1, residents=1, floating=1))


def test_a_sum_is_as_old_as_its_oldest_part():
    late = NOON.replace(hour=9)
    assert total(1, [CoverageRow(as_of=late), CoverageRow(as_of=NOON)]).as_of == NOON
    assert total(1, []).as_of is None


def test_who_lags_is_behind_by_the_share_of_the_due():
    assert CoverageRow(due=4, missed=1).behind == 0.25
    assert CoverageRow().behind == 0


def test_every_outcome_leads_to_a_reason_of_the_equation():
    assert set(rules.OF_OUTCOME.values()) <= set(rules.MISSED)
