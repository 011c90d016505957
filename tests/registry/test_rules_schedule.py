"""Rules of schedules: when somebody is due, lateness, days of a list, spreading the load."""

from __future__ import annotations

import random
from datetime import date, timedelta
from itertools import pairwise

import pytest

from screening.places.rules import CITY, COUNTY, STREET
from screening.registry import rules_schedule as rules
from screening.registry.rules import COHORTS
from screening.registry.rules_schedule import Kind, Member, Rhythm, standing

START = date(2026, 11, 2)


def day(n: int) -> date:
    return START + timedelta(days=n)


def every(n: int, **kw) -> Rhythm:
    return Rhythm(Kind.EVERY, n, (), 0, kw.pop("starts_on", START), **kw)


def days(*wanted: int, first_day: int = 0, **kw) -> Rhythm:
    return Rhythm(Kind.DAYS, 0, wanted, first_day, kw.pop("starts_on", START), **kw)


ANYBODY = Member(1, day(-100))


# --- every N days -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "swabs", "today", "due", "late"),
    [
        (2, [], 0, 0, 0),  # never sampled: due on the first day
        (2, [], 3, 0, 3),
        (2, [0], 1, 2, 0),  # not yet
        (2, [0], 2, 2, 0),
        (2, [0], 5, 2, 3),
        (2, [0, 3], 4, 5, 0),  # a late swab counts from the day it was taken
        (2, [0, 1], 2, 3, 0),  # and so does an early one
        (2, [2], 2, 0, 2),  # the swab of the day itself is what makes it done, not what moves it
        (7, [-6], 1, 1, 0),  # a swab before the beginning counts
        (7, [-7], 0, 0, 0),
        (7, [-60], 0, 0, 0),
        (1, [0, 1, 2], 3, 3, 0),
    ],
)
def test_who_is_due_every_so_many_days(n, swabs, today, due, late):
    found = standing(every(n), ANYBODY, {day(s) for s in swabs}, day(today))
    assert (found.due_on, found.late(day(today))) == (day(due), late)


def test_who_joins_later_is_due_on_the_day_of_joining():
    found = standing(every(3, spread=(0, 0, 1)), Member(5, day(10)), (), day(12))
    assert (found.due_on, found.late(day(12))) == (day(10), 2)


def test_nobody_is_due_after_the_last_day():
    rhythm = every(2, ends_on=day(5))
    assert standing(rhythm, ANYBODY, {day(4)}, day(5)).due_on is None
    assert standing(rhythm, ANYBODY, {day(3)}, day(5)).due_on == day(5)
    assert standing(rhythm, ANYBODY, (), day(6)).due_on is None


def test_an_exemption_that_lapses_brings_back_on_the_day_it_ends():
    back = ANYBODY._replace(back=day(6))
    assert standing(every(2), back, {day(0)}, day(8)) == (day(6), 0)
    assert standing(every(2), back, {day(6)}, day(7)) == (day(8), 0)
    early = ANYBODY._replace(back=day(1))
    assert standing(every(2), early, {day(0)}, day(2)).due_on == day(2)


def test_lateness_is_told_exactly_for_thirty_days_only():
    assert standing(every(2), ANYBODY, (), day(29)).late(day(29)) == 29
    assert standing(every(2), ANYBODY, (), day(80)).late(day(80)) == rules.LOOK_BACK
    old = {day(0)}  # whether an old swab is still read or not, the answer is the same
    assert standing(every(2), ANYBODY, old, day(80)) == standing(every(2), ANYBODY, (), day(80))


@pytest.mark.parametrize("n", [1, 2, 3, 5, 7, 14])
def test_two_swabs_of_one_who_comes_when_asked_lie_exactly_the_interval_apart(n):
    for seed in range(60):
        draw = random.Random(seed)
        swabs = {day(-draw.randrange(1, 40)) for _ in range(draw.randrange(4))}
        spread = tuple(draw.randrange(5) for _ in range(n)) if draw.random() < 0.5 else ()
        rhythm = every(n, spread=spread)
        asked = rules.asked(rhythm, Member(draw.getrandbits(62), day(-50)), swabs, START, day(60))
        gaps = {(b - a).days for a, b in pairwise(asked)}
        assert gaps == {n}
        assert 0 <= (asked[0] - START).days < n  # nobody waits a whole interval for the first
        last = max(swabs, default=None)
        assert last is None or (asked[0] - max(last, day(-n))).days <= 2 * n - 1


