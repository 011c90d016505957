"""Good passwords and PINs, who may manage whom, how long a guesser waits."""

import pytest

from screening.accounts import rules, secret_words
from screening.accounts.roles import EVERYWHERE, Actor, Place, Role, Scope

COUNTY = Place("area", 5, "/1/5/")
SITE = Place("site", 9, "/1/5/44/")
OTHER = Place("site", 8, "/1/6/45/")


def actor(*grants: Scope) -> Actor:
    return Actor(1, "A1", grants)


ADMIN = actor(Scope(Role.ADMINISTRATOR, COUNTY))
CHIEF = actor(Scope(Role.ADMINISTRATOR, EVERYWHERE))
SUPERVISOR = actor(Scope(Role.SITE_SUPERVISOR, SITE))


@pytest.mark.parametrize(
    "word", ["short", "T00001-2026", "aaaaaaaaaaaa", "1234567890", "abababababab"]
)
def test_a_weak_password_is_refused(word):
    with pytest.raises(rules.WeakPassword):
        rules.check_password(word, "t00001-2026")


@pytest.mark.parametrize("word", ["correct horse", "太行山上的苹果树真好看", "7KQM-2XHD-9RAB"])
def test_a_long_and_mixed_password_is_taken(word):
    rules.check_password(word, "T00001")


@pytest.mark.parametrize(
    "pin", ["12345", "1234567", "111111", "123456", "987654", "12a456", "１２３４５７"]
)
def test_a_weak_pin_is_refused(pin):
    with pytest.raises(rules.WeakPin):
        rules.check_pin(pin)


def test_the_first_tries_of_a_pair_are_free_and_then_the_wait_doubles_up_to_a_bound():
    waits = [rules.wait_after(n, attacked=False) for n in range(1, 9)]
    assert waits == [0, 0, 0, 2, 4, 8, 16, 32]
    assert rules.wait_after(500, attacked=False) == rules.LONGEST_WAIT.value


def test_under_attack_a_stranger_has_one_free_try():
    assert [rules.wait_after(n, attacked=True) for n in (1, 2, 3)] == [2, 4, 8]


def test_an_administrator_gives_any_role_but_only_within_the_own_area():
    assert rules.may_give(ADMIN, Role.LAB_REVIEWER, SITE)
    assert not rules.may_give(ADMIN, Role.SAMPLER, OTHER)
    assert not rules.may_give(ADMIN, Role.ADMINISTRATOR, EVERYWHERE)


def test_a_site_supervisor_gives_only_field_roles_of_the_own_site():
    assert rules.may_give(SUPERVISOR, Role.SAMPLER, SITE)
    assert not rules.may_give(SUPERVISOR, Role.SITE_SUPERVISOR, SITE)
    assert not rules.may_give(SUPERVISOR, Role.SAMPLER, OTHER)


def test_somebody_who_holds_one_place_more_cannot_be_managed_from_here():
    theirs = [Scope(Role.SAMPLER, SITE), Scope(Role.SAMPLER, OTHER)]
    assert rules.governs(SUPERVISOR, theirs[:1])
    assert not rules.governs(SUPERVISOR, theirs)
    assert not rules.governs(ADMIN, theirs)
    assert rules.governs(CHIEF, theirs)


def test_somebody_without_any_role_is_managed_by_the_whole_city_only():
    assert rules.governs(CHIEF, [])
    assert not rules.governs(ADMIN, [])


def test_a_spoken_code_has_no_letters_that_are_taken_for_digits():
    code = secret_words.spoken(400)
    assert not set(secret_words.plain(code)) & set("01OIL")
    assert secret_words.plain(" 7kqm-2xhd ") == "7KQM2XHD"


def test_a_missing_hash_matches_nothing():
    assert not secret_words.matches(None, "")
    assert not secret_words.matches("not a hash", "x")


def test_a_word_is_hashed_at_the_cost_that_the_cheat_sheet_names(dear_words):
    # OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, 2 passes, 1 lane
    assert dear_words.hash("correct horse").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
