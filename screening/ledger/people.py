"""Who a journal's entry speaks of: by resident code, or by the keyed hash of the document."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from screening.collection import persons
from screening.db import fetch
from screening.errors import Problem
from screening.registry import queries as registry
from screening.registry.person_codes import read_resident_code
from screening.registry.service.persons import person_id_of
from screening.tube import entries as e


class Home(NamedTuple):
    cell_id: int
    person_id: int


class People:
    """Answers for all entries of a recount; documents are looked up in one go."""

    def __init__(self, told: Iterable[tuple[e.Told, int]]) -> None:
        self._of: dict[int, Home] = {}
        hashes: dict[int, bytes] = {}
        for t, _ in told:
            who = getattr(t.entry, "who", None)
            if who is None:
                continue
            try:
                if who.code is not None:
                    self._of[t.line_id] = Home(*read_resident_code(who.code))
                else:
                    hashes[t.line_id] = persons.identity_told(who, t)
            except Problem:
                continue
        known = registry.persons_of_documents(set(hashes.values()))
        for line, h in hashes.items():
            person, cell = known.get(h, (person_id_of(h), -1))
            self._of[line] = Home(cell, person)

        rows = fetch(
            "SELECT cell_id, person_id, into_cell, into_id FROM person_move "
            "WHERE into_id IS NOT NULL /* fan-out: who was merged into whom, for the recount */"
        )
        self._merged = {Home(c, p): Home(ic, ip) for c, p, ic, ip in rows}

    def same(self, a: Home, b: Home) -> bool:
        """Whether two numbers stand for one human being, merged or not."""
        return a == b or self._last(a) == self._last(b)

    def _last(self, home: Home) -> Home:
        for _ in range(len(self._merged)):  # a chain of merges ends, whatever was written
            if home not in self._merged:
                break
            home = self._merged[home]
        return home

    def of(self, t: e.Told) -> Home:
        """Raises Problem when the entry names nobody who can be read."""
        home = self._of.get(t.line_id)
        if home is None:
            raise Problem()
        return home