@pytest.mark.parametrize("n", [1, 2, 5])
def test_nobody_is_left_alone_for_longer_than_the_interval(n):
    """Whatever days somebody came on: on every day he or she came within N days, or is due."""
    for seed in range(80):
        draw = random.Random(seed)
        swabs = {day(draw.randrange(40)) for _ in range(draw.randrange(12))}
        for t in range(45):
            today = day(t)
            found = standing(every(n), ANYBODY, swabs, today)
            fresh = any(today - timedelta(days=n) < s < today for s in swabs)
            assert found.is_due(today) != fresh


def test_the_order_and_the_number_of_swabs_a_day_do_not_matter():
    for seed in range(100):
        draw = random.Random(seed)
        swabs = [day(draw.randrange(-10, 20)) for _ in range(8)]
        mixed = swabs * 2
        draw.shuffle(mixed)
        for rhythm in (every(3), days(1, 2, 3, 5, 7)):
            member = Member(seed, day(draw.randrange(10)))
            assert standing(rhythm, member, mixed, day(15)) == standing(
                rhythm, member, swabs, day(15)
            )


# --- on days of a list ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("swabs", "today", "due", "missed"),
    [
        ([], 0, 1, 0),  # arrived today: day 1 is tomorrow
        ([], 1, 1, 0),
        ([1], 2, 2, 0),
        ([], 2, 2, 1),  # day 1 passed into day 2 without a swab
        ([1, 2, 3], 4, 5, 0),
        ([1, 2], 4, 3, 0),  # day 3 was not done and day 5 has not come
        ([1, 2, 4], 5, 5, 0),  # a late swab still counts for day 3, and does not count for day 5
        ([1, 2, 3, 4], 5, 5, 0),  # an extra one on day 4 does not count for day 5
        ([1, 2, 3, 5], 6, 7, 0),
        ([1, 2, 3, 5, 7], 8, None, 0),
        ([1, 2, 3, 5], 20, 7, 0),  # the last day stays due until it is done
        ([7], 8, None, 4),
        ([0], 1, 1, 0),  # the swab on arrival is not that of day 1
    ],
)
def test_days_one_two_three_five_and_seven_after_arrival(swabs, today, due, missed):
    found = standing(days(1, 2, 3, 5, 7), Member(1, START), {day(s) for s in swabs}, day(today))
    assert found == (None if due is None else day(due), missed)


def test_the_day_of_arrival_may_itself_be_day_one():
    assert rules.dates_of(days(1, 4, 7, first_day=1), START) == [day(0), day(3), day(6)]
    assert standing(days(1, 4, first_day=1), Member(1, START), (), START).due_on == START


def test_days_that_were_over_before_the_beginning_are_not_asked_for():
    member = Member(1, day(-4))  # day 3 was yesterday, day 5 is tomorrow
    found = standing(days(1, 2, 3, 5, 7), member, (), START)
    assert found == (START, 0)
    assert standing(days(1, 2, 3, 5, 7), member, {day(0)}, day(1)) == (day(1), 0)


def test_who_comes_whenever_asked_is_swabbed_on_exactly_the_days_of_the_list():
    for first_day in (0, 1):
        rhythm = days(7, 1, 5, 2, 3, first_day=first_day)
        asked = rules.asked(rhythm, Member(1, day(3)), (), START, day(40))
        assert [(a - day(3)).days + first_day for a in asked] == [1, 2, 3, 5, 7]


def test_every_day_of_a_list_is_done_missed_or_asked_for():
    wanted = (1, 2, 3, 5, 7)
    for seed in range(300):
        draw = random.Random(seed)
        swabs = {day(draw.randrange(12)) for _ in range(draw.randrange(8))}
        found = standing(days(*wanted), Member(1, START), swabs, day(12))
        windows = [*zip(wanted, [*wanted[1:], 12], strict=True)]
        open_ones = [not any(day(a) <= s < day(b) for s in swabs) for a, b in windows]
        assert found.missed == sum(open_ones[:-1])
        assert found.due_on == (day(7) if open_ones[-1] else None)


# --- the load -------------------------------------------------------------------------------------


def test_without_a_spread_everybody_stands_there_on_the_first_day():
    people = [(Member(n, day(-9)), ()) for n in range(100)]
    assert rules.loads(every(3), people, START, 6) == [100, 0, 0, 100, 0, 0]


def test_a_spread_levels_the_load_and_keeps_it_level():
    draw = random.Random(4)
    people = [(Member(draw.getrandbits(62), day(-9)), ()) for _ in range(3000)]
    found = rules.loads(every(3, spread=(1000, 1000, 1000)), people, START, 6)
    assert sum(found[:3]) == 3000 and found[:3] == found[3:]
    assert all(900 < n < 1100 for n in found)


