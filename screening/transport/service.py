"""送: turns packing, sealing and hand-over entries into facts about batches and their tubes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from screening.crypto import hash_id
from screening.db import by_cell, insert, run
from screening.errors import Problem
from screening.registry import queries as registry
from screening.tickets.service import Finding, Subject
from screening.transport import queries, rules
from screening.transport.rules import Fact
from screening.tube import entries as e
from screening.tube import rules as tube_rules
from screening.tube import service as tube
from screening.tube.labels import read_box, read_seal, read_tube
from screening.tube.queries import find_keys, list_lines, list_tubes
from screening.tube.rules import Line, Verb

KINDS = (
    e.BoxOpen, e.Pack, e.Unpack, e.Seal, e.Unseal, e.HandOver, e.Arrive, e.Receive, e.Unpacked,
)  # fmt: skip

_FACT = (
    "cell_id", "batch_id", "fact_id", "verb", "at", "device_id", "journal_id", "seq", "round_id",
    "staff_id", "to_staff_id", "site_id", "lab_id", "seal", "n", "temperature", "answers", "data",
    "recorded_at",
)  # fmt: skip


@dataclass
class Outcome:
    """What a set of transport entries came to."""

    merged: dict[str, tube.Merged] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    batches: list[Subject] = field(default_factory=list)
    tubes: list[Subject] = field(default_factory=list)  # that were packed
    scanned: list[Subject] = field(default_factory=list)  # at the laboratory, out of a box
    parked: list[tuple[e.Told, str]] = field(default_factory=list)


Ref = tuple[int, int]  # cell, batch


@dataclass
class _Work:
    """Facts by batch, tube lines by barcode, seals that packers told, wire ids."""

    facts: dict[Ref, list[Fact]] = field(default_factory=lambda: defaultdict(list))
    packs: dict[Ref, list[tuple[str, int, datetime]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    lines: dict[str, tube.Facts] = field(default_factory=dict)
    seals: dict[str, Ref] = field(default_factory=dict)
    by_seal: list[tuple[e.Told, str]] = field(default_factory=list)
    wires: dict[Ref, str] = field(default_factory=dict)


def batch_ref(wire: str) -> Ref:
    """(cell, batch id) of a batch as devices write it."""
    cell, _, random = wire.partition("-")
    return int(cell), int(random[:16], 16) >> 1


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
    out, work = Outcome(), _Work()
    for t in told:
        try:
            _read(work, t, rounds, sites)
        except Problem as p:
            out.parked.append((t, p.code))
    _tell_seals(work, out, recorded_at)
    _resolve(work)
    touched = set(work.facts) | set(work.packs)
    touched.discard(queries.NOWHERE)
    touched |= _batches_of(moved)
    queries.lock_batches(touched)
    packs = tube.merge(work.lines, recorded_at=recorded_at)
    out.merged = dict(packs)
    _write(work, packs, recorded_at)
    _refold(out, touched, work, recorded_at)
    while elsewhere := _other_trips(out.merged) - touched:
        queries.lock_batches(elsewhere)
        _refold(out, elsewhere, work, recorded_at)
        touched |= elsewhere
    return out


def state_fact(ref: Ref, fact: Fact, *, recorded_at: datetime) -> Outcome:
    """Add what a desk decided about one trip, and look at it again. The trip must be known."""
    out, work = Outcome(), _Work()
    work.facts[ref].append(fact)
    queries.lock_batches([ref])
    _write(work, {}, recorded_at)
    _refold(out, [ref], work, recorded_at)
    return out


def _other_trips(merged: Mapping[str, tube.Merged]) -> set[Ref]:
    """The other boxes of tubes that went into more than one: what one box says of such a tube,
    all of them have a say in."""
    return _batches_of({b: m for b, m in merged.items() if len(m.state.batches) > 1})


# --- reading entries ------------------------------------------------------------------------


def _read(work: _Work, t: e.Told, rounds: Mapping[int, int], sites: Mapping[int, int]) -> None:
    entry, kind = t.entry, type(t.entry)
    wire = getattr(entry, "batch", None)
    if kind in (e.Pack, e.Unpack):
        _tube_line(work, t, rounds[t.line_id], sites)
    if wire is not None:
        ref = batch_ref(wire)
        work.wires.setdefault(ref, wire)
        fact = _fact(t, rounds[t.line_id])
        if kind is e.Seal:
            work.seals[read_seal(entry.seal)] = ref
        if kind is not e.Pack:
            work.facts[ref].append(fact)
    elif getattr(entry, "seal", None):
        work.by_seal.append((t, read_seal(entry.seal)))
        work.facts[queries.NOWHERE].append(_fact(t, rounds[t.line_id]))


def _tube_line(work: _Work, t: e.Told, round_id: int, sites: Mapping[int, int]) -> None:
    entry = t.entry
    barcode = read_tube(entry.tube)
    ref = batch_ref(entry.batch)
    pack = type(entry) is e.Pack
    verb = Verb.PACK if pack else Verb.UNPACK
    answers = None if pack else int(entry.ref, 16) >> 1
    if pack:
        read_box(entry.box)
        work.packs[ref].append((barcode, t.line_id, t.at))
    fact = work.lines.get(barcode)
    if fact is None:
        cell = sites.get(entry.site or 0, ref[0])
        fact = work.lines[barcode] = tube.Facts(barcode, cell, round_id)
    # a batch of another cell than the packer's is found again by what the line says
    data = {"cell": ref[0]} if pack and sites.get(entry.site or 0) != ref[0] else None
    fact.lines.append(
        Line(t.line_id, int(verb), int(tube_rules.STAGE_OF.get(verb, 0)), t.at, t.device_id,
             t.journal_id, entry.seq, entry.staff, entry.site, batch_id=ref[1], answers=answers,
             data=data)
    )  # fmt: skip


VERBS: dict[type, Verb] = {
    e.BoxOpen: Verb.BOX_OPEN, e.Seal: Verb.SEAL, e.Unseal: Verb.UNSEAL, e.Pack: Verb.PACK,
    e.Unpack: Verb.UNPACK, e.HandOver: Verb.HAND_OVER, e.Arrive: Verb.ARRIVE,
    e.Receive: Verb.RECEIVE, e.Unpacked: Verb.RECONCILE,
}  # fmt: skip


def _fact(t: e.Told, round_id: int) -> Fact:
    entry, kind = t.entry, type(t.entry)
    data: dict = {}
    if kind is e.Seal and entry.differences:
        data["differences"] = [
            {"code": d.code, "n": d.n, "tube": d.tube} for d in entry.differences
        ]
    if kind is e.HandOver and entry.difference:
        data["difference"] = True  # the words stay in the journal
    if kind is e.Arrive:
        data["intact"] = entry.intact
    if kind is e.Receive:
        data["tube"] = read_tube(entry.tube)
    if getattr(entry, "box", None):
        data["box"] = read_box(entry.box)
    temperature = getattr(entry, "temperature", None)
    lab = getattr(entry, "to_lab", None) or (entry.lab if kind is not e.HandOver else None)
    seal = getattr(entry, "seal", None)
    return Fact(
        t.line_id, int(VERBS[kind]), t.at, t.device_id, t.journal_id, entry.seq, round_id,
        entry.staff, getattr(entry, "to", None), entry.site, lab,
        read_seal(seal) if seal else None,
        entry.n if kind in (e.Seal, e.Arrive) else None,
        None if temperature is None else round(temperature * 10),
        int(entry.ref, 16) >> 1 if hasattr(entry, "ref") else None, data or None,
    )  # fmt: skip


def _tell_seals(work: _Work, out: Outcome, at: datetime) -> None:
    """Enter new seals in the directory; fetch the facts that waited for them."""
    if not work.seals:
        return
    rows = [(s, ref[0], ref[1], 0) for s, ref in sorted(work.seals.items())]
    columns = ("seal", "cell_id", "batch_id", "round_id")
    insert("seal_key", columns, rows, "ON CONFLICT (seal) DO NOTHING")
    held = queries.find_seals(work.seals)
    for seal, ref in work.seals.items():
        if held[seal] != ref:
            out.findings.append(
                Finding(
                    ref[0], 0, "sealed_twice", seal, at, sides={"batches": [held[seal][1], ref[1]]}
                )
            )
    from screening.db import fetch

    waiting = fetch(
        f"DELETE FROM batch_fact WHERE cell_id = 0 AND seal = ANY(%s) "
        f"RETURNING {queries.FACT_COLUMNS}",
        (list(work.seals),),
    )
    for row in waiting:
        fact = Fact(*row)
        work.facts[held[str(fact.seal)]].append(fact)


def _resolve(work: _Work) -> None:
    """Give the facts that name only a seal to its batch; the rest wait in cell 0."""
    seals = queries.find_seals({s for _, s in work.by_seal})
    rest = []
    for fact in work.facts.pop(queries.NOWHERE, []):
        ref = seals.get(str(fact.seal))
        if ref is None:
            rest.append(fact)
        else:
            work.facts[ref].append(fact)
    if rest:
        work.facts[queries.NOWHERE] = rest


def _batches_of(moved: Mapping[str, tube.Merged]) -> set[Ref]:
    """The batches in which moved tubes lie: in the tube's own cell, or in the packer's."""
    from screening.db import fetch

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


# --- writing --------------------------------------------------------------------------------


def _write(work: _Work, packs: Mapping[str, tube.Merged], recorded_at: datetime) -> None:
    rows = []
    for (cell, batch), facts in work.facts.items():
        for f in facts:
            data = Jsonb(f.data) if f.data is not None else None
            rows.append((cell, batch, *f[:15], data, recorded_at))
    for _, group in by_cell(rows):
        insert("batch_fact", _FACT, group, "ON CONFLICT DO NOTHING")
    tubes = []
    for (cell, batch), lines in work.packs.items():
        for barcode, line_id, at in lines:
            key = packs[barcode].key
            tubes.append((cell, batch, barcode, line_id, key.cell_id, key.round_id, at))
    columns = ("cell_id", "batch_id", "barcode", "line_id", "tube_cell", "tube_round", "at")
    for _, group in by_cell(tubes):
        insert("batch_tube", columns, group, "ON CONFLICT DO NOTHING")


def _refold(out: Outcome, touched: Iterable[Ref], work: _Work, at: datetime) -> None:
    """Fold every touched batch anew, carry its facts to its tubes, and say what contradicts."""
    carried: dict[str, tube.Facts] = {}
    folded: list[tuple[Ref, rules.BatchState, list[Fact]]] = []
    packed_in: dict[Ref, set[str]] = {}
    for cell, group in by_cell(sorted(touched)):
        ids = [b for _, b in group]
        facts, packed = queries.list_facts(cell, ids), queries.list_packed(cell, ids)
        known = _tube_states(packed)
        for batch in ids:
            rows = packed.get(batch, [])
            state = _fold(facts.get(batch, []), rows, known)
            folded.append(((cell, batch), state, facts.get(batch, [])))
            _carry(carried, state, facts.get(batch, []), rows, batch, known)
            packed_in[cell, batch] = {p.barcode for p in rows}
    out.merged |= tube.merge(carried, recorded_at=at)
    _write_batches(folded, work)
    for ref, state, _ in folded:
        _find(out, ref, state, packed_in[ref], at)


def _tube_states(packed: Mapping[int, Sequence[queries.PackRow]]) -> dict[str, dict]:
    keys = find_keys({p.barcode for rows in packed.values() for p in rows})
    out = {r["barcode"]: r for r in list_tubes(keys.values())}
    for row in out.values():
        if row["stage"] == tube_rules.Stage.REJECTED:
            row["leaked"] = _leaked(row)
    return out


def _leaked(row: Mapping[str, Any]) -> bool:
    lines = list_lines(row["cell_id"], row["round_id"], [row["barcode"]])[row["barcode"]]
    return any(ln.verb == Verb.REJECT and (ln.data or {}).get("reason") == "leak" for ln in lines)


def _fold(
    facts: Sequence[Fact], rows: Sequence[queries.PackRow], known: Mapping[str, dict]
) -> rules.BatchState:
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


def _carry(
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
            _carried_line(f, p.line_id, batch) for f in moves if out_at is None or f.at < out_at
        ]
        if lines:
            fact = carried.setdefault(
                p.barcode, tube.Facts(p.barcode, row["cell_id"], row["round_id"])
            )
            fact.lines.extend(lines)


def _carried_line(f: Fact, pack: int, batch: int) -> Line:
    """The line answers the tube's pack line (`pack`): with that it falls (folding)."""
    verb = Verb(f.verb)
    return Line(
        hash_id("carried", f.fact_id, pack), int(verb), int(tube_rules.STAGE_OF[verb]), f.at,
        f.device_id, f.journal_id, f.seq, f.staff_id, f.site_id, f.lab_id, batch,
        answers=pack, data={"to": f.to_staff_id} if f.to_staff_id else None,
    )  # fmt: skip


