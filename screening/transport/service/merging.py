"""Merging transport entries: every batch that they touch is folded anew."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from screening.db import by_cell
from screening.errors import Problem
from screening.tickets.service import Finding, Subject
from screening.transport import queries, rules
from screening.transport.rules import Fact
from screening.transport.service.carrying import batches_of, carry, fold, tube_states
from screening.transport.service.reading import read
from screening.transport.service.seals import resolve, tell_seals
from screening.transport.service.work import Outcome, Ref, Work
from screening.transport.service.writing import write_batches, write_facts
from screening.tube import entries as e
from screening.tube import service as tube
from screening.tube.queries import find_keys


def apply(
    told: Sequence[e.Told],
    moved: Mapping[str, tube.Merged],
    *,
    rounds: Mapping[int, int],
    sites: Mapping[int, int],
    recorded_at: datetime,
) -> Outcome:
    """Merge transport entries (KINDS) and look again at every batch that `moved` tubes lie in.

    `rounds` maps an entry's line id to its effective round, `sites` a site to its cell."""
    out, work = Outcome(), Work()
    for t in told:
        try:
            read(work, t, rounds, sites)
        except Problem as p:
            out.parked.append((t, p.code))
    tell_seals(work, out, recorded_at)
    resolve(work)
    touched = set(work.facts) | set(work.packs)
    touched.discard(queries.NOWHERE)
    touched |= batches_of(moved)
    queries.lock_batches(touched)
    packs = tube.merge(work.lines, recorded_at=recorded_at)
    out.merged = dict(packs)
    write_facts(work, packs, recorded_at)
    _refold(out, touched, work, recorded_at)
    while elsewhere := _other_trips(out.merged) - touched:
        queries.lock_batches(elsewhere)
        _refold(out, elsewhere, work, recorded_at)
        touched |= elsewhere
    return out


def state_fact(ref: Ref, fact: Fact, *, recorded_at: datetime) -> Outcome:
    """Add what a desk decided about one trip, and look at it again. The trip must be known."""
    out, work = Outcome(), Work()
    work.facts[ref].append(fact)
    queries.lock_batches([ref])
    write_facts(work, {}, recorded_at)
    _refold(out, [ref], work, recorded_at)
    return out


def _other_trips(merged: Mapping[str, tube.Merged]) -> set[Ref]:
    """The other boxes of tubes that went into more than one: what one box says of such a tube,
    all of them have a say in."""
    return batches_of({b: m for b, m in merged.items() if len(m.state.batches) > 1})


def _refold(out: Outcome, touched: Iterable[Ref], work: Work, at: datetime) -> None:
    """Fold every touched batch anew, carry its facts to its tubes, and say what contradicts."""
    carried: dict[str, tube.Facts] = {}
    folded: list[tuple[Ref, rules.BatchState, list[Fact]]] = []
    packed_in: dict[Ref, set[str]] = {}
    for cell, group in by_cell(sorted(touched)):
        ids = [b for _, b in group]
        facts, packed = queries.list_facts(cell, ids), queries.list_packed(cell, ids)
        known = tube_states(packed)
        for batch in ids:
            rows = packed.get(batch, [])
            state = fold(facts.get(batch, []), rows, known)
            folded.append(((cell, batch), state, facts.get(batch, [])))
            carry(carried, state, facts.get(batch, []), rows, batch, known)
            packed_in[cell, batch] = {p.barcode for p in rows}
    out.merged |= tube.merge(carried, recorded_at=at)
    write_batches(folded, work)
    for ref, state, _ in folded:
        _find(out, ref, state, packed_in[ref], at)


def _find(out: Outcome, ref: Ref, state: rules.BatchState, packed: set[str], at: datetime) -> None:
    """What contradicts about a trip and its tubes, also those `packed` and taken out again."""
    cell, batch = ref
    out.batches.append(Subject(cell, str(batch)))
    for kind, sides in state.findings.items():
        out.findings.append(
            Finding(cell, state.round_id, kind, str(batch), at, state.site_id, state.lab_id, sides)
        )
    keys = find_keys({*packed, *state.scanned})
    for barcode, key in sorted(keys.items()):
        for subjects, among in ((out.tubes, packed), (out.scanned, state.scanned)):
            if barcode in among:
                subjects.append(Subject(key.cell_id, barcode))
    for kind, barcodes in (("missing_at_lab", state.missing), ("wrong_box", state.extra)):
        for barcode in barcodes:
            if barcode in keys:
                key = keys[barcode]
                out.findings.append(
                    Finding(key.cell_id, key.round_id, kind, barcode, at, state.site_id,
                            state.lab_id, {"batch": batch})
                )  # fmt: skip
