"""A person's history as one list: each floor that knows something of a person adds its lines here."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple


class Line(NamedTuple):
    """What happened, as the timeline of a page draws it. `link` is a link of the chain (collect,
    deliver, test, report), `tone` ok, look or stop; `title` is already in the reader's language."""

    at: datetime
    title: str
    who: str = ""
    where: str = ""
    note: str = ""
    link: str = ""
    tone: str = ""
    late: bool = False
    href: str = ""


Provider = Callable[[int, int], list[Line]]
_providers: list[Provider] = []


def tells(provider: Provider) -> Provider:
    """Register a function (cell, person_id) → lines; `@tells` above it is all."""
    if provider not in _providers:
        _providers.append(provider)
    return provider


def lines_of(cell: int, person_id: int) -> list[Line]:
    """Everything known of a person, oldest first."""
    found = [line for provider in _providers for line in provider(cell, person_id)]
    return sorted(found, key=lambda line: line.at)
