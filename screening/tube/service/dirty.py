"""What a change of tubes asks coverage to count anew."""

from __future__ import annotations

from collections.abc import Iterable

from screening.db import insert, new_id
from screening.tube.rules import Stage
from screening.tube.service.merged import Merged


def mark_dirty(tubes: Iterable[Merged]) -> None:
    """Append to the dirty list what must be counted anew: the communities of the persons whose
    swabs changed, and (community 0) the cells of the tubes. `coverage` reads it."""
    places: set[tuple[int, int, int]] = set()
    for m in tubes:
        places.add((m.key.cell_id, m.key.round_id, 0))
        before = _link(m.before.stage, m.before.version) if m.before else 0
        for b in m.binds if before != _link(m.state.stage, m.state.version) else m.new_binds:
            places.add((b.home_cell, m.key.round_id, b.community_id))
        for b in m.changed:
            places.add((b.home_cell, m.key.round_id, b.community_id))
    rows = [(*p, new_id()) for p in sorted(places)]
    insert("dirty", ("cell_id", "round_id", "community_id", "mark_id"), rows)


def _link(stage: int, version: int) -> int:
    """How far a tube came in what coverage counts: received, tested, released, gone."""
    if stage > Stage.RELEASED:
        return stage
    return (stage >= Stage.RECEIVED) + (stage >= Stage.TESTED) + (version > 0)
