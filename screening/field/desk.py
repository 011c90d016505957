"""A desk is a device too: what a person states at a page goes into the journal of their desk."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from flask import has_request_context

from screening import clock
from screening.accounts import devices
from screening.accounts.guard import find_actor
from screening.accounts.queries import DeviceRow
from screening.accounts.roles import Actor
from screening.crypto import b64
from screening.db import fetch
from screening.field import chain, queries, service
from screening.field.service import Receipt
from screening.lab.service import reception
from screening.tickets.rules import KINDS
from screening.tube import chain as hashing
from screening.tube.queries import find_keys

SALT = 16  # bytes
TUBE_FIELDS = ("tube", "to")


class Found(NamedTuple):
    """A contradiction that these entries opened; `words` are the kind's, in both languages."""

    kind: str
    weight: str
    subject: str
    zh: str
    en: str


class DeskReceipt(NamedTuple):
    """`refs` name the entries for later ones; `receipt` is what the server holds; `findings` what
    it found to contradict."""

    refs: list[str]
    receipt: Receipt
    findings: list[Found]


def append(
    actor: Actor,
    entries: Sequence[Mapping[str, Any]],
    *,
    site_id: int | None = None,
    lab_id: int | None = None,
    round_id: int,
    at: datetime,
) -> DeskReceipt:
    """State entries (docs/journal.md; without number, time, staff, place, salt) in the actor's
    own journal, in this transaction. An entry may bring its own `at` (paper written earlier).

    The journal's row is locked before numbers are given, so two windows of one person cannot draw
    the same number."""
    device = devices.desk_device(actor, site_id, lab_id, at=at)
    wire = wire_id(device.device_id)
    branch = queries.lock_branches(
        device.cell_id, device.device_id, hashing.journal_id(wire), wire,
        hashing.genesis(device.device_id, wire), at=at,
    )[0]  # fmt: skip
    common = {
        "staff": actor.staff_id, "round": round_id, "site": site_id, "lab": lab_id, "offset": 0,
        "at": clock.to_ms(at),
    }  # fmt: skip
    written = [
        _write({**common, **entry, "seq": branch.last + i}) for i, entry in enumerate(entries, 1)
    ]
    body, _ = chain.write(
        devices.desk_key(device), device.device_id, wire, branch.last + 1, branch.head, written,
        sent_ms=clock.to_ms(at),
    )  # fmt: skip
    receipt = service.ingest_within(body, received_at=at)
    refs = [hashing.ref(hashlib.sha256(e).digest()) for e in written]
    return DeskReceipt(refs, receipt, findings(entries, device, at=at))


def at_bench(lab_id: int, entries: Sequence[Mapping[str, Any]], *, by: int, at: datetime) -> bool:
    """What a laboratory's bench states, each entry with its round; False when the act is not that
    of the person who signed this request in."""
    actor = find_actor() if has_request_context() else None
    if actor is None or actor.staff_id != by:
        return False
    append(actor, entries, lab_id=lab_id, round_id=0, at=at)
    return True


reception.open_door(at_bench)


def wire_id(device_id: int) -> str:
    """A desk has one journal; its id follows from the device's."""
    return hashlib.sha256(str(device_id).encode()).hexdigest()[:32]


def ref_of(line_id: int) -> str:
    """A `ref` by which an entry may name the line or swab of this id (tube.chain.ref_id reads it)."""
    return f"{line_id << 1:016x}"


def _write(entry: Mapping[str, Any]) -> bytes:
    salted = {**entry, "salt": b64(secrets.token_bytes(SALT))}
    return orjson.dumps({k: v for k, v in salted.items() if v is not None})


def findings(
    entries: Sequence[Mapping[str, Any]], device: DeviceRow, *, at: datetime
) -> list[Found]:
    """The tickets that were opened at `at` about the tubes and boxes these entries name."""
    tubes = {str(e[f]) for e in entries for f in TUBE_FIELDS if e.get(f)}
    wires = {str(e["batch"]) for e in entries if e.get("batch")}
    cells = {k.cell_id for k in find_keys(tubes).values()} | {device.cell_id}
    subjects = tubes | {str(int(w.partition("-")[2][:16], 16) >> 1) for w in wires}
    cells |= {int(w.partition("-")[0]) for w in wires}
    return _opened(cells, subjects, at)


def _opened(cells: Collection[int], subjects: Collection[str], at: datetime) -> list[Found]:
    if not subjects:
        return []
    rows = fetch(
        "SELECT kind, weight, subject_id FROM ticket WHERE cell_id = ANY(%s) "
        "AND subject_id = ANY(%s) AND state IN ('open', 'noted') AND opened_at = %s ORDER BY kind",
        (sorted(cells), sorted(subjects), at),
    )
    return [Found(k, w, s, KINDS[k].zh, KINDS[k].en) for k, w, s in rows]
