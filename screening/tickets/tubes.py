"""Tickets of tubes: what the fold found, made to agree with the desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from screening.tickets.service import Finding, Subject, settle
from screening.tube import rules
from screening.tube.service import Merged


def settle_tubes(tubes: Mapping[str, Merged], *, at: datetime) -> None:
    """After a merge or a command: open, reopen and close the tickets that the facts decide.

    A new tube without faults costs nothing here."""
    found, examined = findings(tubes)
    if examined:
        settle(found, examined, rules.FINDINGS, at=at)


def findings(tubes: Mapping[str, Merged]) -> tuple[list[Finding], list[Subject]]:
    """The findings of folded tubes, and the tubes whose tickets must agree with them."""
    found = []
    for barcode, m in tubes.items():
        s, key = m.state, m.key
        for kind, sides in s.findings.items():
            at = s.since or s.opened_at
            assert at is not None
            found.append(
                Finding(key.cell_id, key.round_id, kind, barcode, at, s.site_id, s.lab_id, sides)
            )
    return found, subjects(m for m in tubes.values() if m.before is not None or m.state.findings)


def subjects(tubes: Iterable[Merged]) -> list[Subject]:
    """The tubes as ticket subjects; a tube that went home counts in its old cell too."""
    out = []
    for m in tubes:
        out.append(Subject(m.key.cell_id, m.key.barcode))
        if m.moved_from is not None:
            out.append(Subject(m.moved_from.cell_id, m.key.barcode))
    return out
