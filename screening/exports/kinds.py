"""The lists that may be taken away: each slice names its own here (a registry, like that of jobs)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from screening.accounts.roles import Actor, Role
from screening.errors import NotFound
from screening.places.queries import Node


class NoSuchListing(NotFound):
    code = "no_such_listing"
    zh = "没有这种名单。"
    en = "There is no such list."


class Order(NamedTuple):
    """What is taken: of which area and round, by whom, opened or masked as on the screen."""

    node: Node
    round_id: int
    actor: Actor
    full: bool
    lang: str
    at: datetime


class Column(NamedTuple):
    key: str
    zh: str
    en: str


@dataclass(frozen=True)
class Listing:
    """A kind of list. `rows` yields values in the order of `columns`, a community or a street at a
    time; `total` tells how many there will be, for the bar. `openers` may have it unmasked."""

    name: str
    zh: str
    en: str
    roles: tuple[Role, ...]
    columns: tuple[Column, ...]
    rows: Callable[[Order], Iterator[Sequence[Any]]]
    total: Callable[[Order], int]
    persons: bool = False
    openers: tuple[Role, ...] = ()

    def heads(self, lang: str) -> list[str]:
        return [c.en if lang == "en" else c.zh for c in self.columns]

    @property
    def fields(self) -> list[str]:
        return [c.key for c in self.columns]


LISTINGS: dict[str, Listing] = {}
MARK = Column("watermark", "水印", "watermark")


def register(listing: Listing) -> None:
    """Make a list known. The last column of a list of persons is who took it and when."""
    LISTINGS[listing.name] = listing


def get_listing(name: str) -> Listing:
    found = LISTINGS.get(name)
    if found is None:
        raise NoSuchListing()
    return found
