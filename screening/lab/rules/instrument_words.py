"""What an instrument's own call of a well means, pure: it is kept, compared, never believed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from screening.lab.readers.columns import key

Said = Literal["positive", "negative", "doubt"]

_POSITIVE = (
    "positive", "pos", "+", "presence", "present", "detected", "amp", "amplified", "amplification",
    "pdcpositive", "阳性", "阳", "检出",
)  # fmt: skip
_NEGATIVE = (
    "negative", "neg", "absence", "absent", "not detected", "undetected", "undetermined", "no amp",
    "no amplification", "no ct", "pdcnegative", "阴性", "阴", "未检出",
)  # fmt: skip
# words that claim nothing: the software made no call
_SILENT = ("", "-", "n/a", "none", "unknown", "not applicable", "no call")

_SAYS: dict[str, Said] = {
    **{key(w) or w: "positive" for w in _POSITIVE},
    **{key(w) or w: "negative" for w in _NEGATIVE},
}
_NOTHING = {key(w) or w for w in _SILENT}


def _is_number(text: str) -> bool:
    """Some exports keep a quantity in the column of the call."""
    return text.replace(",", "").replace(".", "").strip("+-").isdigit()


def said(call: str | None) -> Said | None:
    """The instrument's word for a reading; a word nobody knows (INVALID, WARNING, 复检 …) is doubt."""
    text = (call or "").strip()
    word = key(text) or text
    if word in _NOTHING or _is_number(text):
        return None
    return _SAYS.get(word, "doubt")


def unlike(ours: Said, words: Collection[Said]) -> str | None:
    """The code of what an instrument says beside our own call; None where both say the same."""
    order: tuple[Said, ...] = ("positive", "negative", "doubt")
    return next((f"instrument_{w}" for w in order if w in words and w != ours), None)
