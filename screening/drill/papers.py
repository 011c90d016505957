"""Made identity documents of every kind (domain 5.3), with right check digits, none twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from random import Random

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)  # GB 11643
CHECKS = "10X98765432"
# Where people came from who were not registered in this city; among them codes that careless
# region tables refuse (a new area, a young district) and one that no longer exists.
ELSEWHERE = ("140402", "141181", "140223", "410102", "130638", "440311", "610118", "140102")
NUMERIC_COUNTRY = {
    "KOR": "410",
    "JPN": "392",
    "RUS": "643",
    "PAK": "586",
    "NGA": "566",
    "USA": "840",
    "DEU": "276",
    "FRA": "250",
}
RESIDENCE_AREA = {"HKG": "810000", "MAC": "820000", "TWN": "830000"}

# Beginnings that no operator is known to serve: well formed, and yet nobody is disturbed when
# a demo is joined to a real SMS gateway by mistake.
PHONE_HEADS = ("154", "161", "194")


def check_character(first17: str) -> str:
    """The eighteenth character of a GB 11643 number."""
    return CHECKS[sum(int(d) * w for d, w in zip(first17, WEIGHTS, strict=True)) % 11]


class Papers:
    """Hands out document numbers and remembers them; a number is never handed out twice."""

    def __init__(self) -> None:
        self.taken: set[str] = set()

    def _numbered(self, head: str, birth: date, start: int, step: int) -> str:
        """head + birth + the next free sequence from `start` + check character."""
        stem = f"{head}{birth:%Y%m%d}"
        for turn in range(0, 1000, step):
            first17 = f"{stem}{(start + turn) % 1000:03d}"
            if first17 not in self.taken:
                self.taken.add(first17)
                return first17 + check_character(first17)
        raise ValueError("no free sequence number for this area and day")

    def resident(self, rng: Random, area: str, birth: date, sex: str) -> str:
        """18 characters; the sequence is odd for men and even for women."""
        start = rng.randrange(500) * 2 + (sex == "M")
        return self._numbered(area, birth, start, 2)

    def hmt_residence(self, rng: Random, country: str, birth: date, sex: str) -> str:
        return self.resident(rng, RESIDENCE_AREA[country], birth, sex)

    def foreign_residence(self, rng: Random, area: str, country: str, birth: date) -> str:
        """18 characters beginning with 9 (since 2023), or the older 15."""
        if rng.random() < 0.7:
            head = f"9{area[:2]}{NUMERIC_COUNTRY[country]}"
            return self._numbered(head, birth, rng.randrange(1000), 1)
        return self._free(lambda: f"{country}{area[:4]}{birth:%y%m%d}{rng.randrange(100):02d}")

    def home_return(self, rng: Random, country: str) -> str:
        """H or M and eight digits; the older form has two more for the issue."""
        letter = "H" if country == "HKG" else "M"
        number = self._free(lambda: f"{letter}{rng.randrange(10**8):08d}")
        return number if rng.random() < 0.8 else f"{number}{rng.randrange(1, 4):02d}"

    def taiwan_permit(self, rng: Random) -> str:
        """Eight digits; ten in the older form."""
        number = self._free(lambda: f"{rng.randrange(10**7, 10**8)}")
        return number if rng.random() < 0.8 else f"{number}{rng.randrange(1, 4):02d}"

    def passport(self, rng: Random) -> str:
        letters = "".join(rng.choices("ABCDEGHKLMNPRTXYZ", k=rng.choice((0, 1, 2))))
        return self._free(lambda: f"{letters}{rng.randrange(10**6, 10**8)}")

    def officer_card(self, rng: Random) -> str:
        return self._free(lambda: f"军字第{rng.randrange(10**6, 10**7)}号")

    def household_book(self, rng: Random) -> str:
        return self._free(lambda: f"{rng.randrange(10**8, 10**9)}")

    def phone(self, rng: Random) -> str:
        return self._free(lambda: f"{rng.choice(PHONE_HEADS)}{rng.randrange(10**8):08d}")

    def _free(self, draw: Callable[[], str]) -> str:
        while (number := draw()) in self.taken:
            pass
        self.taken.add(number)
        return number


def old_form(number: str) -> str:
    """The 15-digit form of a number whose bearer was born before 2000."""
    return number[:6] + number[8:17]
