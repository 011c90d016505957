"""How somebody belongs to the place: registered household, long-term resident, floating (pure)."""

from __future__ import annotations

from enum import IntEnum

from screening.registry.rules import Word


class Residence(IntEnum):
    """`person.residence`; nobody said anything: None."""

    REGISTERED = 1
    RESIDENT = 2
    FLOATING = 3


RESIDENCES: dict[Residence, Word] = {
    Residence.REGISTERED: Word("户籍", "registered household"),
    Residence.RESIDENT: Word("常住", "long-term resident"),
    Residence.FLOATING: Word("流动", "floating"),
}
UNSAID = Word("未注明", "not stated")

# as offices write it into their lists; what says nothing is ""
_SAID: dict[Residence | None, tuple[str, ...]] = {
    Residence.REGISTERED: (
        "户籍", "户籍人口", "本地户籍", "户籍常住", "本地", "人户一致", "registered",
        "registered household", "registered resident", "hukou",
    ),
    Residence.RESIDENT: (
        "常住", "常住人口", "常住非户籍", "非户籍常住", "居住", "resident", "long-term resident",
        "permanent resident",
    ),
    Residence.FLOATING: (
        "流动", "流动人口", "外来", "外来人口", "暂住", "暂住人口", "floating",
        "floating population", "temporary", "migrant",
    ),
    None: ("", "未注明", "不详", "未知", "unknown", "not stated"),
}  # fmt: skip
_BY_WORD = {word: said for said, words in _SAID.items() for word in words}


def read_residence(text: str) -> Residence | None:
    """What a cell says. Raises KeyError for a word that nobody here knows."""
    return _BY_WORD[" ".join(text.lower().split())]
