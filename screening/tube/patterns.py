"""Patterns of other makers' labels: what they may say, so that phone and server read them alike."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from screening.errors import Problem
from screening.registry.check_digits import CHECKS
from screening.tube.numbers import Kind

MAX_LENGTH = 32  # of any code taken as text; longer reads are posters and web addresses


class BadPattern(Problem):
    status = 422
    code = "bad_pattern"
    zh = "标签格式“{name}”写得不对：只能用数字、大写字母、-、[ ]、\\d、{{n}}、{{n,m}}、? 和一对括号。"
    en = (
        "The label pattern “{name}” is not right: use digits, capitals, -, [ ], \\d, {{n}}, "
        "{{n,m}}, ? and one pair of brackets."
    )


@dataclass(frozen=True)
class Pattern:
    """A foreign label: another maker's tubes, boxes or seals, configured and versioned.

    `regex` must match the whole text. `check` names a function of check_digits.CHECKS or is None;
    it is applied to the bracketed part of the regex, or to the whole when there is none.
    """

    name: str
    kind: Kind
    regex: str
    length: int | None = None
    check: str | None = None
    version: int = 1

    def to_dict(self) -> dict[str, Any]:
        """As pwa/scan/codes.js reads it."""
        return {
            "name": self.name,
            "kind": self.kind.word,
            "regex": self.regex,
            "length": self.length,
            "check": self.check,
            "version": self.version,
        }


_ITEM = (
    r"(?:\\d|[0-9A-Z-]|\[(?:\\d|[0-9A-Z]-[0-9A-Z]|[0-9A-Z])+-?\])"  # one character
    r"(?:\{[0-9]{1,2}(?:,[0-9]{1,2})?\}|\?)?"  # how often, always bounded
)
_GRAMMAR = re.compile(rf"\^?(?:{_ITEM})*(?:\((?:{_ITEM})+\)(?:{_ITEM})*)?\$?")
_MAX_CHOICES = 3  # of {n,m} and ?: more would let one short text be matched in too many ways


@lru_cache(maxsize=256)
def compiled(regex: str) -> re.Pattern[str]:
    return re.compile(regex, re.ASCII)


def check_pattern(pattern: Pattern) -> Pattern:
    """The pattern itself, if phone and server will read it alike and fast; else BadPattern."""
    choices = pattern.regex.count(",") + pattern.regex.count("?")
    known = pattern.check is None or pattern.check == "none" or pattern.check in CHECKS
    length = pattern.length is None or 1 <= pattern.length <= MAX_LENGTH
    short = len(pattern.regex) <= 100 and choices <= _MAX_CHOICES
    if not (known and length and short and pattern.regex and _GRAMMAR.fullmatch(pattern.regex)):
        raise BadPattern(name=pattern.name)
    try:
        compiled(pattern.regex)
    except re.error as fault:
        raise BadPattern(name=pattern.name) from fault
    return pattern
