"""Who lies in an alerted tube, and whether each of them was tested alone since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from screening.db import by_cell, fetch
from screening.lab.queries.alerts import AlertRow
from screening.lab.queries.labs import rounds_in_use
from screening.lab.rules.duty_rules import KNOWN, NOT_SAMPLED, SAMPLED
from screening.registry.twins import rows_of
from screening.tube.queries import Key, list_members, list_tubes
from screening.tube.rules import NOT_IN_TUBE, Bind


def binds_of(found: AlertRow) -> list[Bind]:
    """The swabs that lie in the tube, one a person."""
    key = Key(found.barcode, found.cell_id, found.round_id)
    tubes = list_tubes([key])
    if not tubes:
        return []
    binds = list_members(key, tubes[0]["home_cells"])
    return list({b.person_id: b for b in binds if b.void not in NOT_IN_TUBE}.values())


def singles_of(found: AlertRow, binds: Sequence[Bind] | None = None) -> dict[int, str]:
    """Of each member, how far the single-tube re-sampling has come."""
    binds = binds_of(found) if binds is None else binds
    out = {b.person_id: NOT_SAMPLED for b in binds}
    since = {b.person_id: b.at for b in binds}
    swabs = []
    rows = rows_of((b.home_cell, b.person_id) for b in binds)
    for cell, group in by_cell(sorted(rows)):
        found_here = fetch(
            "SELECT person_id, specimen_id, tube_cell, round_id, barcode, at FROM specimen "
            "WHERE cell_id = %s AND round_id = ANY(%s) AND person_id = ANY(%s) AND void = 0 "
            "AND barcode <> %s",
            (cell, _rounds(found), [p for _, p in group], found.barcode),
        )
        swabs += [(rows[cell, s[0]][1], *s[1:]) for s in found_here]
    later = [s for s in swabs if s[5] > since[s[0]]]
    tubes = _tubes((s[2], s[3], s[4]) for s in later)
    for person, specimen, cell, round_id, barcode, _ in later:
        members, outcome, covered = tubes.get((cell, round_id, barcode), (0, None, ()))
        if members != 1:
            continue
        if outcome in _SAYS and specimen in covered:
            out[person] = KNOWN
        elif out[person] == NOT_SAMPLED:
            out[person] = SAMPLED
    return out


_SAYS = (1, 2)  # negative or positive; a doubtful or invalid single tube says nothing yet


def _rounds(found: AlertRow) -> list[int]:
    return sorted({found.round_id, *rounds_in_use()})


# Results stand above this floor: their table is read here as it is.
def _tubes(
    keys: Iterable[tuple[int, int, str]],
) -> dict[tuple[int, int, str], tuple[int, int | None, Sequence[int]]]:
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = fetch(
        "SELECT t.cell_id, t.round_id, t.barcode, t.members, r.outcome, r.members FROM tube t "
        "LEFT JOIN LATERAL (SELECT outcome, members FROM result WHERE cell_id = t.cell_id "
        "AND round_id = t.round_id AND barcode = t.barcode ORDER BY version DESC LIMIT 1) r ON true "
        "WHERE t.cell_id = ANY(%s) AND t.round_id = ANY(%s) AND t.barcode = ANY(%s)",
        tuple(sorted({k[i] for k in wanted}) for i in range(3)),
    )
    return {
        (c, n, b): (members, outcome, covered or ()) for c, n, b, members, outcome, covered in rows
    }
