"""Templates that a provider has approved, and what they are filled with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from screening.config import Sms

OTHERS = "*"
# what our templates are made of, in the order in which a provider that counts places gets them
ORDER = ("names", "reason", "rule", "place", "hours", "phone")
WHOLE = "text"  # the one variable of the template for everything else


class Approved(NamedTuple):
    """`whole`: it has one variable, the text."""

    code: str
    whole: bool


def approved(sms: Sms, parts: Mapping[str, str] | None) -> Approved | None:
    """The approved template of a message, else the one for everything."""
    codes = dict(sms.templates)
    wanted = (parts or {}).get("template", OTHERS)
    if wanted != OTHERS and wanted in codes:
        return Approved(codes[wanted], False)
    return Approved(codes[OTHERS], True) if OTHERS in codes else None


def text_of(template: Approved, text: str, parts: Mapping[str, str] | None) -> dict[str, str]:
    """The template's variables by name."""
    if template.whole:
        return {WHOLE: text}
    return {name: (parts or {}).get(name, "") for name in ORDER}
