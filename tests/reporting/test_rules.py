"""The pure rules: gates, a person's state, gaps, pools."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from screening.lab.rules.well_rules import Outcome
from screening.reporting import gates, rules
from screening.reporting.gates import Gate
from screening.reporting.rules import Gap, PersonState, Reading, Swab
from screening.tube.rules import Bind, Line, Purpose, Stage, Verb, Void

NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)
NEG, POS, GREY, BAD = Outcome
S = PersonState


def ready(outcome=NEG, **changes) -> Gate:
    alerts = ["positive"] if outcome in rules.CALLS_BACK else []
    gate = Gate(test=Reading(1, 2, outcome), reviews={1: 10, 2: 11}, alerts=alerts, members=10,
                complete=True, called=outcome)  # fmt: skip
    return replace(gate, **changes)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_complete_and_twice_reviewed_tube_may_go_out(outcome):
    assert gates.refusals(ready(outcome)) == []


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ({"reviews": {}}, ["not_reviewed"]),
        ({"reviews": {1: 10}}, ["not_reviewed"]),
        ({"reviews": {2: 10}}, ["not_reviewed"]),
        ({"reviews": {1: 10, 2: 10}}, ["one_reviewer"]),
        ({"alerts": ["positive"]}, ["alert_conflict"]),
        ({"alerts": ["inconclusive"]}, ["alert_conflict"]),
        ({"alerts": ["provisional"]}, ["alert_conflict"]),
        ({"alerts": ["hand"]}, ["alert_conflict"]),
        ({"members": 0}, ["no_persons"]),
        ({"members": 0, "complete": False}, ["no_persons"]),
        ({"complete": False}, ["list_incomplete"]),
        ({"complete": False, "hold_tickets": ["list_incomplete"], "holds": 2}, ["list_incomplete"]),
        ({"gap": True}, ["journal_gap"]),
        ({"hold_tickets": ["two_sites"]}, ["held"]),
        ({"hold_tickets": ["added_after_pack"]}, ["held"]),
        ({"hold_tickets": ["unassigned"]}, ["held"]),
        ({"holds": 8}, ["held"]),
        ({"run_state": "invalid"}, ["run_not_valid"]),
        ({"run_state": "quarantined"}, ["run_not_valid"]),
        ({"run_state": "previewed"}, ["run_not_valid"]),
        ({"run_state": None}, []),
        ({"test": None}, ["not_tested"]),
        ({"stage": Stage.RECEIVED}, ["not_tested"]),
        ({"stage": Stage.LOST}, ["gone"]),
        ({"stage": Stage.REJECTED}, ["gone"]),
        ({"stage": Stage.DISCARDED}, ["gone"]),
        ({"reviews": {}, "complete": False, "gap": True},
         ["not_reviewed", "list_incomplete", "journal_gap"]),
    ],
)  # fmt: skip
def test_whatever_stands_against_a_negative_is_told(changes, codes):
    assert gates.refusals(ready(**changes)) == codes


@pytest.mark.parametrize(
    ("outcome", "alerts", "against"),
    [
        (NEG, [], False), (NEG, ["positive"], True), (NEG, ["inconclusive"], True),
        (BAD, [], False), (BAD, ["positive"], True),
        (POS, [], True), (POS, ["positive"], False), (POS, ["provisional"], False),
        (POS, ["inconclusive"], False), (GREY, [], True), (GREY, ["positive"], False),
        (GREY, ["inconclusive"], False),
    ],
)  # fmt: skip
def test_a_release_says_what_was_told_at_the_first_signal(outcome, alerts, against):
    assert gates.contradicts(outcome, alerts) is against


# --- which test counts ------------------------------------------------------------------------


def line(verb, seq, *, device=1, journal=1, at=None, answers=None, data=None, number=None):
    return Line(number or seq, int(verb), 0, at or NOON + timedelta(minutes=seq), device, journal,
                seq, answers=answers, data=data)  # fmt: skip


def test_the_latest_test_of_a_plating_that_stands_counts():
    lines = [
        line(Verb.PLATE, 1), line(Verb.TEST, 2, answers=1, data={"outcome": 3, "run": 7}),
        line(Verb.RERUN, 3, answers=1), line(Verb.PLATE, 4),
        line(Verb.TEST, 5, answers=4, data={"outcome": 1, "run": 8}),
    ]  # fmt: skip
    assert rules.current_test(lines) == Reading(4, 8, 1)
    assert rules.current_test(reversed(lines)) == Reading(4, 8, 1)
    assert rules.current_test(lines[:2]) == Reading(1, 7, 3)
    assert rules.current_test(lines[:4]) is None
    assert rules.current_test([]) is None


# --- gaps -------------------------------------------------------------------------------------


def bind(seq, *, device=1, journal=1):
    return Bind(seq, seq, 1, 1, seq, 0, NOON + timedelta(minutes=seq), device, journal, seq)


def gap(first, last, *, device=1, received=99, waits=True, heard=None):
    return Gap(device, 1, first, last, NOON + timedelta(minutes=received), waits,
               None if heard is None else NOON + timedelta(minutes=heard))  # fmt: skip


OWN = [line(Verb.OPEN, 10), line(Verb.CLOSE, 20)]
JOINED = [*OWN, line(Verb.JOIN, 5, device=2, at=NOON + timedelta(minutes=12))]


@pytest.mark.parametrize(
    ("lines", "found", "holds"),
    [
        (OWN, gap(12, 13, waits=False), True),
        (OWN, gap(2, 5, waits=False), False),  # before it was opened
        (OWN, gap(21, 25), False),  # after the close
        (OWN, gap(12, 13, device=3), False),  # that device never touched it
        (JOINED, gap(6, 8, device=2, heard=13), True),
        (JOINED, gap(6, 8, device=2, heard=30), False),  # heard of it after the close
        (JOINED, gap(6, 8, device=2, waits=False), True),  # declared lost: nobody knows
        (JOINED, gap(1, 3, device=2, received=9, waits=False), False),  # sent before the opening
        (JOINED, gap(6, 8, device=2), True),
        ([*JOINED, line(Verb.COMPLETE, 40)], gap(6, 8, device=2), False),
        ([*JOINED, line(Verb.SETTLE, 40, data={"kind": "journal_gap"})], gap(6, 8, device=2), False),
        ([*JOINED, line(Verb.SETTLE, 40, data={"kind": "reused"})], gap(6, 8, device=2), True),
    ],
)  # fmt: skip
def test_a_gap_holds_a_tube_when_it_may_hide_somebody(lines, found, holds):
    assert rules.has_gap(lines, [bind(11)], [found]) is holds


def test_a_device_that_only_bound_somebody_touched_the_tube():
    assert rules.has_gap(OWN, [bind(6, device=2)], [gap(7, 8, device=2)])


# --- a person's state -------------------------------------------------------------------------


def swab(minute=0, outcome=None, **more):
    more.setdefault("covered", outcome is not None)
    return Swab(at=NOON + timedelta(minutes=minute), outcome=outcome, **more)


def called(state, outcome=None, minute=0, result=POS):
    return swab(minute, result, callback=state, callback_outcome=outcome)


RECHECK = {"purpose": Purpose.RECHECK, "alone": True}


@pytest.mark.parametrize(
    ("swabs", "state"),
    [
        ([], S.NOT_SAMPLED),
        ([swab()], S.WAITING),
        ([swab(0, NEG)], S.NEGATIVE),
        ([swab(0, NEG, covered=False)], S.WAITING),
        ([swab(0, POS, covered=False)], S.WAITING),
        ([called("open")], S.PENDING_RECHECK),
        ([called("sampled")], S.PENDING_RECHECK),
        ([called("open", result=GREY)], S.PENDING_RECHECK),
        ([swab(0, POS)], S.PENDING_RECHECK),
        ([swab(0, GREY)], S.PENDING_RECHECK),
        ([swab(0, BAD)], S.NEEDS_SWAB),
        ([swab(void=Void.INVALID)], S.NEEDS_SWAB),
        ([swab(void=Void.LOST)], S.NEEDS_SWAB),
        ([swab(void=Void.NOT_SWABBED)], S.NEEDS_SWAB),
        ([swab(void=Void.UNBOUND)], S.NOT_SAMPLED),
        ([swab(void=Void.MOVED)], S.NOT_SAMPLED),
        ([swab(void=Void.EMPTY)], S.NOT_SAMPLED),
        ([swab(void=Void.LOST), swab(5)], S.WAITING),
        ([swab(void=Void.LOST), swab(5, NEG)], S.NEGATIVE),
        ([swab(5, NEG), swab(9, void=Void.LOST)], S.NEEDS_SWAB),
        ([swab(0, NEG), swab(5)], S.WAITING),
        ([swab(0, NEG), swab(5, POS)], S.PENDING_RECHECK),
        ([called("open"), swab(5, NEG)], S.PENDING_RECHECK),
        ([called("closed", NEG), swab(5, NEG, **RECHECK)], S.NEGATIVE),
        ([called("closed", POS), swab(5, POS, **RECHECK)], S.RECHECK_POSITIVE),
        ([called("closed", POS), called("open", minute=5)], S.RECHECK_POSITIVE),
        ([called("open"), swab(5, BAD, **RECHECK)], S.PENDING_RECHECK),
        ([called("withdrawn", result=NEG)], S.NEGATIVE),
        ([swab(0, POS, **RECHECK)], S.RECHECK_POSITIVE),
        ([called("open"), swab(void=Void.SPILLED)], S.PENDING_RECHECK),
    ],
)  # fmt: skip
def test_the_worst_open_swab_decides(swabs, state):
    assert rules.person_state(swabs) == state
    assert rules.person_state(list(reversed(swabs))) == state


def test_a_proof_states_the_newest_negative():
    assert rules.proof([swab(0, NEG), swab(9, NEG), swab(12)]).at == NOON + timedelta(minutes=9)


@pytest.mark.parametrize("bad", [called("open"), called("closed", POS), swab(5, GREY)])
def test_there_is_no_proof_while_anything_is_to_be_rechecked(bad):
    assert rules.proof([swab(0, NEG), bad]) is None


def test_there_is_no_proof_without_a_result():
    assert rules.proof([swab()]) is None and rules.proof([]) is None


@pytest.mark.parametrize(
    ("callbacks", "state"),
    [
        ([("open", None, None)], "open"),
        ([("sampled", None, None), ("closed", NEG, None)], "open"),
        ([("closed", NEG, None)] * 3, "not_confirmed"),
        ([("closed", NEG, None), ("closed", POS, None)], "confirmed"),
        ([("open", None, None), ("closed", POS, None)], "confirmed"),
        ([("open", None, "moved"), ("closed", NEG, None)], "explained"),
        ([("open", None, "absent"), ("closed", NEG, None)], "open"),
        ([("withdrawn", None, None)], "withdrawn"),
        ([("withdrawn", None, None), ("closed", NEG, None)], "not_confirmed"),
        ([], "withdrawn"),
    ],
)
def test_where_a_positive_pool_stands(callbacks, state):
    assert rules.pool_state(callbacks) == state
