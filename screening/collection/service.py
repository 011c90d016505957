"""采: turns sampling entries into facts about tubes and persons, and names what contradicts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from screening.collection import persons
from screening.collection.queries import SiteRow, find_site
from screening.errors import Problem
from screening.registry import queries as registry
from screening.registry import rules as registry_rules
from screening.registry.queries import PersonRow, RoundPolicy
from screening.tickets.service import Finding
from screening.tube import entries as e
from screening.tube import rules, service
from screening.tube.labels import read_tube
from screening.tube.queries import list_specimens_of
from screening.tube.rules import Bind, Line, Purpose, Verb
from screening.tube.state import State

KINDS = (e.Open, e.Join, e.Bind, e.Unbind, e.Move, e.Mark, e.Over, e.Close, e.Reopen, e.Paper)
# what this slice finds about persons and tubes beyond the fold itself
PERSON_KINDS = ("already_sampled", "provisional", "outside_area")
TUBE_KINDS = ("mixed_household", "pooling_forbidden", "callback_in_pool")
SKEW = timedelta(minutes=10)  # a round's start and stop are taken this loosely (edge case 25)


class UnknownSite(Problem):
    status = 422
    code = "unknown_site"
    zh = "条目中的采样点不存在。"
    en = "The entry names a site that does not exist."


@dataclass
class Outcome:
    """What a set of sampling entries came to."""

    merged: service.MergedSet = field(default_factory=service.MergedSet)
    findings: list[Finding] = field(default_factory=list)
    parked: list[tuple[e.Told, str]] = field(default_factory=list)
    persons: dict[tuple[int, int], PersonRow] = field(default_factory=dict)


def apply(told: Sequence[e.Told], *, recorded_at: datetime) -> Outcome:
    """Merge sampling entries (KINDS) into tubes; nothing true is refused, only parked or ticketed."""
    out = Outcome()
    who = persons.resolve(told, out.parked, at=recorded_at)
    out.persons = who.rows
    facts: dict[str, service.Facts] = {}
    parked = {t.line_id for t, _ in out.parked}
    seen = _Seen()
    for t in told:
        if t.line_id in parked:
            continue
        try:
            _add(facts, t, who, seen)
        except Problem as p:
            out.parked.append((t, p.code))
    out.merged = service.merge(facts, recorded_at=recorded_at)
    _find(out, recorded_at)
    return out


def round_of(entry: e.Entry, at: datetime, *, recheck: bool = False) -> int:
    """The entry's round if it was open to facts at that time, else 0 (unassigned)."""
    policy = registry.find_policy(entry.round)
    if policy is None or policy.started_at is None or at < policy.started_at - SKEW:
        return 0
    if policy.stopped_at is not None and at > policy.stopped_at + SKEW and not recheck:
        return 0
    return policy.round_id


class _Seen:
    """Sites and tube numbers read once a batch, since ten entries name the same ones."""

    def __init__(self) -> None:
        self.sites: dict[int | None, SiteRow | None] = {}
        self.tubes: dict[str, str] = {}

    def site(self, site_id: int | None) -> SiteRow:
        if site_id not in self.sites:
            self.sites[site_id] = find_site(site_id)
        found = self.sites[site_id]
        if found is None:
            raise UnknownSite()
        return found

    def tube(self, text: str) -> str:
        if text not in self.tubes:
            self.tubes[text] = read_tube(text)
        return self.tubes[text]


def _add(facts: dict[str, service.Facts], t: e.Told, who: persons.Resolved, seen: _Seen) -> None:
    """One entry's lines and binds, under the tubes it names."""
    entry = t.entry
    site = seen.site(entry.site)
    tube = seen.tube(entry.tube)
    to = seen.tube(entry.to) if type(entry) is e.Move else None
    fact = _fact(facts, tube, t, site)
    kind = type(entry)
    if kind is e.Bind:
        fact.binds.append(_bind(t, entry.seat, who, entry.purpose, entry.reason))
        return
    fact.lines.append(_line(t, site))
    if to is not None:
        bind = _bind(t, entry.seat, who, "screen", entry.reason)
        _fact(facts, to, t, site).binds.append(bind)


def _fact(facts: dict[str, service.Facts], tube: str, t: e.Told, site: SiteRow) -> service.Facts:
    fact = facts.get(tube)
    if fact is None:
        recheck = getattr(t.entry, "purpose", "") == "recheck"
        round_id = round_of(t.entry, t.at, recheck=recheck or _single(t.entry))
        fact = facts[tube] = service.Facts(tube, site.cell_id, round_id)
    return fact


def _single(entry: e.Entry) -> bool:
    return type(entry) is e.Open and entry.mode == "single"


VERBS: dict[type, Verb] = {
    e.Open: Verb.OPEN, e.Join: Verb.JOIN, e.Unbind: Verb.UNBIND, e.Move: Verb.UNBIND,
    e.Mark: Verb.MARK, e.Over: Verb.OVER, e.Close: Verb.CLOSE, e.Reopen: Verb.REOPEN,
    e.Paper: Verb.COMPLETE,
}  # fmt: skip


def _line(t: e.Told, site: SiteRow) -> Line:
    entry, kind = t.entry, type(t.entry)
    verb = VERBS[kind]
    data: dict | None = None
    if kind is e.Open:
        data = {"mode": int(rules.MODES[entry.mode]), "size": entry.size, "channel": site.channel}
        if entry.table is not None:
            data["table"] = entry.table
    elif kind is e.Mark:
        data = {"void": int(rules.MARKS[entry.what])}
    elif kind is e.Move:
        data = {"moved": True, "to": entry.to}
    answers = int(entry.ref, 16) >> 1 if hasattr(entry, "ref") else None
    return Line(
        t.line_id, int(verb), int(rules.STAGE_OF.get(verb, 0)), t.at, t.device_id, t.journal_id,
        entry.seq, entry.staff, site.site_id, n=getattr(entry, "n", None), answers=answers,
        data=data,
    )  # fmt: skip


