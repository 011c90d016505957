"""What a resident may be told: over every state that a swab, its tube and its alerts can have."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from screening.lab.rules.well_rules import Outcome
from screening.reporting import resident_rules, rules
from screening.reporting.resident_rules import NO_SIGNAL, Signals
from screening.reporting.rules import PersonState, Swab
from screening.tube.rules import Purpose, Void

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
S = PersonState
NEG, POS, GREY, BAD = Outcome.NEGATIVE, Outcome.POSITIVE, Outcome.INCONCLUSIVE, Outcome.INVALID
OUTCOMES = (None, NEG, POS, GREY, BAD)
CALLBACKS = (
    (None, None), ("open", None), ("sampled", None), ("closed", NEG), ("closed", POS),
    ("withdrawn", None),
)  # fmt: skip
UNHEARD, HEARD = Signals(1, 0, 1), Signals(1, 1, 1)
RELEASED_UNHEARD, SETTLED = Signals(0, 0, 1), Signals(0, 1, 1)
TWO_ONE_HEARD = Signals(2, 1, 2)
SIGNALS = (NO_SIGNAL, UNHEARD, HEARD, RELEASED_UNHEARD, SETTLED, TWO_ONE_HEARD)


def swabs():
    """Every swab, with every tube and callback."""
    return [
        Swab(NOON, void, purpose, outcome, covered, callback, closed, alone)
        for outcome, covered, (callback, closed), purpose, alone, void in product(
            OUTCOMES, (True, False), CALLBACKS, (Purpose.SCREEN, Purpose.RECHECK), (True, False),
            (0, Void.UNBOUND, Void.LOST),
        )
        if outcome is not None or not (covered or alone)
    ]  # fmt: skip


EVERY = list(product(swabs(), SIGNALS))


def told(s: Swab, signals: Signals) -> PersonState:
    (state,) = resident_rules.told_states([(s, signals)])
    return rules.together([(s, state)])


def test_all_states_are_many():
    assert len(EVERY) > 3000


def test_a_shared_tube_never_says_positive():
    """Only the own re-check does, in a tube that was the person's alone."""
    for s, signals in EVERY:
        if told(s, signals) == S.RECHECK_POSITIVE:
            own = s.callback_outcome == POS or (s.alone and s.purpose == Purpose.RECHECK)
            assert own, (s, signals)


def test_a_signal_that_nobody_acknowledged_is_not_told():
    for s, signals in EVERY:
        if resident_rules.unheard(s, signals) and not (s.void and s.callback is None):
            assert told(s, signals) in (S.WAITING, S.NOT_SAMPLED), (s, signals)
            state = resident_rules.told_state(s, signals)
            assert not resident_rules.tells_release(state), (s, signals)


def test_a_waiting_member_cannot_tell_a_signal_from_a_tube_on_its_way():
    """Word for word the same answer before the test and under an unacknowledged signal."""
    before = told(Swab(NOON), NO_SIGNAL)
    for outcome, (callback, closed) in product((None, POS, GREY), CALLBACKS[:3]):
        under = Swab(NOON, 0, Purpose.SCREEN, outcome, outcome is not None, callback, closed)
        assert told(under, UNHEARD) == before == S.WAITING
        assert not resident_rules.tells_deadline(told(under, UNHEARD))


def test_an_acknowledged_signal_reads_pending_before_any_release():
    assert told(Swab(NOON), HEARD) == S.PENDING_RECHECK
    assert told(Swab(NOON), TWO_ONE_HEARD) == S.PENDING_RECHECK


def test_no_negative_is_shown_over_a_signal():
    for s, signals in EVERY:
        assert not (signals.open and told(s, signals) == S.NEGATIVE), (s, signals)


def test_pending_is_told_only_where_somebody_knows():
    """Of it, or of a callback that no signal stands behind: a correction by two persons."""
    for s, signals in EVERY:
        if told(s, signals) == S.PENDING_RECHECK:
            assert signals.heard or not signals.open, (s, signals)
            assert signals.heard or not (signals.all and s.outcome in rules.CALLS_BACK)


def test_without_signals_a_resident_sees_what_the_desk_sees():
    for s in swabs():
        assert told(s, NO_SIGNAL) == rules.person_state([s]), s


def test_a_negative_re_check_frees_whatever_its_first_tube_says():
    first = Swab(NOON, 0, Purpose.SCREEN, POS, True, "closed", NEG)
    again = Swab(NOON + timedelta(hours=3), 0, Purpose.RECHECK, NEG, True, alone=True)
    for signals in SIGNALS:
        both = [(first, signals), (again, NO_SIGNAL)]
        states = resident_rules.told_states(both)
        state = rules.together(zip([s for s, _ in both], states, strict=True))
        assert state == S.NEGATIVE, signals


@pytest.mark.parametrize(
    ("signals", "state"), [(UNHEARD, S.PENDING_RECHECK), (RELEASED_UNHEARD, S.PENDING_RECHECK),
                           (HEARD, S.RECHECK_POSITIVE), (SETTLED, S.RECHECK_POSITIVE)]
)  # fmt: skip
def test_a_positive_re_check_is_told_once_its_own_alert_was_acknowledged(signals, state):
    first = Swab(NOON, 0, Purpose.SCREEN, POS, True, "closed", POS)
    again = Swab(NOON + timedelta(hours=3), 0, Purpose.RECHECK, POS, True, alone=True)
    both = [(first, SETTLED), (again, signals)]
    states = resident_rules.told_states(both)
    assert rules.together(zip([s for s, _ in both], states, strict=True)) == state
    assert state != S.PENDING_RECHECK or S.RECHECK_POSITIVE not in states


def test_release_time_and_sharers_go_with_a_negative_or_a_new_swab_only():
    shown = [s for s in PersonState if resident_rules.tells_release(s)]
    assert shown == [S.NEEDS_SWAB, S.NEGATIVE] and not resident_rules.tells_release(None)
