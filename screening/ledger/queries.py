"""Reading the ledger: totals of a round, devices, last scans, balances, signatures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from screening.db import by_cell, fetch
from screening.ledger.parts import FAN_OUT, JOURNALS, Item
from screening.ledger.rules import UNSAID
from screening.ledger.sight import Sight
from screening.registry.queries import get_policy
from screening.tube.rules import Stage


def count_stages(round_id: int, sight: Sight) -> list[tuple]:
    """(site, laboratory, stage, tubes, persons), counted from the tubes themselves."""
    rows = fetch(
        "SELECT site_id, lab_id, stage, count(*), sum(members)::int8 FROM tube "
        "WHERE cell_id = ANY(%s) AND round_id = %s AND (%s OR site_id = ANY(%s) "
        f"OR (site_id IS NULL AND lab_id = ANY(%s))) GROUP BY 1, 2, 3 ORDER BY 3 {FAN_OUT}",
        (sight.cells, round_id, sight.everywhere, sight.sites, sight.labs),
    )
    return rows


# Coverage is a neighbour: its counter is read here as it is.
def told_swabs(round_id: int, cells: Sequence[int]) -> dict[int, int]:
    """{void code: swabs} as they were counted last, a few seconds ago."""
    rows = fetch(
        "SELECT void, sum(swabs)::int8 FROM swab_count WHERE cell_id = ANY(%s) AND round_id = %s "
        f"GROUP BY void ORDER BY void {FAN_OUT}",
        (list(cells), round_id),
    )
    return dict(rows)


def count_swabs(round_id: int, cells: Sequence[int]) -> dict[int, int]:
    """{void code: swabs}, row by row; 0 are the live ones. For what is kept for ever."""
    rows = fetch(
        "SELECT void, count(*) FROM specimen WHERE cell_id = ANY(%s) AND round_id = %s "
        f"GROUP BY void ORDER BY void {FAN_OUT}",
        (list(cells), round_id),
    )
    return dict(rows)


def count_matters(round_id: int, cells: Sequence[int]) -> dict[str, int]:
    """What is open beside the balance: tickets by weight, callbacks, alerts, and calls
    about alerts that nobody has answered, whatever became of the alert."""
    args = (list(cells), round_id)
    tickets = fetch(
        "SELECT weight, count(*) FROM ticket WHERE cell_id = ANY(%s) AND round_id = %s "
        f"AND state IN ('open', 'solved') GROUP BY weight {FAN_OUT}",
        args,
    )
    callbacks = fetch(
        "SELECT count(*) FROM callback WHERE cell_id = ANY(%s) AND round_id = %s "
        f"AND state IN ('open', 'sampled') {FAN_OUT}",
        args,
    )
    alerts = fetch(
        "SELECT count(*) FROM alert WHERE cell_id = ANY(%s) AND round_id = %s "
        f"AND settled_at IS NULL {FAN_OUT}",
        args,
    )
    calls = fetch(
        "SELECT count(*) FROM duty_call c JOIN alert a "
        "ON a.cell_id = c.cell_id AND a.alert_id = c.alert_id WHERE c.cell_id = ANY(%s) "
        f"AND a.round_id = %s AND c.due_at IS NOT NULL {FAN_OUT}",
        args,
    )
    told = {"callback": callbacks[0][0], "alert": alerts[0][0], "call": calls[0][0]}
    return {**dict(tickets), **told}


def count_open_tubes(round_id: int, cells: Sequence[int]) -> int:
    """Tubes that were opened and not closed, those left out that two persons explained."""
    return fetch(
        "SELECT count(*) FROM tube t WHERE t.cell_id = ANY(%s) AND t.round_id = %s "
        "AND t.stage = %s AND NOT EXISTS (SELECT FROM explanation e WHERE e.cell_id = t.cell_id "
        "AND e.round_id = t.round_id AND e.subject_id = t.barcode AND e.checked_by IS NOT NULL) "
        + FAN_OUT,
        (list(cells), round_id, int(Stage.OPEN)),
    )[0][0]


# Coverage is a neighbour: its rollup is read here as it is.
def count_unsaid(round_id: int, cells: Sequence[int]) -> int:
    """Missed persons of whom nobody said what came of it, as the rollup counted them last."""
    return fetch(
        f"SELECT coalesce(sum({' + '.join(UNSAID)}), 0)::int8 FROM coverage "
        f"WHERE cell_id = ANY(%s) AND round_id = %s {FAN_OUT}",
        (list(cells), round_id),
    )[0][0]


# --- devices ----------------------------------------------------------------------------------


class DeviceLine(NamedTuple):
    """A journal that spoke in the round. `last` numbers are held, the last entry was written at
    `last_at`, `held` is the first number waiting beyond a gap. `why` None: complete, or declared
    lost (`lost_by`)."""

    cell_id: int
    device_id: int
    name: str
    state: str
    lost_by: int | None
    site_id: int | None
    lab_id: int | None
    journal_id: int
    branch: int
    last: int
    closed_at: int | None
    last_at: datetime | None
    heard_at: datetime
    held: int | None
    why: str | None


def list_devices(round_id: int, sight: Sight) -> list[DeviceLine]:
    """The journals of a round with their last number and time; those not complete first."""
    rows = fetch(
        f"SELECT * FROM ({JOURNALS}) q WHERE %(everywhere)s OR site_id = ANY(%(sites)s) "
        f"OR lab_id = ANY(%(labs)s) ORDER BY why IS NULL, heard_at, device_id {FAN_OUT}",
        {
            "device_cells": sight.cells, "round": round_id, "everywhere": sight.everywhere,
            "sites": sight.sites, "labs": sight.labs,
        },
    )  # fmt: skip
    return [DeviceLine(*r) for r in rows]


class Silent(NamedTuple):
    """A phone enrolled at a site of the round that has said nothing since the round began."""

    device_id: int
    name: str
    site_id: int
    heard_at: datetime | None
    last: int | None


def list_silent(round_id: int, sight: Sight) -> list[Silent]:
    """Phones in use at the round's sites that were not heard from since it started."""
    policy = get_policy(round_id)
    if policy.started_at is None:
        return []
    rows = fetch(
        "SELECT d.device_id, d.name, d.site_id, d.heard_at, "
        "(SELECT max(j.last) FROM journal j WHERE j.cell_id = d.cell_id "
        "AND j.device_id = d.device_id) FROM device d JOIN site s ON s.site_id = d.site_id "
        "JOIN area a ON a.area_id = s.area_id WHERE d.kind = 'phone' AND d.state = 'active' "
        "AND NOT d.practice AND (d.heard_at IS NULL OR d.heard_at < %(since)s) "
        "AND (CASE WHEN %(all_sites)s THEN a.path LIKE ANY(%(paths)s) "
        "ELSE d.site_id = ANY(%(round_sites)s) END) "
        "AND (%(everywhere)s OR d.site_id = ANY(%(sites)s)) ORDER BY d.site_id, d.name "
        f"{FAN_OUT}",
        {
            "since": policy.started_at,
            "all_sites": policy.site_ids is None,
            "round_sites": sorted(policy.site_ids or ()),
            "paths": [p + "%" for p in policy.area_paths],
            "everywhere": sight.everywhere,
            "sites": sight.sites,
        },
    )
    return [Silent(*r) for r in rows]