PURPOSES = {"screen": Purpose.SCREEN, "resample": Purpose.RESAMPLE, "recheck": Purpose.RECHECK}


def _bind(t: e.Told, seat: int, who: persons.Resolved, purpose: str, reason: str | None) -> Bind:
    cell, person = who.of[t.line_id]
    row = who.rows[cell, person]
    entry = t.entry
    return Bind(
        t.line_id, person, cell, row.community_id, seat, int(PURPOSES[purpose]), t.at,
        t.device_id, t.journal_id, entry.seq, entry.staff, entry.site, reason,
    )  # fmt: skip


# --- what contradicts beyond one tube's fold ------------------------------------------------


def _find(out: Outcome, at: datetime) -> None:
    inside: dict[tuple[int, int | None, int], bool] = {}  # of the round's areas, by place
    looked = {b: m for b, m in out.merged.items() if looks_different(m)}
    inside_before = {(b.home_cell, b.person_id) for m in looked.values() for b in m.binds}
    rows = {**registry.persons_by_cell(inside_before - out.persons.keys()), **out.persons}
    for barcode, m in looked.items():
        _find_in_tube(out, barcode, m, rows)
        for bind in m.new_binds:
            _find_of_person(out, m, bind, inside)


def looks_different(m: service.Merged) -> bool:
    """Whether who is in the tube, or how it was opened, changed."""
    return m.list_changed or any(ln.verb == Verb.OPEN for ln in m.new_lines)


def _find_in_tube(
    out: Outcome,
    barcode: str,
    m: service.Merged,
    persons_of: Mapping[tuple[int, int], PersonRow],
) -> None:
    """Who was swabbed into one tube, whichever batches told it and whatever became of the tube."""
    state, key = m.state, m.key
    inside = [b for b in m.binds if state.voids[b.specimen_id] not in rules.NOT_IN_TUBE]
    rows = [persons_of.get((b.home_cell, b.person_id)) for b in inside]
    known = [r for r in rows if r is not None]

    def add(kind: str, **sides: object) -> None:
        out.findings.append(
            Finding(key.cell_id, key.round_id, kind, barcode, state.since or m.binds[0].at,
                    state.site_id, sides=sides)
        )  # fmt: skip

    if state.mode == rules.Mode.HOUSEHOLD and len({r.household_id for r in known}) > 1:
        add("mixed_household")
    if state.mode and state.mode != rules.Mode.SINGLE:
        called = [r.person_id for r in known if r.lane == 2]
        if called:
            add("callback_in_pool", persons=called)
    if state.mode and _too_loose(state, key.round_id, known, state.opened_at):
        add("pooling_forbidden", size=state.pool_size)


def _too_loose(
    state: State, round_id: int, known: Iterable[PersonRow], at: datetime | None
) -> bool:
    """Whether the tube holds more people together than the strictest rule among them allows."""
    policy, site = registry.find_policy(round_id), find_site(state.site_id)
    if policy is None or site is None or at is None or round_id == 0:
        return False
    cohorts = {r.key_group for r in known if r.key_group}
    pool = allowed(policy, site, cohorts, at)
    mode = {1: "single", 2: "household", 3: "pooled"}[state.mode]
    rank = {"single": 0, "household": 1, "pooled": 2}
    if state.members <= 1:
        return False
    return rank[mode] > rank[pool.mode.value] or state.pool_size > pool.capacity


def allowed(
    policy: RoundPolicy, site: SiteRow, cohorts: Collection[str], at: datetime
) -> registry_rules.Pool:
    """Mode and capacity at a site for persons of these cohorts: the strictest rule that applies."""
    zones = registry.zone_kinds(site.path, at)
    return registry_rules.pool_rule(policy.pool_rules, zones, cohorts, site.kind)


def _find_of_person(
    out: Outcome, m: service.Merged, bind: Bind, inside: dict[tuple[int, int | None, int], bool]
) -> None:
    row = out.persons[bind.home_cell, bind.person_id]
    round_id = m.key.round_id
    place = (row.community_id, row.building_id, round_id)
    if place not in inside:
        inside[place] = _in_scope(row, round_id)
    provisional = row.flags & registry_rules.Flag.PROVISIONAL
    for kind, holds in (("provisional", provisional), ("outside_area", not inside[place])):
        if holds:
            sides = {"tube": m.key.barcode}
            out.findings.append(
                Finding(bind.home_cell, round_id, kind, str(bind.person_id), bind.at,
                        bind.site_id, sides=sides)
            )  # fmt: skip


def _in_scope(row: PersonRow, round_id: int) -> bool:
    policy = registry.find_policy(round_id)
    if policy is None or not round_id or not policy.area_paths:
        return True
    path = registry.person_path(row)
    return any(path.startswith(p) for p in policy.area_paths)


def doubled(again: Mapping[tuple[int, int], Collection[int]]) -> list[Finding]:
    """Of these persons (by home cell and round) those with more than one live swab: coverage
    counts one, both results apply."""
    out = []
    for (cell, round_id), ids in again.items():
        for person, found in list_specimens_of(cell, round_id, ids).items():
            live = [(b, tube) for b, tube, _ in found if not b.void and b.purpose == Purpose.SCREEN]
            if len(live) > 1:
                tubes = sorted({tube for _, tube in live})
                at = max(b.at for b, _ in live)
                sides = {"tubes": tubes}
                out.append(Finding(cell, round_id, "already_sampled", str(person), at, sides=sides))
    return out
