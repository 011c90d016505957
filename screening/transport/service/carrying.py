"""Tubes and the boxes they lie in: what happens to a box happens to every tube in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from screening.crypto import hash_id
from screening.db import fetch
from screening.registry import queries as registry
from screening.transport import queries, rules
from screening.transport.rules import Fact
from screening.transport.service.work import Ref
from screening.tube import rules as tube_rules
from screening.tube import service as tube
from screening.tube.queries import find_keys, list_lines, list_tubes
from screening.tube.rules import Line, Verb


def batches_of(moved: Mapping[str, tube.Merged]) -> set[Ref]:
    """The batches in which moved tubes lie: in the tube's own cell, or in the packer's."""
    inside = [m for m in moved.values() if m.state.batches and m.before]
    wanted = {b for m in inside for b in m.state.batches}
    if not wanted:
        return set()
    cells = sorted({m.key.cell_id for m in inside})
    rows = fetch(
        "SELECT cell_id, batch_id FROM batch WHERE cell_id = ANY(%s) AND batch_id = ANY(%s)",
        (cells, sorted(wanted)),
    )
    found = {(c, b) for c, b in rows}
    elsewhere = wanted - {b for _, b in found}
    if elsewhere:
        keys = [m.key for m in inside if elsewhere & m.state.batches]
        found |= set(
            fetch(
                "SELECT DISTINCT COALESCE((c.data->>'cell')::bigint, s.cell_id, c.cell_id), "
                "c.batch_id FROM custody c LEFT JOIN site s ON s.site_id = c.site_id "
                "WHERE c.cell_id = ANY(%s) AND c.round_id = ANY(%s) "
                "AND c.barcode = ANY(%s) AND c.verb = %s AND c.batch_id = ANY(%s)",
                (
                    cells, sorted({k.round_id for k in keys}), [k.barcode for k in keys],
                    int(Verb.PACK), sorted(elsewhere),
                ),
            )
        )  # fmt: skip
    return found


def tube_states(packed: Mapping[int, Sequence[queries.PackRow]]) -> dict[str, dict]:
    """The rows of the tubes in boxes by barcode; of a rejected one also whether it `leaked`."""
    keys = find_keys({p.barcode for rows in packed.values() for p in rows})
    out = {r["barcode"]: r for r in list_tubes(keys.values())}
    for row in out.values():
        if row["stage"] == tube_rules.Stage.REJECTED:
            row["leaked"] = _leaked(row)
    return out


def _leaked(row: Mapping[str, Any]) -> bool:
    lines = list_lines(row["cell_id"], row["round_id"], [row["barcode"]])[row["barcode"]]
    return any(ln.verb == Verb.REJECT and (ln.data or {}).get("reason") == "leak" for ln in lines)


def fold(
    facts: Sequence[Fact], rows: Sequence[queries.PackRow], known: Mapping[str, dict]
) -> rules.BatchState:
    """The state of one trip from its facts, what was packed into it, and its round's limits."""
    packed = [
        rules.Packed(
            p.barcode,
            p.line_id,
            p.at,  # type: ignore[arg-type]
            received=_received(known.get(p.barcode)),
            gone=known.get(p.barcode, {}).get("stage", 0) in tube_rules.GONE,
            leaked=known.get(p.barcode, {}).get("leaked", False),
        )
        for p in rows
    ]
    round_id = next((f.round_id for f in facts if f.round_id), 0)
    policy = registry.find_policy(round_id)
    return rules.fold(facts, packed, limits=policy.limits if policy else {})


def _received(row: dict | None) -> bool:
    if row is None:
        return False
    return row["received_at"] is not None or row["stage"] in range(
        tube_rules.Stage.RECEIVED, tube_rules.Stage.VOID_EMPTY
    )


def carry(
    carried: dict[str, tube.Facts],
    state: rules.BatchState,
    facts: Sequence[Fact],
    rows: Sequence[queries.PackRow],
    batch: int,
    known: Mapping[str, dict],
) -> None:
    """What happens to the box happens to every tube in it: one custody line each."""
    moves = rules.moves(facts)
    for p in rows:
        row = known.get(p.barcode)
        if row is None:
            continue
        out_at = state.unpacked.get(p.line_id)
        lines = [
            carried_line(f, p.line_id, batch) for f in moves if out_at is None or f.at < out_at
        ]
        if lines:
            fact = carried.setdefault(
                p.barcode, tube.Facts(p.barcode, row["cell_id"], row["round_id"])
            )
            fact.lines.extend(lines)


def carried_line(f: Fact, pack: int, batch: int) -> Line:
    """The line answers the tube's pack line (`pack`): with that it falls (folding)."""
    verb = Verb(f.verb)
    return Line(
        hash_id("carried", f.fact_id, pack), int(verb), int(tube_rules.STAGE_OF[verb]), f.at,
        f.device_id, f.journal_id, f.seq, f.staff_id, f.site_id, f.lab_id, batch,
        answers=pack, data={"to": f.to_staff_id} if f.to_staff_id else None,
    )  # fmt: skip
