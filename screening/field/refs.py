"""The whole `ref` of lines that journals told: tables keep 63 bits of it, journals' digests all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from screening.crypto import digest_id
from screening.db import fetch
from screening.field.desk import ref_of
from screening.tube.chain import split


class Place(NamedTuple):
    """Where a line stands: its id, and the number in its journal."""

    line_id: int
    device_id: int
    journal_id: int
    seq: int


def whole_refs(lines: Iterable[Place]) -> dict[int, str]:
    """{line id: ref} as the phone that wrote each line knows it; one without a stored journal gets
    the form that the tables keep."""
    wanted = list(lines)
    out = {p.line_id: ref_of(p.line_id) for p in wanted}
    spans: dict[tuple[int, int], tuple[int, int]] = {}
    for p in wanted:
        low, high = spans.get((p.device_id, p.journal_id), (p.seq, p.seq))
        spans[p.device_id, p.journal_id] = (min(low, p.seq), max(high, p.seq))
    for digests in _digests(spans):
        for digest in split(digests):
            line_id = digest_id(digest)
            if line_id in out:
                out[line_id] = digest[:8].hex()
    return out


def _digests(spans: dict[tuple[int, int], tuple[int, int]]) -> list[bytes]:
    """The digests of the applied blocks that hold these numbers of these journals."""
    cells = dict(
        fetch(
            "SELECT device_id, cell_id FROM device WHERE device_id = ANY(%s)",
            (sorted({d for d, _ in spans}),),
        )
    )
    rows = [
        (cells[device], device, journal, low, high)
        for (device, journal), (low, high) in sorted(spans.items())
        if device in cells
    ]
    if not rows:
        return []
    found = fetch(
        "SELECT b.digests FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], "
        "%s::bigint[]) AS w (cell_id, device_id, journal_id, low, high) JOIN journal_block b "
        "ON b.cell_id = w.cell_id AND b.device_id = w.device_id AND b.journal_id = w.journal_id "
        "AND b.first <= w.high AND b.last >= w.low AND b.state <> 1",
        tuple(list(column) for column in zip(*rows, strict=True)),
    )
    return [bytes(d) for (d,) in found]
