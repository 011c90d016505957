"""Made households: who lives together, how old they are and whose name they bear."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from random import Random

from screening.drill import names

# Shares of households by kind, in thousandths; recalled from the seventh census (42 % of two or
# fewer persons), a default for made data and nothing more.
KINDS = {
    "elder_alone": 80,
    "young_alone": 130,
    "old_couple": 110,
    "young_couple": 130,
    "with_child": 280,
    "with_two": 110,
    "single_parent": 50,
    "with_grandparent": 60,
    "three_generations": 50,
}
KIND, KIND_SUM = list(KINDS), list(accumulate(KINDS.values()))
LARGEST = 6
NEWBORN_SHARE = 0.015  # of children: so young that they have no document yet
RENTED = {"young_alone": 0.6, "young_couple": 0.35, "single_parent": 0.3}
RENTED_ELSE = 0.08


@dataclass(frozen=True, slots=True)
class Member:
    """One person of a household; a child or newborn follows its parents in the list."""

    role: str  # adult, elder, child, newborn
    sex: str
    birth: date
    name: str


@dataclass(frozen=True, slots=True)
class Household:
    kind: str
    members: tuple[Member, ...]
    rented: bool


def draw_household(rng: Random, day: date, at_least: int, at_most: int) -> Household:
    """A household of at_least..at_most persons (both within 1..6)."""
    kind = rng.choices(KIND, cum_weights=KIND_SUM)[0]
    members = MAKERS[kind](rng, day)[:at_most]
    while len(members) < at_least:
        members.append(adult(rng, day, rng.choice("MF"), 20, 60))
    rented = rng.random() < RENTED.get(kind, RENTED_ELSE)
    return Household(kind, tuple(members), rented)


def born(rng: Random, day: date, youngest: int, oldest: int) -> date:
    """A birthday that makes a person youngest..oldest years old on `day`."""
    return day - timedelta(days=rng.randint(youngest * 365 + youngest // 4 + 1, oldest * 365))


def adult(rng: Random, day: date, sex: str, youngest: int, oldest: int) -> Member:
    name = names.han_name(rng, sex, names.surname(rng))
    role = "elder" if youngest >= 60 else "adult"
    return Member(role, sex, born(rng, day, youngest, oldest), name)


def couple(rng: Random, day: date, youngest: int, oldest: int) -> list[Member]:
    man = adult(rng, day, "M", youngest, oldest)
    years = (day - man.birth).days // 365
    lower = max(youngest, years - 4)
    return [man, adult(rng, day, "F", lower, lower + 6)]


def child(rng: Random, day: date, family_name: str, mother: Member) -> Member:
    """A newborn, or a child at least 20 years younger than its mother and under 18."""
    sex = rng.choice("MF")
    name = names.han_name(rng, sex, family_name)
    if rng.random() < NEWBORN_SHARE:
        return Member("newborn", sex, day - timedelta(days=rng.randint(1, 40)), name)
    oldest = max(1, min(17, (day - mother.birth).days // 365 - 20))
    return Member("child", sex, born(rng, day, 0, oldest), name)


def family_name(member: Member) -> str:
    """The surname that a child of this member bears."""
    return member.name[:2] if member.name[:2] in names.SURNAME else member.name[:1]


def with_children(rng: Random, day: date, count: int) -> list[Member]:
    parents = couple(rng, day, 28, 50)
    bearer = parents[0] if rng.random() < 0.93 else parents[1]
    return parents + [child(rng, day, family_name(bearer), parents[1]) for _ in range(count)]


def single_parent(rng: Random, day: date) -> list[Member]:
    parent = adult(rng, day, rng.choice("MFF"), 26, 50)
    return [parent, child(rng, day, family_name(parent), parent)]


def with_grandparent(rng: Random, day: date) -> list[Member]:
    return [*with_children(rng, day, 1), adult(rng, day, "F", 60, 88)]


def three_generations(rng: Random, day: date) -> list[Member]:
    return [*with_children(rng, day, rng.choice((1, 2))), *couple(rng, day, 60, 82)]


MAKERS = {
    "elder_alone": lambda rng, day: [adult(rng, day, rng.choice("MFF"), 65, 96)],
    "young_alone": lambda rng, day: [adult(rng, day, rng.choice("MF"), 19, 45)],
    "old_couple": lambda rng, day: couple(rng, day, 60, 86),
    "young_couple": lambda rng, day: couple(rng, day, 22, 55),
    "with_child": lambda rng, day: with_children(rng, day, 1),
    "with_two": lambda rng, day: with_children(rng, day, 2),
    "single_parent": single_parent,
    "with_grandparent": with_grandparent,
    "three_generations": three_generations,
}
