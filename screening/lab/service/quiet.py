"""Of which tubes nobody was told yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from screening.lab import queries
from screening.lab.queries import AlertRow, RunRow
from screening.tube.queries import Key


def unalerted(keys: Iterable[Key], since: RunRow | None = None) -> set[str]:
    """Those of the tubes without an open alert, and without any of this laboratory's since the file
    was looked at: what was told and settled meanwhile is not told again."""
    keys = list(keys)
    groups: dict[tuple[int, int], list[str]] = defaultdict(list)
    for key in keys:
        groups[key.cell_id, key.round_id].append(key.barcode)
    out = {k.barcode for k in keys}
    for (cell, round_id), barcodes in sorted(groups.items()):
        for barcode, told in queries.alerts_of(cell, round_id, barcodes, settled=True).items():
            if any(_tells(a, since) for a in told):
                out.discard(barcode)
    return out


def _tells(alert: AlertRow, since: RunRow | None) -> bool:
    if alert.settled_at is None:
        return True
    same_lab = since is not None and alert.lab_id == since.lab_id
    return same_lab and since is not None and alert.raised_at >= since.imported_at
