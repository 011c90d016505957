"""Tickets of tubes: what the fold found, made to agree with the desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from screening.db import fetch, insert
from screening.tickets.service import Finding, Subject, settle, ticket_id
from screening.tube.findings import FINDINGS
from screening.tube.service import Merged


def settle_tubes(tubes: Mapping[str, Merged], *, at: datetime) -> None:
    """After a merge or a command: open, reopen and close the tickets that the facts decide.

    A new tube without faults costs nothing here."""
    found, examined = findings(tubes)
    if examined:
        settle(found, examined, FINDINGS, at=at)


def move_home(tubes: Iterable[Merged]) -> None:
    """A tube that went home takes its tickets along: they lie in its cell, and are named by its
    round."""
    for m in tubes:
        old = m.moved_from
        if old is None or old == m.key:
            continue
        rows = fetch(
            "DELETE FROM ticket WHERE cell_id = %s AND round_id = %s AND subject = 'tube' "
            f"AND subject_id = %s RETURNING kind, {', '.join(_REST)}",
            (old.cell_id, old.round_id, old.barcode),
        )
        insert(
            "ticket",
            ("cell_id", "ticket_id", "round_id", "subject_id", "kind", *_REST),
            [
                (m.key.cell_id, ticket_id(r[0], m.key.barcode, m.key.round_id), m.key.round_id,
                 m.key.barcode, *r)
                for r in rows
            ],
            "ON CONFLICT (cell_id, ticket_id) DO NOTHING",
        )  # fmt: skip


_REST = (
    "weight", "subject", "site_id", "lab_id", "state", "opened_at", "due_at", "owner_id", "sides",
    "solution", "note", "solved_by", "solved_at", "checked_by", "closed_at", "closed_how",
)  # fmt: skip


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
