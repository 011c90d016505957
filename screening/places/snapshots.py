"""A small reference table held in memory for a second: the hot path asks it a thousand times."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from flask import current_app, has_app_context
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from screening.db import db

T = TypeVar("T")

OWN = "snapshots"  # in a session's info: {snapshot changed in this transaction: as it reads it}

SECONDS = 1.0  # how long another process's change may stay unseen
PAUSE = 0.25  # between two reloads that a missing key asks for


class Snapshot(Generic[T]):
    """The value of `load()`, at most a second old; in tests always fresh.

    `version` is a cheap question whose answer changes with the table: as long as it does not, the
    value is kept. `forget()` after a change of one's own: until its transaction ends, that one alone
    reads what it changed, for it may still be rolled back. `fresh()` when a key is missing that may
    be new.
    """

    def __init__(
        self, load: Callable[[], T], version: Callable[[], Hashable] | None = None
    ) -> None:
        self._load = load
        self._version = version
        self._lock = threading.Lock()
        self._held: tuple[float, Hashable, T] | None = None
        self._changing = 0  # transactions that changed the table and have not ended

    def get(self) -> T:
        if self._changing and (own := self._own()) is not None:
            return self._read_own(own)
        held = self._held
        if held is None:
            return self._reload()
        if time.monotonic() - held[0] < _seconds():
            return held[2]
        if not self._same(held[1]):
            return self._reload()
        self._held = (time.monotonic(), held[1], held[2])
        return held[2]

    def fresh(self) -> T:
        """Loaded anew, unless that has just been done."""
        if self._changing and (own := self._own()) is not None:
            return self._read_own(own, anew=True)
        held = self._held
        if held is not None and time.monotonic() - held[0] < min(PAUSE, _seconds()):
            return held[2]
        if held is not None and self._same(held[1]):
            self._held = (time.monotonic(), held[1], held[2])
            return held[2]
        return self._reload()

    def _same(self, seen: Hashable) -> bool:
        """In tests never: makers write rows without telling the revision."""
        return not current_app.testing and self._version is not None and self._version() == seen

    def forget(self) -> None:
        """The table was changed in this transaction."""
        self._held = None
        if not has_app_context() or not db.session().in_transaction():
            return  # nothing of it can be taken back
        own = db.session.info.setdefault(OWN, {})
        if self not in own:
            with self._lock:
                self._changing += 1
        own[self] = None

    def _own(self) -> dict[Any, Any] | None:
        own = None if current_app.testing else db.session.info.get(OWN)
        return own if own is not None and self in own else None

    def _read_own(self, own: dict[Any, Any], *, anew: bool = False) -> T:
        held = own[self]
        if held is None or (anew and (self._version is None or self._version() != held[0])):
            seen = self._version() if self._version else None
            held = own[self] = (seen, self._load())
        value: T = held[1]
        return value

    def _over(self) -> None:
        with self._lock:
            self._changing -= 1
            self._held = None

    def _reload(self) -> T:
        # The lock guards only the exchange: two threads may load, none waits for the other's query.
        began = time.monotonic()
        seen = self._version() if self._version else None
        value = self._load()
        with self._lock:
            if self._held is None or self._held[0] < began:
                self._held = (began, seen, value)
        return value


@event.listens_for(Session, "after_transaction_end")
def _ended(session: Session, transaction: SessionTransaction) -> None:
    own = session.info.get(OWN)
    if not own:
        return
    if transaction.nested:  # a savepoint may have been taken back
        own.update(dict.fromkeys(own))
    elif transaction.parent is None:
        del session.info[OWN]
        for snapshot in own:
            snapshot._over()


def _seconds() -> float:
    return 0.0 if current_app.testing else SECONDS
