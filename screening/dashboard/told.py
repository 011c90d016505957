"""A figure as a page shows it: its name in the reader's language, its definition, its door."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from screening.accounts.doors import door
from screening.figures.rules import DEFINITIONS, Figure
from screening.i18n import current_lang


def lang() -> int:
    return 1 if current_lang() == "en" else 0


def when(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def told(figure: Figure) -> dict[str, Any]:
    """A figure as a page shows it: its name, its door where this person may pass, its definition."""
    d, english = DEFINITIONS[figure.key], lang()
    return {
        "key": figure.key, "value": figure.value, "label": (d.zh, d.en)[english],
        "unit": (d.unit_zh, d.unit_en)[english], "why": (d.why_zh, d.why_en)[english],
        "as_of": figure.as_of, "href": door(figure.door.endpoint, **figure.door.args),
    }  # fmt: skip
