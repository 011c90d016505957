"""What a round must know about a made person: key group, mobility, residence, exemption."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from zlib import crc32

from screening.drill.families import Member


@dataclass(frozen=True, slots=True)
class KeyGroup:
    """A group that is tested more often; its employers are visibly made up."""

    label: str
    share: float  # of persons aged 20 to 60
    employers: tuple[str, ...]


def made(kind: str) -> tuple[str, ...]:
    return tuple(f"演练{which}{kind}" for which in ("第一", "第二", "第三"))


# Shares are defaults for made data; the groups follow the lists quoted in domain 2.1.
KEY_GROUPS = {
    "delivery": KeyGroup("快递外卖", 0.020, made("快递站")),
    "market": KeyGroup("农贸市场", 0.025, made("农贸市场")),
    "cold_chain": KeyGroup("冷链", 0.008, made("冷库")),
    "hospital": KeyGroup("医疗机构", 0.030, made("医院")),
    "school": KeyGroup("学校", 0.030, made("学校")),
    "transport": KeyGroup("交通运输", 0.020, made("公交车队")),
    "hotel": KeyGroup("酒店餐饮", 0.015, made("酒店")),
    "cleaning": KeyGroup("保洁物业", 0.015, made("物业公司")),
    "security": KeyGroup("安保", 0.010, made("保安公司")),
}
DORMITORY_GROUPS = ("market", "delivery", "hotel", "cold_chain")
IMMOBILE_ELDER, IMMOBILE_OTHER = 0.15, 0.002  # share of those over 75, of all others
INFANT_YEARS = 3


@dataclass(frozen=True, slots=True)
class Exemption:
    """A reason not to be tested and the first day on which it no longer holds."""

    code: str
    until: date


# Reasons that notices give (domain 0.8), their share and how many days they last at most.
EXEMPTIONS = (
    ("quarantined", 0.003, 7),
    ("recently_vaccinated", 0.004, 2),
    ("other_schedule", 0.004, 14),
    ("valid_negative", 0.002, 2),
    ("medical", 0.001, 30),
)


def years(birth: date, day: date) -> int:
    """Full years of age on `day`."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


def key_group(rng: Random, age: int) -> tuple[str, str] | tuple[None, None]:
    """(group, employer), or a pair of None; asked of everybody, given to adults of working age."""
    drawn = rng.random()
    if not 20 <= age < 60:
        return None, None
    for code, group in KEY_GROUPS.items():
        if drawn < group.share:
            return code, rng.choice(group.employers)
        drawn -= group.share
    return None, None


def dormitory_employer(rng: Random) -> tuple[str, str]:
    """One employer for all who share a dormitory room."""
    code = rng.choice(DORMITORY_GROUPS)
    return code, rng.choice(KEY_GROUPS[code].employers)


def immobile(rng: Random, age: int) -> bool:
    """True for a person who cannot walk to a site."""
    return rng.random() < (IMMOBILE_ELDER if age >= 75 else IMMOBILE_OTHER)


def exemption(rng: Random, member: Member, day: date) -> Exemption | None:
    """Infants until their third birthday, a few others for some days, most people never."""
    drawn = rng.random()
    if years(member.birth, day) < INFANT_YEARS:
        return Exemption("infant", birthday(member.birth, INFANT_YEARS))
    for code, share, days in EXEMPTIONS:
        if drawn < share:
            return Exemption(code, day + timedelta(days=rng.randint(1, days)))
        drawn -= share
    return None


# shares in a hundred of 户籍, 常住, 流动; the rest say nothing
OWN_HOME, RENTED_HOME, DORMITORY_BED = (74, 20, 3), (8, 32, 55), (2, 13, 82)


def residence(number: str, *, rented: bool, shared: bool) -> str | None:
    """How somebody belongs to the place; from the document, so that no other draw changes."""
    shares = DORMITORY_BED if shared else RENTED_HOME if rented else OWN_HOME
    drawn = crc32(number.encode()) % 100
    for word, share in zip(("户籍", "常住", "流动"), shares, strict=True):
        if drawn < share:
            return word
        drawn -= share
    return None


def birthday(birth: date, turning: int) -> date:
    """The day a person turns so many years; the 29th of February counts as the 1st of March."""
    if (birth.month, birth.day) == (2, 29):
        return date(birth.year + turning, 3, 1)
    return birth.replace(year=birth.year + turning)
