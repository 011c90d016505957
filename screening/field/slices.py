"""What a phone takes along into the stairwell: rounds and rules, patterns, the catchment's roster.

Columnar and masked: no document number, whole name or telephone number leaves the server. A phone
that already holds the roster (same `revision`) gets only the flags that change."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from flask import current_app

from screening import clock
from screening.accounts import audit
from screening.accounts.rules import Limit
from screening.collection.checks import RESULT_LANE
from screening.collection.persons import community_of, ring
from screening.collection.queries import SiteRow, find_site
from screening.crypto import b64
from screening.db import fetch
from screening.errors import NotFound
from screening.field.queries import DeviceRow
from screening.places import queries as places
from screening.registry import queries as registry
from screening.registry import seals
from screening.registry.documents import Document, mask
from screening.registry.names import mask_name
from screening.registry.queries import RoundPolicy
from screening.registry.rules import GONE, Mode
from screening.tube.labels import PATTERNS

FORMAT = "screening-slice-1"
MOST = Limit(5000, "architecture 5: the catchment roster is usually at most 5,000 persons")
HOURS = Limit(12, "house; one shift, then the roster is wiped")


class _Person(NamedTuple):
    person_id: int
    household_id: int | None
    lane: int
    key_group: str | None
    doc_type: int
    sealed: bytes


def make(device: DeviceRow, *, revision: str = "", at: datetime) -> dict[str, Any]:
    """The slice for one device's site. Raises NotFound for a device of no site."""
    site = find_site(device.site_id)
    if site is None:
        raise NotFound()
    named = places.get_site(site.site_id)
    people = [] if device.practice else _people(site)
    own = _revision(people)
    rounds = [p for p in registry.open_rounds() if p.at_site(site.site_id)]
    audit.note("slice", "device", device.device_id, cell=device.cell_id,
               detail={"community": community_of(site), "persons": len(people)},
               device_id=device.device_id)  # fmt: skip
    return {
        "format": FORMAT,
        "made_at": clock.to_ms(at),
        "expires_at": clock.to_ms(at + timedelta(hours=HOURS.value)),
        "practice": device.practice,
        "server_key": b64(current_app.extensions["keys"].server_public()),
        "site": {
            "id": site.site_id, "code": named.code, "name": named.name, "kind": site.kind,
            "cell": site.cell_id, "tables": named.tables,
        },
        "patterns": [p.to_dict() for p in PATTERNS.get()],
        "revision": own,
        "roster": None if revision == own else _roster(site, people),
        "rounds": [_round(p, site, people, at) for p in rounds],
    }  # fmt: skip


def _people(site: SiteRow) -> list[_Person]:
    rows = fetch(
        "SELECT person_id, household_id, lane, key_group, doc_type, sealed FROM person "
        "WHERE cell_id = %s AND community_id = %s AND flags & %s = 0 ORDER BY person_id LIMIT %s",
        (site.cell_id, community_of(site), int(GONE), MOST.value),
    )
    return [_Person(*r) for r in rows]


def _revision(people: Sequence[_Person]) -> str:
    """Changes when anybody comes, goes, or is written anew."""
    sha = hashlib.sha256()
    for p in people:
        sha.update(f"{p.person_id},{p.household_id}\n".encode() + bytes(p.sealed)[:29])
    return sha.hexdigest()[:16]


def _roster(site: SiteRow, people: Sequence[_Person]) -> dict[str, Any]:
    """One list a column, in the same order; `household` numbers households within the slice."""
    keys = ring()
    households: dict[int, int] = {}
    out: dict[str, Any] = {
        "cell": site.cell_id, "person": [], "name": [], "document": [], "household": [],
    }  # fmt: skip
    for p in people:
        details = seals.open_person(keys, p.sealed)
        out["person"].append(str(p.person_id))  # beyond what JavaScript's numbers hold
        out["name"].append(mask_name(details.name))
        out["document"].append(mask(Document(seals.DOC_TYPES[p.doc_type], details.number)))
        home = None
        if p.household_id is not None:
            home = households.setdefault(p.household_id, len(households) + 1)
        out["household"].append(home)
    return out


def _round(
    policy: RoundPolicy, site: SiteRow, people: Sequence[_Person], at: datetime
) -> dict[str, Any]:
    """A round's policy here, and by index in the roster who is sampled and who must be alone."""
    zones = registry.zone_kinds(site.path, at)
    pool = policy.pool(zones, (), site.kind)
    sampled = _sampled(site.cell_id, policy.round_id)
    alone = {
        group: policy.pool(zones, (group,), site.kind).mode is Mode.SINGLE
        for group in {p.key_group for p in people if p.key_group}
    }
    return {
        "id": policy.round_id,
        "name": policy.name,
        "kind": policy.kind,
        "state": policy.state,
        "ends_at": clock.to_ms(policy.ends_at),
        "mode": pool.mode.value,
        "size": pool.capacity,
        "limits": policy.limits,
        "sampled": [i for i, p in enumerate(people) if p.person_id in sampled],
        # no reason goes along: a called-back person and a hospital's nurse look alike
        "single": [
            i for i, p in enumerate(people)
            if p.lane == RESULT_LANE or alone.get(p.key_group or "", False)
        ],
    }  # fmt: skip


def _sampled(cell: int, round_id: int) -> set[int]:
    """Persons of a cell with a swab of record: exact, as of this transaction."""
    rows = fetch(
        "SELECT person_id FROM specimen WHERE cell_id = %s AND round_id = %s AND of_record",
        (cell, round_id),
    )
    return {r[0] for r in rows}
