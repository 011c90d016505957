"""Which words a result list may use for a result. Every other word is a fault, never a negative."""

from __future__ import annotations

import re
import unicodedata

from screening.lab.rules.well_rules import Outcome

OPEN = "open"  # named in the list as without a result yet

_WORDS: dict[Outcome | str, tuple[str, ...]] = {
    Outcome.NEGATIVE: ("阴性", "阴", "未检出", "negative", "neg", "not detected", "undetected"),
    Outcome.POSITIVE: ("阳性", "阳", "检出", "positive", "pos", "detected"),
    Outcome.INCONCLUSIVE: (
        "可疑", "灰区", "弱阳性", "单靶标阳性", "单阳", "待复检", "待复核", "inconclusive",
        "indeterminate", "equivocal", "weak positive", "suspect", "grey zone",
    ),
    Outcome.INVALID: ("无效", "检测失败", "invalid", "failed"),
    OPEN: ("待检", "未检", "检测中", "open", "pending", "not tested"),
}  # fmt: skip
# what some systems add to the word; a sign alone is no word
_SIGN = {"阴性": "-", "阴": "-", "阳性": "+", "阳": "+", "negative": "-", "positive": "+"}


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


_MEANS: dict[str, Outcome | str] = {
    **{_plain(w): means for means, words in _WORDS.items() for w in words},
    **{_plain(f"{w}({sign})"): means
       for w, sign in _SIGN.items() for means, words in _WORDS.items() if w in words},
}  # fmt: skip


def meaning(text: str) -> Outcome | str | None:
    """The outcome of a word, OPEN for a tube that has none yet, None for a word nobody knows."""
    return _MEANS.get(_plain(text))


def is_word(text: str) -> bool:
    return _plain(text) in _MEANS


# the words of the template, in the order of the outcomes
OFFERED = {
    "zh": ("阴性", "阳性", "可疑", "无效", "待检"),
    "en": ("negative", "positive", "inconclusive", "invalid", "pending"),
}
