"""What a phone takes along into the stairwell: rounds and rules, patterns, keys, the catchment's
roster, and the work that lies at its place.

Columnar and masked: no whole document number, name or telephone number leaves the server. A phone
that already holds the roster (same `revision`) gets only what changes. docs/field-slice.md."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from screening import clock
from screening.accounts import audit
from screening.accounts import queries as accounts
from screening.accounts.rules import Limit
from screening.collection.checks import At, zone_words
from screening.collection.persons import community_of
from screening.collection.queries import SiteRow, find_site
from screening.crypto import b64
from screening.errors import NotFound
from screening.field import boxes, near, roster, work
from screening.field.queries import DeviceRow
from screening.places import queries as places
from screening.registry import code_keys
from screening.registry import queries as registry
from screening.registry.queries import RoundPolicy
from screening.transport.redirect_news import Seen, note_seen
from screening.tube.labels import PATTERNS

FORMAT = "screening-slice-2"
HOURS = Limit(12, "house; one shift, then the roster is wiped")
UNASSIGNED = 0


def make(device: DeviceRow, *, revision: str = "", at: datetime) -> dict[str, Any]:
    """The slice for one device's site or laboratory. Raises NotFound for one of neither."""
    if device.lab_id:
        return {**_common(device, at), **_of_lab(device.lab_id)}
    site = find_site(device.site_id)
    if site is None:
        raise NotFound()
    return {**_common(device, at), **_of_site(device, site, revision, at)}


def hear(device: DeviceRow, seen: list[dict[str, Any]], *, at: datetime) -> None:
    """What was read on this phone since its last slice."""
    if device.practice:
        return
    note_seen(
        (Seen(s["batch"], s["redirect"], s["by"], clock.from_ms(s["at"])) for s in seen),
        device_id=device.device_id, recorded_at=at,
    )  # fmt: skip


def _common(device: DeviceRow, at: datetime) -> dict[str, Any]:
    named = accounts.get_device(device.device_id)
    return {
        "format": FORMAT,
        "made_at": clock.to_ms(at),
        "expires_at": clock.to_ms(at + timedelta(hours=HOURS.value)),
        "practice": device.practice,
        "server_key": b64(current_app.extensions["keys"].server_public()),
        "code_keys": code_keys.public_keys(),
        "device": {
            "id": str(device.device_id), "name": named.name, "practice": device.practice,
            "state": device.state,
        },
        "patterns": [p.to_dict() for p in PATTERNS.get()],
    }  # fmt: skip


# --- a site ---------------------------------------------------------------------------------


def _of_site(device: DeviceRow, site: SiteRow, revision: str, at: datetime) -> dict[str, Any]:
    named = places.get_site(site.site_id)
    people = [] if device.practice else roster.list_people(site)
    rounds = near.rounds_at(site.site_id, site.path)
    own = roster.revision_of(people)
    cohorts = roster.cohorts_of(people, at)
    audit.note("slice", "device", device.device_id, cell=device.cell_id,
               detail={"community": community_of(site), "persons": len(people)},
               device_id=device.device_id)  # fmt: skip
    return {
        "site": {
            "id": str(site.site_id), "code": named.code, "name": named.name, "kind": site.kind,
            "cell": site.cell_id, "tables": named.tables,
        },
        "lab": None,
        "staff": near.staff_lines(places.place_of_site(site.site_id)),
        "labs": near.lab_lines(site.site_id, site.path, rounds),
        "sites": near.site_lines(site.path),
        "redirects": near.redirect_lines(site.path),
        "revision": own,
        "roster": None if revision == own else roster.pack(site.cell_id, people),
        "rounds": [_round(p, site, people, cohorts, at) for p in rounds],
        "used": work.used_at(site),
        "work": _work(device, site, rounds),
        "expected": [],
    }  # fmt: skip


def _work(device: DeviceRow, site: SiteRow, rounds: list[RoundPolicy]) -> dict[str, Any]:
    asker = work.Asker(device.device_id)
    open_rounds = [UNASSIGNED, *(p.round_id for p in rounds)]
    return {"tubes": work.tubes_at(site, open_rounds, asker), **boxes.boxes_at(site, asker)}


def _round(
    policy: RoundPolicy, site: SiteRow, people: list[roster.Person],
    cohorts: dict[int, frozenset[str]], at: datetime,
) -> dict[str, Any]:  # fmt: skip
    """A round's policy here, and who of the roster is swabbed and who must be alone."""
    zones = registry.zone_kinds(site.path, at)
    pool = policy.pool(zones, (), site.kind)
    why = zone_words(At(site, policy.round_id, at))
    return {
        **_named(policy),
        "mode": pool.mode.value,
        "size": pool.capacity,
        "why": {"zh": why["why"], "en": why["why_en"]},
        **roster.pack_sampled(site, policy.round_id, people),
        "single": roster.pack_single(policy, site, zones, people, cohorts),
    }


def _named(policy: RoundPolicy) -> dict[str, Any]:
    return {
        "id": policy.round_id,
        "name": policy.name,
        "kind": policy.kind,
        "state": policy.state,
        "ends_at": clock.to_ms(policy.ends_at),
        "limits": policy.limits,
    }


# --- a laboratory ---------------------------------------------------------------------------


def _of_lab(lab_id: int) -> dict[str, Any]:
    """A laboratory's phone takes no people along: tubes and boxes only."""
    lab = places.get_lab(lab_id)
    nothing = {"index": "", "at": "", "site": ""}
    rounds = sorted(registry.open_rounds(), key=lambda p: -p.round_id)
    return {
        "site": None,
        "lab": {"id": str(lab.lab_id), "code": lab.code, "name": lab.name, "kind": "lab"},
        "staff": near.staff_lines(places.place_of_lab(lab_id)),
        "labs": [{"id": str(lab.lab_id), "name": lab.name, "default": True}],
        "revision": "",
        "roster": None,
        "rounds": [
            {**_named(p), "mode": "pooled", "size": 0, "why": {"zh": "", "en": ""},
             "sampled": nothing, "sites": [""], "single": ""}
            for p in rounds
        ],
        "used": {"tube": "", "at": "", "site": "", "sites": [""]},
        "work": {"tubes": [], "boxes": [], "sealed": []},
        "expected": boxes.expected_at(lab_id),
        "redirects": [],
    }  # fmt: skip
