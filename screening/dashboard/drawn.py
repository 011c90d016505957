"""Pages drawn once and handed to everybody who may see the same: the newest few, in memory, packed."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from flask import Response, request

from screening.accounts.roles import Actor
from screening.accounts.rules import Limit
from screening.i18n import current_lang

KEPT = Limit(200, "house; some 100 KB each before packing, a tenth of it after")


class Drawn(NamedTuple):
    """A page as text and as gzip."""

    plain: bytes
    packed: bytes


class Drawings:
    """At most `most` pages by their tag; the one that was asked for longest ago goes first.

    Two threads may draw the same page at once: the second finds the first one's."""

    def __init__(self, most: int = KEPT.value) -> None:
        self._most = most
        self._held: OrderedDict[str, Drawn] = OrderedDict()
        self._lock = threading.Lock()
        self._drawing: dict[str, threading.Lock] = {}

    def find(self, tag: str) -> Drawn | None:
        with self._lock:
            found = self._held.get(tag)
            if found is not None:
                self._held.move_to_end(tag)
            return found

    def draw(self, tag: str, make: Callable[[], str]) -> Drawn:
        """The page of `tag`, made by one caller while others wait for it."""
        with self._lock:
            mine = self._drawing.setdefault(tag, threading.Lock())
        with mine:
            found = self.find(tag)
            if found is None:
                plain = make().encode()
                found = Drawn(plain, gzip.compress(plain, 5))
                self._keep(tag, found)
        with self._lock:
            self._drawing.pop(tag, None)
        return found

    def _keep(self, tag: str, page: Drawn) -> None:
        with self._lock:
            self._held[tag] = page
            while len(self._held) > self._most:
                self._held.popitem(last=False)


DRAWN = Drawings()


def tag_of(actor: Actor, mark: str) -> str:
    """The same for everybody whose doors are the same and who reads the same language: a page
    reads differently for other scopes."""
    held = ",".join(sorted({f"{g.role}@{g.place.kind}{g.place.id}" for g in actor.grants}))
    return hashlib.sha256(f"{mark} {current_lang()} {held}".encode()).hexdigest()[:24]


def answer(drawn: Drawn, tag: str) -> Response:
    packed = "gzip" in request.accept_encodings
    response = Response(drawn.packed if packed else drawn.plain, mimetype="text/html")
    if packed:
        response.headers["Content-Encoding"] = "gzip"
    return private(response, tag)


def private(response: Response, tag: str) -> Response:
    """Kept by this browser alone, and asked for again each time."""
    response.set_etag(tag, weak=True)
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["Vary"] = "Cookie, Accept-Language, Accept-Encoding"
    return response
