"""Rounds approved, started, extended, stopped, cancelled. Sign-off belongs to the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from screening.accounts.roles import Actor
from screening.db import fetch, insert, run
from screening.places import queries as places
from screening.registry import rules
from screening.registry.queries import ROUNDS, RoundPolicy, get_policy
from screening.registry.rules_schedule import Beside, beside
from screening.registry.service.rounds.frame import lock_rounds, lock_state, told
from screening.registry.service.rounds.partitions import make_partitions
from screening.registry.service.rounds.problems import NeedsOwnSites, ScopeTaken


def approve(round_id: int, *, by: Actor) -> None:
    """draft → scheduled; its partitions are made now, hours before anybody scans."""
    to = lock_state(round_id, "approve")
    run(
        "UPDATE round SET state = %s, approved_by = %s WHERE round_id = %s",
        (to, by.staff_id, round_id),
    )
    make_partitions(round_id)
    told("round_approved", round_id)


def start(round_id: int, *, at: datetime) -> None:
    """scheduled → sampling. Raises ScopeTaken, WrongRoundState."""
    lock_rounds()
    to = lock_state(round_id, "start")
    _check_free(get_policy(round_id))
    make_partitions(round_id)
    run("UPDATE round SET state = %s, started_at = %s WHERE round_id = %s", (to, at, round_id))
    told("round_started", round_id)


def _check_free(mine: RoundPolicy) -> None:
    for other in ROUNDS.fresh().values():
        if other.state != rules.RoundState.SAMPLING or other.round_id == mine.round_id:
            continue
        if other.drill != mine.drill or not rules.scopes_meet(
            mine.area_paths, mine.cohorts, other.area_paths, other.cohorts
        ):
            continue
        said = beside((mine.kind, mine.site_ids), (other.kind, other.site_ids))
        if said is Beside.NEEDS_SITES:
            raise NeedsOwnSites(name=other.name, round_id=other.round_id)
        if said is Beside.NO:
            raise ScopeTaken(name=other.name, round_id=other.round_id)


def extend(
    round_id: int,
    *,
    ends_at: datetime | None = None,
    area_ids: Collection[int] = (),
    sites: Mapping[int, int | None] | None = None,
) -> None:
    """More time, areas or sites while sampling goes on; the audit holds each version."""
    lock_rounds()
    lock_state(round_id, "extend")
    if ends_at is not None:
        run("UPDATE round SET ends_at = %s WHERE round_id = %s", (ends_at, round_id))
    if any(places.find_area(a) is None for a in area_ids):
        raise places.NoSuchPlace()
    insert(
        "round_area",
        ("round_id", "area_id"),
        [(round_id, a) for a in sorted(area_ids)],
        "ON CONFLICT DO NOTHING",
    )
    insert(
        "round_site",
        ("round_id", "site_id", "lab_id"),
        [(round_id, s, lab) for s, lab in sorted((sites or {}).items())],
        "ON CONFLICT (round_id, site_id) DO UPDATE SET lab_id = EXCLUDED.lab_id",
    )
    ROUNDS.forget()
    _check_free(get_policy(round_id))
    detail = {"areas": sorted(area_ids), "sites": sorted(sites or {}), "ends_at": str(ends_at)}
    told("round_extended", round_id, detail)


def stop(round_id: int, *, at: datetime) -> None:
    """sampling → finishing: no new binds except rechecks and door lists."""
    to = lock_state(round_id, "stop")
    run("UPDATE round SET state = %s, stopped_at = %s WHERE round_id = %s", (to, at, round_id))
    told("round_stopped", round_id)


def cancel(round_id: int) -> None:
    """A round that never started is given up."""
    to = lock_state(round_id, "cancel")
    run("UPDATE round SET state = %s WHERE round_id = %s", (to, round_id))
    told("round_cancelled", round_id)


def sign_off(round_id: int, *, at: datetime) -> None:
    """finishing → closed. Only the ledger calls it, after its own check of the balance."""
    to = lock_state(round_id, "sign_off")
    run("UPDATE round SET state = %s, signed_at = %s WHERE round_id = %s", (to, at, round_id))
    told("round_signed_off", round_id)


def labs_of(round_id: int) -> dict[int, int | None]:
    """{site: laboratory of its boxes} of a round that names its sites."""
    return dict(fetch("SELECT site_id, lab_id FROM round_site WHERE round_id = %s", (round_id,)))
