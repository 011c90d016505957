"""Entries of packers, couriers and laboratories as facts of batches and lines of tubes."""

from __future__ import annotations

from collections.abc import Mapping

from screening.transport import queries
from screening.transport.rules import Fact, batch_ref
from screening.transport.service.work import Work
from screening.tube import entries as e
from screening.tube import rules as tube_rules
from screening.tube import service as tube
from screening.tube.labels import read_box, read_seal, read_tube
from screening.tube.rules import Line, Verb


def read(work: Work, t: e.Told, rounds: Mapping[int, int], sites: Mapping[int, int]) -> None:
    """Add one entry to `work`. Raises what reading its codes raises."""
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


def _tube_line(work: Work, t: e.Told, round_id: int, sites: Mapping[int, int]) -> None:
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
