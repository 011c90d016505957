"""What the entries of a batch mean: hands them to the links, then to those who watch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from screening.collection import service as collection
from screening.collection.queries import find_site
from screening.lab.service import reception
from screening.lab.service.ranks import rank_received
from screening.reminders import visits
from screening.reporting import service as reporting
from screening.tickets import service as tickets
from screening.tickets.service import Subject
from screening.tickets.tubes import move_home, settle_tubes, subjects
from screening.transport import rules as transport_rules
from screening.transport import service as transport
from screening.tube import entries as e
from screening.tube import service as tube_service
from screening.tube.service import Merged


@dataclass
class Applied:
    """What a set of entries came to."""

    parked: list[tuple[e.Told, str]] = field(default_factory=list)
    tubes: dict[str, Merged] = field(default_factory=dict)


def apply(told: Sequence[e.Told], *, cell: int, recorded_at: datetime) -> Applied:
    """Apply decoded entries in one go; what cannot be applied comes back as `parked`."""
    out = Applied()
    rounds = {t.line_id: collection.round_of(t.entry, t.at) for t in told}
    sites = {t.entry.site: s.cell_id for t in told if (s := find_site(t.entry.site))}
    sampled = collection.apply(_of(told, collection.KINDS), recorded_at=recorded_at)
    received = reception.apply(
        _of(told, reception.KINDS), rounds=rounds, cell=cell, recorded_at=recorded_at
    )
    first = _joined(sampled.merged, received.merged)
    sent = transport.apply(
        _of(told, transport.KINDS), first, rounds=rounds, sites=sites, recorded_at=recorded_at
    )
    visited = visits.apply(_of(told, visits.KINDS), rounds=rounds, recorded_at=recorded_at)
    out.parked = [*sampled.parked, *received.parked, *sent.parked, *visited]
    out.tubes = _joined(first, sent.merged)
    _settle(out, sampled, sent, recorded_at)
    rank_received(out.tubes.values())
    _settle_persons(sampled.merged, received.merged, at=recorded_at)
    tube_service.mark_dirty(out.tubes.values())
    changed = [m for m in sampled.merged.values() if m.list_changed]
    reporting.capture_changed(changed, sampled.persons, at=recorded_at)
    return out


def _joined(one: Mapping[str, Merged], two: Mapping[str, Merged]) -> dict[str, Merged]:
    """Tubes merged twice in one batch: the later state, and all that changed on the way to it."""
    out = {**one, **two}
    for barcode in one.keys() & two.keys():
        a, b = one[barcode], two[barcode]
        out[barcode] = replace(
            b,
            before=a.before,
            new_lines=[*a.new_lines, *b.new_lines],
            new_binds=[*a.new_binds, *b.new_binds],
            changed=[*a.changed, *b.changed],
            moved_from=b.moved_from or a.moved_from,
        )
    return out


def _of(told: Sequence[e.Told], kinds: tuple[type, ...]) -> list[e.Told]:
    wanted = set(kinds)
    return [t for t in told if type(t.entry) in wanted]


def _settle(
    out: Applied, sampled: collection.Outcome, sent: transport.Outcome, at: datetime
) -> None:
    """Tickets agree with what the facts hold now. A new tube without faults costs nothing here."""
    move_home(out.tubes.values())
    settle_tubes(out.tubes, at=at)
    own = [f for f in sampled.findings if f.kind in collection.TUBE_KINDS]
    again = subjects(
        m for m in sampled.merged.values() if m.before is not None and collection.looks_different(m)
    )
    again += [Subject(f.cell_id, f.subject_id) for f in own]
    if again:
        tickets.settle(own, again, collection.TUBE_KINDS, at=at)
    tickets.open_all([f for f in sampled.findings if f.kind in collection.PERSON_KINDS], at=at)
    _settle_boxes(sent, at)


def _settle_persons(*merged: tube_service.MergedSet, at: datetime) -> None:
    """Who has two swabs that count: sampling may say so, and a refusal at the laboratory unsay it."""
    twice: dict[tuple[int, int], set[int]] = defaultdict(set)
    for one in merged:
        for place, ids in one.again.items():
            twice[place] |= ids
    if twice:
        persons = [Subject(cell, str(p)) for (cell, _), ids in twice.items() for p in ids]
        tickets.settle(collection.doubled(twice), persons, ("already_sampled",), at=at)


def _settle_boxes(sent: transport.Outcome, at: datetime) -> None:
    kinds = transport_rules.BATCH_KINDS
    if sent.batches:
        tickets.settle([f for f in sent.findings if f.kind in kinds], sent.batches, kinds, at=at)
    for kind, subjects_of in (("missing_at_lab", sent.tubes), ("wrong_box", sent.scanned)):
        if subjects_of:
            found = [f for f in sent.findings if f.kind == kind]
            tickets.settle(found, subjects_of, (kind,), at=at)
    tickets.open_all([f for f in sent.findings if f.kind == "sealed_twice"], at=at)