def test_ids_made_one_after_another_are_spread_too():
    ids = [(1_700_000_000_000 << 22) + (7 << 10) + i for i in range(1000)]
    counts = [0] * 7
    for i in ids:
        counts[rules.phase((1,) * 7, i)] += 1
    assert min(counts) > 100


@pytest.mark.parametrize(
    ("natural", "waiting", "shares"),
    [
        ([0, 0, 0], 9, [3, 3, 3]),
        ([10, 0, 0], 8, [0, 4, 4]),
        ([10, 0, 5], 3, [0, 3, 0]),
        ([10, 0, 5], 8, [0, 7, 1]),
        ([1, 1], 0, [0, 0]),
        ([], 5, []),
        ([4], 5, [5]),
    ],
)
def test_the_lowest_days_are_filled_first(natural, waiting, shares):
    assert rules.level(natural, waiting) == shares


def test_levelling_places_everybody_and_no_other_sharing_has_a_lower_top():
    for seed in range(300):
        draw = random.Random(seed)
        natural = [draw.randrange(20) for _ in range(draw.randrange(1, 8))]
        waiting = draw.randrange(60)
        shares = rules.level(natural, waiting)
        total = [a + b for a, b in zip(natural, shares, strict=True)]
        assert sum(shares) == waiting and min(shares) >= 0
        filled = [t for t, s in zip(total, shares, strict=True) if s]
        assert not filled or max(filled) - min(filled) <= 1
        assert not filled or max(filled) <= min(total) + 1


@pytest.mark.parametrize(
    ("mine", "other", "answer"),
    [
        (("mass", None), ("mass", None), "no"),
        (("mass", {1}), ("mass", {2}), "no"),
        (("cohort", {1}), ("cohort", {2}), "no"),
        (("cohort", {1}), ("mass", None), "yes"),
        (("mass", None), ("cohort", {1}), "yes"),
        (("cohort", {1}), ("mass", {2, 3}), "yes"),
        (("cohort", {1, 2}), ("mass", {2, 3}), "needs_sites"),
        (("cohort", None), ("mass", {2, 3}), "needs_sites"),
        (("mass", None), ("cohort", None), "needs_sites"),
        (("cohort", set()), ("mass", None), "needs_sites"),
    ],
)
def test_a_cohort_round_beside_a_mass_round_has_its_own_sites(mine, other, answer):
    assert rules.beside(mine, other) == answer


def test_days_ahead_are_those_that_walking_day_by_day_finds():
    for seed in range(200):
        draw = random.Random(seed)
        n = draw.choice([1, 2, 3, 7])
        rhythm = every(n, ends_on=draw.choice([None, day(9), day(25)]),
                       spread=tuple(draw.randrange(3) for _ in range(n)))  # fmt: skip
        back = draw.choice([None, day(draw.randrange(-5, 12))])
        member = Member(draw.getrandbits(60), day(draw.randrange(-20, 12)), back)
        swabs = {day(-draw.randrange(1, 12)) for _ in range(draw.randrange(3))}
        walked, taken = [], set(swabs)
        for t in range(31):
            if standing(rhythm, member, taken, day(t)).is_due(day(t)):
                walked.append(day(t))
                taken.add(day(t))
        assert rules.asked(rhythm, member, swabs, START, day(30)) == walked


def test_only_who_has_no_fresh_swab_waits_for_the_beginning():
    people = [(Member(1, day(-9)), ()), (Member(2, day(-9)), {day(-1)}),
              (Member(3, day(-9)), {day(-8)}), (Member(4, day(3)), ())]  # fmt: skip
    assert [m.number for m, _ in rules.waiting_of(every(3), people)] == [1, 3]


# --- escalation and words -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late", "levels"),
    [
        (0, []),
        (1, [STREET]),
        (2, [STREET, COUNTY]),
        (3, [STREET, COUNTY]),
        (9, [STREET, COUNTY, CITY]),
    ],
)
def test_the_later_the_higher_up(late, levels):
    assert rules.levels_for(late) == levels


def test_a_rhythm_is_said_in_words():
    assert rules.say(every(1)) == ("每天", "daily")
    assert rules.say(every(3)).zh == "每 3 天"
    assert rules.say(days(7, 1, 2)) == ("第 1、2、7 天", "days 1, 2, 7")


def test_every_preset_is_a_rhythm_for_a_known_cohort_with_a_source():
    for preset in rules.PRESETS.values():
        assert preset.cohort in COHORTS and preset.source
        assert (preset.every >= 1) != bool(preset.days)