_UPSERT = "ON CONFLICT (cell_id, batch_id) DO UPDATE SET " + ", ".join(
    f"{c} = EXCLUDED.{c}" for c in queries.BATCH_COLUMNS[3:]
)


def _write_batches(folded: Sequence[tuple[Ref, rules.BatchState, list[Fact]]], work: _Work) -> None:
    rows = []
    for (cell, batch), s, _ in folded:
        policy = registry.find_policy(s.round_id)
        due = rules.due_at(s, policy.limits if policy else {})
        rows.append((
            cell, batch, work.wires.get((cell, batch), ""), s.round_id, s.box or "", s.site_id,
            int(s.stage), s.since or datetime.fromtimestamp(0).astimezone(), due, s.seal,
            s.counted, s.known, s.received, s.lab_id, s.holder_id, s.temperature, s.opened_at,
            s.sealed_at, s.handed_at, s.arrived_at,
        ))  # fmt: skip
        for line_id, at in s.unpacked.items():
            run(
                "UPDATE batch_tube SET unpacked_at = %s WHERE cell_id = %s AND batch_id = %s "
                "AND line_id = %s AND unpacked_at IS DISTINCT FROM %s",
                (at, cell, batch, line_id, at),
            )
    for _, group in by_cell(rows):
        insert("batch", queries.BATCH_COLUMNS, group, _UPSERT)


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
