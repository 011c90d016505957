"""Who must hear that the register of a community changed: higher floors leave their number here."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

# A listener gets (cell, community) pairs and runs inside the transaction of the change.
Listener = Callable[[Collection[tuple[int, int]]], None]
_listeners: list[Listener] = []


def on_change(listener: Listener) -> Listener:
    """Register `listener` once; coverage does so to mark what it must count again."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def changed(pairs: Iterable[tuple[int, int]]) -> None:
    """Persons, exemptions or flags of these (cell, community) were written."""
    whole = sorted(set(pairs))
    for listener in _listeners if whole else ():
        listener(whole)
