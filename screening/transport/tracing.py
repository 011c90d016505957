"""Where is this tube? Stage, holder, deadline, every custody line, who lies in it, what is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.accounts.audit import note_read_person
from screening.accounts.guard import refuse
from screening.accounts.queries import names_of
from screening.accounts.roles import LAB_ROLES, SITE_ROLES, Actor, Role
from screening.db import by_cell, fetch
from screening.places import queries as places
from screening.places.rules import Place
from screening.registry import seals
from screening.registry.documents import Document, mask
from screening.registry.names import mask_name
from screening.registry.service.persons import ring
from screening.tickets.rules import KINDS
from screening.transport.desk_queries import find_row
from screening.tube import words
from screening.tube.label_queries import Label, Run, find_label, get_run
from screening.tube.queries import Key, NoSuchTube, find_keys, get_tube, list_members
from screening.tube.rules import Bind, Hold, Stage, Verb, Void

# who may ask at all; each only for tubes that their own place has, had, or was issued
SEERS = (
    *SITE_ROLES, Role.COURIER, *LAB_ROLES, Role.DISTRICT_HEAD, Role.DISPATCHER,
    Role.ADMINISTRATOR, Role.AUDITOR,
)  # fmt: skip
# who may see the (masked) persons in it: a laboratory tests a number, not a name
LIST_SEERS = (
    Role.SAMPLER, Role.SITE_SUPERVISOR, Role.DISTRICT_HEAD, Role.ADMINISTRATOR, Role.AUDITOR,
)  # fmt: skip


class Line(NamedTuple):
    """One custody line as a person reads it; `at` is server-corrected device time."""

    verb: int
    stage: int
    at: datetime
    recorded_at: datetime
    late: bool
    staff_no: str
    device: str
    place: str
    n: int | None
    line_id: int


class Member(NamedTuple):
    """One swab of the tube, by seat; masked."""

    seat: int
    name: str
    document: str
    at: datetime
    void: int
    of_record: bool
    specimen_id: int
    home_cell: int
    person_id: int
    purpose: int


class TicketLine(NamedTuple):
    kind: str
    zh: str
    en: str
    weight: str
    state: str
    opened_at: datetime
    due_at: datetime | None


class Trace(NamedTuple):
    """All that is known of a number; `tube` None for a label nobody has used yet."""

    barcode: str
    label: Label | None
    run: Run | None
    tube: dict[str, Any] | None
    holder: tuple[str, str]
    lines: Sequence[Line]
    members: Sequence[Member] | None
    tickets: Sequence[TicketLine]

    @property
    def holds(self) -> list[str]:
        """Names of the holds that stand on the tube."""
        mask_ = self.tube["holds"] if self.tube else 0
        return [h.name.lower() for h in Hold if mask_ & h and h.name]


def trace(actor: Actor, barcode: str) -> Trace:
    """Everything about one number that the actor may see. Raises NoSuchTube; refuses (noted) a
    tube that never touched a place of theirs."""
    label = find_label(barcode)
    run = get_run(label.run_id) if label and label.run_id else None
    key = find_keys([barcode]).get(barcode)
    if label is None and key is None:
        raise NoSuchTube()
    if key is None:
        if not _may(actor, [run.site_id] if run else [], [], []):
            refuse(actor)
        return Trace(barcode, label, run, None, _stock(run), [], None, [])
    row = get_tube(key)
    raw = _raw_lines(key)
    sites = [r[6] for r in raw] + [row["site_id"], run.site_id if run else None]
    labs = [r[7] for r in raw] + [row["lab_id"]]
    if not _may(actor, sites, labs, [r[4] for r in raw]):
        refuse(actor)
    members = _members(key, row) if _sees_list(actor, sites) else None
    return Trace(
        barcode, label, run, row, _holder(row), _lines(raw), members, _tickets(key)
    )  # fmt: skip


def _may(
    actor: Actor, sites: Iterable[int | None], labs: Iterable[int | None], staff: Sequence[int]
) -> bool:
    if actor.staff_id in staff or actor.everywhere(SEERS):
        return True
    spots = [p for s in set(sites) if s and (p := places.find_place("site", s))]
    spots += [p for i in set(labs) if i and (p := places.find_place("lab", i))]
    return any(actor.may(SEERS, p) for p in spots)


def _sees_list(actor: Actor, sites: Iterable[int | None]) -> bool:
    spots: list[Place] = [p for s in set(sites) if s and (p := places.find_place("site", s))]
    return actor.everywhere(LIST_SEERS) or any(actor.may(LIST_SEERS, p) for p in spots)


def _raw_lines(key: Key) -> list[tuple]:
    return fetch(
        "SELECT verb, stage, at, recorded_at, staff_id, device_id, site_id, lab_id, late, n, "
        "batch_id, line_id FROM custody WHERE cell_id = %s AND round_id = %s AND barcode = %s "
        "ORDER BY at, device_id, journal_id, seq",
        (key.cell_id, key.round_id, key.barcode),
    )


def _lines(raw: Sequence[tuple]) -> list[Line]:
    staff = names_of(r[4] for r in raw)
    devices = dict(
        fetch(
            "SELECT device_id, name FROM device WHERE device_id = ANY(%s)", ([r[5] for r in raw],)
        )
    )
    spots = _spot_names({r[6] for r in raw if r[6]}, {r[7] for r in raw if r[7]})
    return [
        Line(
            r[0], r[1], r[2], r[3], r[8], staff.get(r[4], ("", ""))[0] if r[4] else "",
            devices.get(r[5], ""), spots.get(("lab", r[7])) or spots.get(("site", r[6]), ""),
            r[9], r[11],
        )
        for r in raw
    ]  # fmt: skip


def _spot_names(sites: set[int], labs: set[int]) -> dict[tuple[str, int], str]:
    rows = fetch(
        "SELECT 'site', site_id, name FROM site WHERE site_id = ANY(%s) UNION ALL "
        "SELECT 'lab', lab_id, name FROM lab WHERE lab_id = ANY(%s)",
        (list(sites), list(labs)),
    )
    return {(kind, i): name for kind, i, name in rows}


def _stock(run: Run | None) -> tuple[str, str]:
    name = run.site_name if run and run.site_name else ""
    return (f"库存 {name}".strip(), f"in stock {name}".strip())


def _holder(row: dict[str, Any]) -> tuple[str, str]:
    """Who has it now, in both languages."""
    kind, holder = row["holder_kind"], row["holder_id"]
    if kind in ("site", "lab"):
        name = _spot_names({holder}, {holder}).get((kind, holder), "—")
        return (name, name)
    if kind == "courier":
        number = names_of([holder]).get(holder, ("—", ""))[0]
        return (f"转运员 {number}", f"courier {number}")
    if kind == "batch":
        found = find_row(row["cell_id"], holder)
        box = found.box_code if found else "—"
        site = places.get_site(found.site_id).name if found and found.site_id else ""
        return (f"转运箱 {box}（{site}）", f"box {box} ({site})")
    return _stock(None)


def _members(key: Key, row: dict[str, Any]) -> list[Member]:
    binds = list_members(key, row["home_cells"])
    people: dict[tuple[int, int], tuple[str, str]] = {}
    for cell, group in by_cell({(b.home_cell, b.person_id) for b in binds}):
        ids = [p for _, p in group]
        note_read_person(cell, ids, why="tube_list")
        for person, kind, sealed in fetch(
            "SELECT person_id, doc_type, sealed FROM person WHERE cell_id = %s "
            "AND person_id = ANY(%s)",
            (cell, ids),
        ):
            found = seals.open_person(ring(), sealed)
            number = mask(Document(seals.DOC_TYPES[kind], found.number))
            people[cell, person] = (mask_name(found.name), number)
    return [_member(b, people.get((b.home_cell, b.person_id), ("—", ""))) for b in binds]


def _member(b: Bind, words_: tuple[str, str]) -> Member:
    return Member(
        b.seat, *words_, b.at, b.void, b.of_record, b.specimen_id, b.home_cell, b.person_id,
        b.purpose,
    )  # fmt: skip


def list_masked(key: Key, home_cells: Sequence[int]) -> list[Member]:
    """Who lies in a tube, masked, for the desk that fills it; each look is audited."""
    return _members(key, {"home_cells": home_cells})


def _tickets(key: Key) -> list[TicketLine]:
    rows = fetch(
        "SELECT kind, weight, state, opened_at, due_at FROM ticket WHERE cell_id = %s "
        "AND subject = 'tube' AND subject_id = %s ORDER BY opened_at",
        (key.cell_id, key.barcode),
    )
    return [TicketLine(k, KINDS[k].zh, KINDS[k].en, w, s, o, d) for k, w, s, o, d in rows]


def verb_words(line: Line) -> tuple[str, str]:
    return words.VERBS[Verb(line.verb)]


def stage_words(stage: int) -> tuple[str, str]:
    return words.STAGE_WORDS[Stage(stage)]


def void_words(void: int) -> tuple[str, str]:
    return words.VOIDS[Void(void)]
