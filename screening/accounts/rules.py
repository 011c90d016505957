"""Pure rules of accounts: good passwords and PINs, who may give which role, how long a guesser waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from screening.accounts.roles import Actor, Place, Role, Scope
from screening.errors import Problem


class Limit(NamedTuple):
    """A number of the house with where it comes from."""

    value: int
    source: str


PASSWORD_LEAST = Limit(10, "house; NIST SP 800-63B asks for 8 at least where guesses are slowed")
PIN_LENGTH = Limit(6, "house; as bank cards in this country, typed with gloves")
SESSION_HOURS = Limit(12, "house; a shift and its hand-over")
FREE_TRIES = Limit(4, "house; a tired typist needs two")
FREE_UNDER_ATTACK = Limit(1, "house; the first try of somebody new always counts")
ATTACK_FROM = Limit(30, "house; failures under one number or address within the memory")
LONGEST_WAIT = Limit(900, "house; seconds between two guesses of one pair")
MEMORY_HOURS = Limit(6, "house; failures older than this are forgotten")
LIST_ROWS = Limit(500, "house; each account costs one slow hash")


class WeakPassword(Problem):
    status = 422
    code = "weak_password"
    zh = "密码太弱：至少 {least} 位，不能是工号、不能由一两个字符重复、不能是顺序数字。"
    en = (
        "The password is too weak: at least {least} characters, not the staff number, "
        "not one or two characters repeated, not digits in order."
    )


class WeakPin(Problem):
    status = 422
    code = "weak_pin"
    zh = "PIN 须为 {length} 位数字，不能全部相同或顺序排列。"
    en = "A PIN has {length} digits, not all the same and not in order."


class MayNotGive(Problem):
    status = 403
    code = "may_not_give"
    zh = "您不能在这个范围内授予这个角色。"
    en = "You cannot give this role within this scope."


def check_password(word: str, staff_no: str) -> None:
    """Raise WeakPassword, or pass."""
    low = word.lower()
    weak = (
        len(word) < PASSWORD_LEAST.value
        or low == staff_no.lower()
        or len(set(low)) < 4
        or _in_order(low)
    )
    if weak:
        raise WeakPassword(least=PASSWORD_LEAST.value)


def check_pin(pin: str) -> None:
    """Raise WeakPin, or pass."""
    right = len(pin) == PIN_LENGTH.value and pin.isascii() and pin.isdigit()
    if not right or len(set(pin)) == 1 or _in_order(pin):
        raise WeakPin(length=PIN_LENGTH.value)


def _in_order(text: str) -> bool:
    steps = {(ord(b) - ord(a)) for a, b in pairwise(text)}
    return steps in ({1}, {-1}) or text in ("1234567890", "0987654321")


# --- who may manage whom ---------------------------------------------------------------------

# what a site supervisor hands out for the own site, and whose PIN may be reset on the spot
SITE_GIFTS = (Role.SAMPLER, Role.PACKER, Role.COURIER)
LAB_ONLY = (Role.LAB_TECHNICIAN, Role.LAB_REVIEWER)
SITE_ONLY = (Role.SAMPLER, Role.PACKER, Role.SITE_SUPERVISOR)


def may_give(actor: Actor, role: Role, place: Place) -> bool:
    """Whether `actor` may grant `role` over `place`: never more than the own scope holds."""
    if actor.may((Role.ADMINISTRATOR,), place):
        return True
    return role in SITE_GIFTS and actor.may((Role.SITE_SUPERVISOR,), place)


def governs(actor: Actor, theirs: Sequence[Scope]) -> bool:
    """Whether every grant of another person lies within what `actor` may give.

    Somebody who holds one role more, or one place more, can only be managed from there: otherwise
    a reset password would be a way up."""
    if not theirs:
        return actor.everywhere((Role.ADMINISTRATOR,))
    return all(may_give(actor, g.role, g.place) for g in theirs)


def check_gifts(actor: Actor, grants: Iterable[Scope]) -> None:
    for g in grants:
        if not may_give(actor, g.role, g.place):
            raise MayNotGive()


# --- throttling -------------------------------------------------------------------------------


def wait_after(fails: int, *, attacked: bool) -> int:
    """Seconds until the next try of one (number, address) pair after `fails` failures.

    Only the pair ever waits. That a number or an address is `attacked` (many failures under it)
    merely takes the free tries away: the right password from a place that did not guess still
    works at once, so nobody can be locked out by somebody else."""
    free = FREE_UNDER_ATTACK.value if attacked else FREE_TRIES.value
    if fails < free:
        return 0
    return int(min(LONGEST_WAIT.value, 2 ** min(fails - free + 1, 20)))
