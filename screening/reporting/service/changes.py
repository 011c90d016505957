"""What capture changes in results: nobody inherits one silently, nobody called back is missed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from psycopg.types.json import Jsonb

from screening.db import run
from screening.registry.queries import PersonRow
from screening.reporting import rules
from screening.reporting.service import callbacks
from screening.reporting.service.callbacks import Called
from screening.tickets.service import Finding, open_all, ticket_id
from screening.tube.rules import NOT_IN_TUBE, Bind, Mode, Purpose
from screening.tube.service import Merged

CHANGED = "changed_after_release"


def capture_changed(
    changed: Sequence[Merged], persons: Mapping[tuple[int, int], PersonRow], *, at: datetime
) -> None:
    """A journal changed the lists of these tubes. Asks the database nothing unless one of them was
    released, or somebody who was called back has been swabbed."""
    for m in changed:
        if m.before is not None and m.before.version > 0:
            _after_release(m, at)
        if m.changed:
            _taken_out(m)
        single = m.state.mode == Mode.SINGLE
        for b in m.new_binds:
            if b.purpose != Purpose.SCREEN:
                _swabbed(m, b)
            elif single:
                row = persons.get((b.home_cell, b.person_id))
                if row is not None and row.lane == 2:
                    _swabbed(m, b)


def _swabbed(m: Merged, bind: Bind) -> None:
    if m.state.voids[bind.specimen_id] not in NOT_IN_TUBE:
        callbacks.sampled(m.key.barcode, bind, early=bind.purpose == Purpose.RECHECK)


def _gone(m: Merged) -> list[Bind]:
    """Who was in the tube until now and is not any more."""
    still = {b.person_id for b in rules.inside(m.binds, m.state)}
    return [
        b
        for b in m.changed
        if b.void not in NOT_IN_TUBE
        and m.state.voids[b.specimen_id] in NOT_IN_TUBE
        and b.person_id not in still
    ]


def _came(m: Merged) -> list[Bind]:
    back = [b for b in m.changed if b.void in NOT_IN_TUBE]
    return rules.inside([*m.new_binds, *back], m.state)


def _taken_out(m: Merged) -> None:
    gone = [b for b in _gone(m) if b.purpose != Purpose.SCREEN or m.state.mode == Mode.SINGLE]
    if gone:
        callbacks.not_sampled(m.key.barcode, gone)


def _after_release(m: Merged, at: datetime) -> None:
    gone, came = _gone(m), _came(m)
    if m.state.outcome in rules.CALLS_BACK:
        if came:
            callbacks.call_back([Called(m.key, came, int(m.state.outcome or 0))], at=at)
        came = []
    if gone or came:
        _ask(m, gone, came, at)


def _ask(m: Merged, gone: Sequence[Bind], came: Sequence[Bind], at: datetime) -> None:
    """A review: two persons decide what the changed list means for the released result."""
    sides = {
        "added": [b.specimen_id for b in came],
        "removed": [b.specimen_id for b in gone],
        "version": m.state.version,
    }
    cell, round_id, barcode = m.key.cell_id, m.key.round_id, m.key.barcode
    site = m.state.site_id
    open_all([Finding(cell, round_id, CHANGED, barcode, at, site, m.state.lab_id, sides)], at=at)
    # the list may change once more after somebody has settled the first change
    run(
        "UPDATE ticket SET state = 'open', opened_at = %s, closed_how = NULL, closed_at = NULL, "
        "solved_by = NULL, solved_at = NULL, checked_by = NULL, sides = %s "
        "WHERE cell_id = %s AND ticket_id = %s AND state = 'closed'",
        (at, Jsonb(sides), cell, ticket_id(CHANGED, barcode, round_id)),
    )
