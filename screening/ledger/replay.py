"""The recount: every fact about every tube told again from journals and commands, in memory.

Written apart from the links on purpose: it shares their pure folds and the reading of codes, and
nothing of how they write. What it builds depends on no row of tube, custody or specimen."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec

from screening.collection.queries import SITES, SiteRow
from screening.collection.service import SKEW
from screening.db import fetch
from screening.errors import Problem
from screening.ledger.expected import Expected, Result
from screening.ledger.people import People
from screening.ledger.rules import Difference
from screening.registry.queries import ROUNDS
from screening.transport import rules as boxes
from screening.transport.rules import Fact, Packed, batch_ref, redirect_fact
from screening.transport.service import carried_line
from screening.tube import entries as e
from screening.tube import rules
from screening.tube.labels import read_seal, read_tube
from screening.tube.rules import Bind, Line, Verb
from screening.tube.service import command_line

LINES: dict[type, Verb] = {
    e.Open: Verb.OPEN, e.Join: Verb.JOIN, e.Unbind: Verb.UNBIND, e.Move: Verb.UNBIND,
    e.Mark: Verb.MARK, e.Over: Verb.OVER, e.Close: Verb.CLOSE, e.Reopen: Verb.REOPEN,
    e.Paper: Verb.COMPLETE, e.Pack: Verb.PACK, e.Unpack: Verb.UNPACK, e.Receive: Verb.RECEIVE,
    e.Reject: Verb.REJECT,
}  # fmt: skip
AT_SITE = (e.Open, e.Join, e.Bind, e.Unbind, e.Move, e.Mark, e.Over, e.Close, e.Reopen, e.Paper)
BOX_FACTS: dict[type, Verb] = {
    e.BoxOpen: Verb.BOX_OPEN, e.Seal: Verb.SEAL, e.Unseal: Verb.UNSEAL, e.Unpack: Verb.UNPACK,
    e.HandOver: Verb.HAND_OVER, e.Arrive: Verb.ARRIVE, e.Receive: Verb.RECEIVE,
    e.Unpacked: Verb.RECONCILE,
}  # fmt: skip
PURPOSES = {"screen": 0, "resample": 1, "recheck": 2}
Ref = tuple[int, int]  # cell, batch


class Replay:
    """Feeds entries and commands into an Expected."""

    def __init__(self, parked: dict[int, bool], people: People) -> None:
        self.out = Expected()
        self.parked, self.people = parked, people
        self.rounds = ROUNDS.fresh()
        self.sites: dict[int, SiteRow] = SITES.fresh()
        self.read: dict[str, str] = {}
        self.facts: dict[Ref, list[Fact]] = defaultdict(list)
        self.sealed: dict[str, set[Ref]] = defaultdict(set)
        self.waiting: list[Fact] = []

    # --- entries --------------------------------------------------------------------------

    def entries(self, told: Iterable[tuple[e.Told, int]]) -> None:
        for t, cell in told:
            state = self.parked.get(t.line_id)
            if state is False:  # parked and not settled: not applied, part "parked" counts it
                continue
            if state is True:
                self.out.doubtful.add(t.line_id)
            try:
                self._entry(t, cell)
            except Problem:
                self.out.unread.append((t.line_id, t.device_id, t.entry.seq))

    def _entry(self, t: e.Told, cell: int) -> None:
        kind = type(t.entry)
        if kind in AT_SITE:
            self._at_site(t)
        elif kind in (e.Pack, e.Unpack):
            self._packed(t)
        elif kind in (e.Receive, e.Reject):
            self._received(t, cell)
        if kind in BOX_FACTS:
            self._box(t)

    def tube(self, text: str) -> str:
        if text not in self.read:
            self.read[text] = read_tube(text)
        return self.read[text]

    def _at_site(self, t: e.Told) -> None:
        entry, kind = t.entry, type(t.entry)
        site = self._site(entry.site)
        tube = self.tube(entry.tube)
        to = self.tube(entry.to) if kind is e.Move else tube
        homes = [(site.cell_id, r) for r in self._rounds(t)]
        bind = None
        if kind in (e.Bind, e.Move):
            person = self.people.of(t)
            purpose = PURPOSES[entry.purpose] if kind is e.Bind else 0
            bind = Bind(
                t.line_id, person.person_id, person.cell_id, 0, entry.seat, purpose, t.at,
                t.device_id, t.journal_id, entry.seq, entry.staff, entry.site, entry.reason,
            )  # fmt: skip
            self.out.tubes[to].binds[t.line_id] = bind
            self.out.tubes[to].homes.update(homes)
        if kind is not e.Bind:
            self._line(tube, t, site=site, data=_data(t, site), n=getattr(entry, "n", None))
            self.out.tubes[tube].homes.update(homes)
            self.out.tubes[tube].opened |= kind is e.Open

    def _site(self, site_id: int | None) -> SiteRow:
        site = self.sites.get(site_id or 0)
        if site is None:
            raise Problem()
        return site

    def _line(self, tube: str, t: e.Told, *, site: SiteRow | None, **more: Any) -> None:
        entry, verb = t.entry, LINES[type(t.entry)]
        answers = int(entry.ref, 16) >> 1 if hasattr(entry, "ref") else None
        line = Line(
            t.line_id, int(verb), int(rules.STAGE_OF.get(verb, 0)), t.at, t.device_id,
            t.journal_id, entry.seq, entry.staff, site.site_id if site else None, answers=answers,
            **more,
        )  # fmt: skip
        self.out.tubes[tube].lines[t.line_id] = line

    def _packed(self, t: e.Told) -> None:
        entry = t.entry
        tube = self.tube(entry.tube)
        ref = batch_ref(entry.batch)
        site = self.sites.get(entry.site or 0)
        self._line(tube, t, site=site, batch_id=ref[1])
        if site is None and entry.site is not None:
            line = self.out.tubes[tube].lines[t.line_id]
            self.out.tubes[tube].lines[t.line_id] = line._replace(site_id=entry.site)
        cell = site.cell_id if site else ref[0]
        self.out.tubes[tube].homes.update((cell, r) for r in self._rounds(t))
        if type(entry) is e.Pack:
            self.out.packs[*ref, tube, t.line_id] = t.at

    def _received(self, t: e.Told, cell: int) -> None:
        entry = t.entry
        tube = self.tube(entry.tube)
        if entry.lab is None:
            raise Problem()
        data: dict | None = {"seal": entry.seal} if getattr(entry, "seal", None) else None
        if type(entry) is e.Reject:
            data = {"reason": entry.reason}
        self._line(tube, t, site=None, lab_id=entry.lab, data=data)
        self.out.tubes[tube].homes.update((cell, r) for r in self._rounds(t))

    def _rounds(self, t: e.Told) -> set[int]:
        """The rounds in which this entry may have been counted: its own if it was open then."""
        policy = self.rounds.get(t.entry.round)
        if policy is None or policy.started_at is None or t.at < policy.started_at - SKEW:
            return {0}
        out = {policy.round_id}
        near_start = t.at < policy.started_at + SKEW
        if near_start or (policy.stopped_at is not None and t.at > policy.stopped_at):
            out.add(0)
        return out

    # --- boxes ----------------------------------------------------------------------------

    def _box(self, t: e.Told) -> None:
        entry, kind = t.entry, type(t.entry)
        fact = Fact(
            t.line_id, int(BOX_FACTS[kind]), t.at, t.device_id, t.journal_id, entry.seq, 0,
            entry.staff, getattr(entry, "to", None), entry.site,
            getattr(entry, "to_lab", None) or (entry.lab if kind is not e.HandOver else None),
            getattr(entry, "seal", None),
            answers=int(entry.ref, 16) >> 1 if hasattr(entry, "ref") else None,
        )  # fmt: skip
        wire = getattr(entry, "batch", None)
        if wire is not None:
            ref = batch_ref(wire)
            self.facts[ref].append(fact)
            if kind is e.Seal:
                self.sealed[read_seal(entry.seal)].add(ref)
        elif fact.seal:
            self.waiting.append(fact._replace(seal=read_seal(fact.seal)))

    def redirects(self, cells: Sequence[int]) -> None:
        """Desks send a box elsewhere by a command: the one fact of a box that no journal has."""
        rows = fetch(
            "SELECT command_id, at, staff_id, body FROM command WHERE cell_id = ANY(%s) "
            "AND kind = 'redirect' /* fan-out: the recount reads every desk's decisions */",
            (list(cells),),
        )
        for command, at, staff, body in rows:
            fact = redirect_fact(command, body, by=staff, at=at)
            self.facts[batch_ref(body["batch"])].append(fact)

    def carry(self) -> None:
        """What happened to a box happened to every tube in it."""
        twice = [s for s, refs in self.sealed.items() if len(refs) > 1]
        first = dict(
            (s, (c, b))
            for s, c, b in fetch(
                "SELECT seal, cell_id, batch_id FROM seal_key WHERE seal = ANY(%s)", (twice,)
            )
        )
        for fact in self.waiting:
            refs = self.sealed.get(str(fact.seal), set())
            if refs:
                ref = first.get(str(fact.seal))
                self.facts[ref if ref in refs else min(refs)].append(fact)
        packed: dict[Ref, list[Packed]] = defaultdict(list)
        for (cell, batch, tube, line_id), at in self.out.packs.items():
            packed[cell, batch].append(Packed(tube, line_id, at, received=False))
        for ref, inside in packed.items():
            self._carry(ref, inside, self.facts.get(ref, []))

    def _carry(self, ref: Ref, inside: Sequence[Packed], facts: Sequence[Fact]) -> None:
        out_at = boxes.fold(facts, inside, limits={}).unpacked
        for p in inside:
            told = self.out.tubes[p.barcode]
            for f in boxes.moves(facts):
                line = carried_line(f, p.line_id, ref[1])
                left = out_at.get(p.line_id)
                if left is None or f.at < left:
                    told.lines[line.line_id] = line
                    told.maybe.pop(line.line_id, None)
                elif line.line_id not in told.lines:
                    told.maybe[line.line_id] = line

    # --- commands -------------------------------------------------------------------------

    def commands(self, cells: Sequence[int]) -> None:
        rows = fetch(
            "SELECT cell_id, command_id, kind, round_id, at, staff_id, body, digest FROM command "
            "WHERE cell_id = ANY(%s) /* fan-out: the recount reads every desk's decisions */",
            (list(cells),),
        )
        self.out.commands = len(rows)
        for cell, command, kind, round_id, at, staff, body, digest in rows:
            text = msgspec.json.encode(body, order="sorted")
            head = f"{command}\n{kind}\n{round_id}\n{staff}\n".encode()
            if hashlib.sha256(head + text).digest() != bytes(digest):
                detail = {"command": command, "kind": kind}
                names = list(body.get("tubes", {})) or [""]
                self.out.faults += [
                    Difference(n, "command", "command_changed", detail) for n in names
                ]
            if "verb" in body and "tubes" in body:
                self._command(cell, command, round_id, at, staff, body)

    def _command(
        self, cell: int, command: int, round_id: int, at: datetime, staff: int | None, body: dict
    ) -> None:
        verb = Verb(body["verb"])
        for tube, fields in body["tubes"].items():
            line = command_line(command, tube, verb, at=at, staff_id=staff, **fields)
            told = self.out.tubes[tube]
            told.lines[line.line_id] = line
            told.homes.add((cell, round_id))
            data = fields.get("data") or {}
            if verb is Verb.MOVE_ROUND:
                told.homes |= {(c, r) for c, _ in told.homes for r in data.values()}
            if verb in (Verb.RELEASE, Verb.CORRECT):
                members = (body.get("members") or {}).get(tube)
                self.out.results[tube, data["version"]] = Result(data["outcome"], command, members)


def _data(t: e.Told, site: SiteRow) -> dict | None:
    entry, kind = t.entry, type(t.entry)
    if kind is e.Open:
        data = {"mode": int(rules.MODES[entry.mode]), "size": entry.size, "channel": site.channel}
        return data | ({"table": entry.table} if entry.table is not None else {})
    if kind is e.Mark:
        return {"void": int(rules.MARKS[entry.what])}
    if kind is e.Move:
        return {"moved": True, "to": entry.to}
    return None
