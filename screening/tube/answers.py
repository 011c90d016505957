"""What a check call says before anything is written: a tone, a code and one sentence (pure).

A room of its own because every link's checks speak with it, and links do not know each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from screening.errors import Problem

OK, LOOK, STOP = "ok", "look", "stop"
_RANK = {OK: 0, LOOK: 1, STOP: 2}


class Answer(NamedTuple):
    """`stop`: the screen refuses; `look`: it warns and goes on; `details` are plain JSON."""

    tone: str
    code: str
    zh: str
    en: str
    details: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return {
            "tone": self.tone,
            "code": self.code,
            "sentence": {"zh": self.zh, "en": self.en},
            "details": self.details,
        }


Words = Mapping[str, tuple[str, str, str]]


def answer(words: Words, code: str, *, tone: str = "", **details: Any) -> Answer:
    """One answer of a table {code: (tone, zh, en)}; sentences are filled from the details."""
    own, zh, en = words[code]
    return Answer(tone or own, code, zh.format_map(details), en.format_map(details), details)


def refused(problem: Problem) -> Answer:
    """The answer that a refusal stands for."""
    plain = {k: v for k, v in problem.details.items() if isinstance(v, str | int)}
    return Answer(STOP, problem.code, problem.sentence("zh"), problem.sentence("en"), plain)


def worst(answers: Iterable[Answer]) -> str:
    """The tone of all answers together."""
    return max((a.tone for a in answers), key=_RANK.__getitem__, default=OK)