class Scan(NamedTuple):
    """The last thing that anybody said of a tube."""

    verb: int
    at: datetime
    recorded_at: datetime
    device_id: int
    staff_id: int | None
    site_id: int | None
    lab_id: int | None


def last_scans(round_id: int, items: Iterable[Item]) -> dict[str, Scan]:
    """{tube: its last scan}, for the tubes among these items."""
    out: dict[str, Scan] = {}
    tubes = [(i.cell_id, i.subject_id) for i in items if i.stage is not None]
    for cell, group in by_cell(tubes):
        rows = fetch(
            "SELECT DISTINCT ON (barcode) barcode, verb, at, recorded_at, device_id, staff_id, "
            "site_id, lab_id FROM custody WHERE cell_id = %s AND round_id = %s "
            "AND barcode = ANY(%s) ORDER BY barcode, at DESC, seq DESC",
            (cell, round_id, [b for _, b in group]),
        )
        out |= {r[0]: Scan(*r[1:]) for r in rows}
    return out


# --- names for screens ------------------------------------------------------------------------


def names_of_places(rows: Iterable[tuple[int | None, int | None]]) -> tuple[dict, dict]:
    """({site: name}, {laboratory: name}) of (site, lab) pairs."""
    wanted: dict[str, set[int]] = defaultdict(set)
    for site, lab in rows:
        wanted["site"].add(site or 0)
        wanted["lab"].add(lab or 0)
    found = [
        dict(fetch(f"SELECT {k}_id, name FROM {k} WHERE {k}_id = ANY(%s)", (sorted(wanted[k]),)))
        for k in ("site", "lab")
    ]
    return found[0], found[1]


# --- balances and signatures ------------------------------------------------------------------


class Signature(NamedTuple):
    step: int
    by: int
    at: datetime
    balance_id: int


def list_signatures(round_id: int, *, lock: bool = False) -> list[Signature]:
    rows = fetch(
        "SELECT step, by, at, balance_id FROM sign_off WHERE round_id = %s ORDER BY step"
        + (" FOR UPDATE" if lock else ""),
        (round_id,),
    )
    return [Signature(*r) for r in rows]


def find_balance(round_id: int, kind: str) -> tuple[int, datetime, dict] | None:
    """(number, cut-off, body) of the newest stored balance of a kind: live, sign_off, check."""
    rows = fetch(
        "SELECT balance_id, cut_off, body FROM balance WHERE round_id = %s AND kind = %s "
        "ORDER BY balance_id DESC LIMIT 1",
        (round_id, kind),
    )
    return rows[0] if rows else None


def find_live(round_id: int, *, since: datetime) -> dict | None:
    """The picture that the worker kept, unless it was taken before `since` (real time)."""
    rows = fetch(
        "SELECT body FROM balance WHERE round_id = %s AND kind = 'live' AND made_at >= %s "
        "ORDER BY balance_id DESC LIMIT 1",
        (round_id, since),
    )
    return rows[0][0] if rows else None
