"""Which paper a made person shows, and the name that stands on it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from screening.drill import names
from screening.drill.families import Member
from screening.drill.papers import ELSEWHERE, Papers, old_form

# Shares of people by document, in order of the draw; all others show a resident card. Defaults
# for made data: high enough that 2,000 people hold some of nearly every kind.
PASSPORT, HMT_RESIDENCE, HOME_RETURN = 0.004, 0.002, 0.003
TAIWAN_PERMIT, FOREIGN_RESIDENCE, OFFICER_CARD = 0.002, 0.002, 0.003
HOUSEHOLD_BOOK = 0.10  # of children under 16, who need no card of their own
MINORITY = 0.012
FROM_ELSEWHERE = 0.22
OLD_FORM = 0.02  # of people over 70: a register still holds the 15 digits of before 1999
SMALL_X = 0.15  # of numbers ending in X


@dataclass(frozen=True, slots=True)
class Identity:
    name: str
    doc_type: str
    number: str
    country: str = "CHN"


def identity(rng: Random, member: Member, papers: Papers, community: str, age: int) -> Identity:
    """A document that fits the person."""
    if 0 < age < 16 and rng.random() < HOUSEHOLD_BOOK:
        return Identity(member.name, "household_book", papers.household_book(rng))
    if member.role == "adult" and (other := foreign(rng, member, papers, community)):
        return other
    return resident(rng, member, papers, community, age)


def newborn(member: Member, guardian_doc: str, order: int) -> Identity:
    """A child without paper: guardian's resident number, birthday, order among the newborns."""
    return Identity(member.name, "newborn", f"{guardian_doc}/{member.birth:%Y%m%d}/{order}")


def foreign(rng: Random, member: Member, papers: Papers, community: str) -> Identity | None:
    """One of the rarer documents of adults, or None for nearly everybody."""
    drawn = rng.random()
    country = rng.choice(names.COUNTRIES)
    if (drawn := drawn - PASSPORT) < 0:
        name = names.latin_name(rng, country)
        return Identity(name, "passport", papers.passport(rng), country)
    if (drawn := drawn - FOREIGN_RESIDENCE) < 0:
        name = names.latin_name(rng, country)
        number = papers.foreign_residence(rng, community[:6], country, member.birth)
        return Identity(name, "foreign_residence", number, country)
    if (drawn := drawn - HMT_RESIDENCE) < 0:
        home = rng.choice(("HKG", "MAC", "TWN"))
        number = papers.hmt_residence(rng, home, member.birth, member.sex)
        return Identity(names.overseas_name(rng), "hmt_residence", number, home)
    if (drawn := drawn - HOME_RETURN) < 0:
        home = rng.choice(("HKG", "MAC"))
        number = papers.home_return(rng, home)
        return Identity(names.overseas_name(rng), "home_return", number, home)
    if (drawn := drawn - TAIWAN_PERMIT) < 0:
        return Identity(names.overseas_name(rng), "taiwan_permit", papers.taiwan_permit(rng), "TWN")
    if drawn - OFFICER_CARD < 0:
        return Identity(member.name, "officer_card", papers.officer_card(rng))
    return None


def resident(rng: Random, member: Member, papers: Papers, community: str, age: int) -> Identity:
    """A resident number, as a clerk would write it: now and then a small x or the old form."""
    area = rng.choice(ELSEWHERE) if rng.random() < FROM_ELSEWHERE else home_area(community)
    number = papers.resident(rng, area, member.birth, member.sex)
    if age > 70 and rng.random() < OLD_FORM:
        number = old_form(number)
    elif number.endswith("X") and rng.random() < SMALL_X:
        number = number.lower()
    if rng.random() < MINORITY:
        return Identity(names.minority_name(rng, member.sex), "resident_id", number)
    return Identity(member.name, "resident_id", number)


def home_area(community: str) -> str:
    """The six digits of the county; a zone (71 and up) issues no cards, its city's first does."""
    return community[:6] if community[4:6] < "71" else f"{community[:4]}05"
