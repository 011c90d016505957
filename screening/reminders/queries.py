"""Reading for reminders: the missed with names and phones, waves, contacts, silent catchments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from screening.coverage.equation import Missed
from screening.coverage.queries import list_missed
from screening.db import by_cell, fetch
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import BUILDING, COMMUNITY, GRID, Place
from screening.registry import seals
from screening.registry.queries import RoundPolicy, get_policy
from screening.registry.service.persons import ring
from screening.reminders.rules import SILENT_MINUTES


class NoSuchWave(NotFound):
    code = "no_such_wave"
    zh = "没有这批提醒。"
    en = "There is no such wave of reminders."


# --- the missed ---------------------------------------------------------------------------------


class Opened(NamedTuple):
    """One missed person, opened: handle briefly, show masked."""

    cell_id: int
    community_id: int
    missed: Missed
    details: seals.Details
    snoozed: datetime | None

    @property
    def person_id(self) -> int:
        return self.missed.person_id

    @property
    def until(self) -> datetime | None:
        """Until when this person shall be left in peace."""
        times = [t for t in (self.missed.until, self.snoozed) if t is not None]
        return max(times, default=None)


def communities_of(node: Node) -> list[Node]:
    """The communities under an area, by id; the own community of a grid or building."""
    if node.level > COMMUNITY:
        return [n for n in places.line_above(node) if n.level == COMMUNITY]
    found = [
        n for n in places.TREE.get().by_id.values()
        if n.level == COMMUNITY and n.path.startswith(node.path)
    ]  # fmt: skip
    return sorted(found)


def get_node(area_id: int) -> Node:
    node = places.find_area(area_id)
    if node is None:
        raise places.NoSuchPlace()
    return node


def open_missed(
    community: Node,
    round_id: int,
    *,
    at: datetime,
    within: Node | None = None,
    states: Collection[str] = (),
) -> list[Opened]:
    """The missed of one community with their details, by building and household; of a grid or
    building only when `within` names one, of some `states` only when any are named."""
    found = list_missed(community.cell_id, round_id, community.area_id, at=at)
    wanted = {m.person_id: m for m in found if not states or m.state in states}
    stored = _sealed(community.cell_id, list(wanted))
    snoozed = _snoozed(community.cell_id, round_id, list(wanted), at)
    keys = ring()
    out = []
    for person, missed in wanted.items():
        if person not in stored:
            continue
        sealed, grid = stored[person]
        if within is None or _inside(missed, grid, within):
            details = seals.open_person(keys, sealed)
            out.append(
                Opened(community.cell_id, community.area_id, missed, details, snoozed.get(person))
            )
    return out


def _inside(missed: Missed, grid: int | None, node: Node) -> bool:
    if node.level == BUILDING:
        return missed.building_id == node.area_id
    if node.level == GRID:
        building = places.find_path(missed.building_id) if missed.building_id else None
        return grid == node.area_id or (building or "").startswith(node.path)
    return True


def _sealed(cell: int, persons: Sequence[int]) -> dict[int, tuple[bytes, int | None]]:
    rows = fetch(
        "SELECT person_id, sealed, grid_id FROM person WHERE cell_id = %s AND person_id = ANY(%s)",
        (cell, list(persons)),
    )
    return {person: (sealed, grid) for person, sealed, grid in rows}


def _snoozed(cell: int, round_id: int, persons: Sequence[int], at: datetime) -> dict[int, datetime]:
    """Who asked, in the last word held, to be contacted later."""
    rows = fetch(
        "SELECT DISTINCT ON (person_id) person_id, outcome, until FROM contact WHERE cell_id = %s "
        "AND round_id = %s AND person_id = ANY(%s) ORDER BY person_id, at DESC, contact_id DESC",
        (cell, round_id, list(persons)),
    )
    return {p: until for p, outcome, until in rows if outcome == "later" and until and until > at}


def open_person(cell: int, person_id: int) -> tuple[int, seals.Details]:
    """(community, details) of one person. Raises NotFound."""
    rows = fetch(
        "SELECT community_id, sealed FROM person WHERE cell_id = %s AND person_id = %s",
        (cell, person_id),
    )
    if not rows:
        raise NotFound()
    return rows[0][0], seals.open_person(ring(), rows[0][1])


class ContactRow(NamedTuple):
    contact_id: int
    kind: str
    outcome: str
    until: datetime | None
    made_by: int | None
    at: datetime


def list_contacts(cell: int, round_id: int, person_id: int) -> list[ContactRow]:
    """What was tried with one person in a round, the latest first."""
    rows = fetch(
        "SELECT contact_id, kind, outcome, until, made_by, at FROM contact WHERE cell_id = %s "
        "AND round_id = %s AND person_id = %s ORDER BY at DESC, contact_id DESC LIMIT 100",
        (cell, round_id, person_id),
    )
    return [ContactRow(*r) for r in rows]


def opted_out(hashes: Collection[bytes]) -> set[bytes]:
    rows = fetch("SELECT phone_hash FROM opt_out WHERE phone_hash = ANY(%s)", (list(hashes),))
    return {bytes(r[0]) for r in rows}


# --- silent catchments ----------------------------------------------------------------------------


def silent_communities(
    round_id: int, communities: Iterable[Node], *, at: datetime
) -> dict[int, list[int]]:
    """{community: devices} of catchments in which a phone may still hold swabs unsent.

    A site serves the communities of its area and those its area lies in. A phone is silent when
    numbers of its journal are missing, or when the journal is not closed and was not heard for
    SILENT_MINUTES, or when nothing was ever heard of it; one declared lost is not."""
    sites = _sites(get_policy(round_id))
    silent = _silent_devices(list(sites), at)
    out: dict[int, list[int]] = {}
    for c in communities:
        devices = sorted(
            device
            for site, found in silent.items()
            if sites[site].startswith(c.path) or c.path.startswith(sites[site])
            for device in found
        )
        if devices:
            out[c.area_id] = devices
    return out


def _sites(policy: RoundPolicy) -> dict[int, str]:
    rows = fetch(
        "SELECT s.site_id, a.path FROM site s JOIN area a USING (area_id) WHERE s.valid_to IS NULL"
    )
    return {
        site: path
        for site, path in rows
        if policy.at_site(site)
        and any(path.startswith(p) or p.startswith(path) for p in policy.area_paths)
    }


def _silent_devices(sites: Sequence[int], at: datetime) -> dict[int, list[int]]:
    devices = fetch(
        "SELECT device_id, site_id, cell_id FROM device WHERE site_id = ANY(%s) "
        "AND kind = 'phone' AND NOT practice AND state <> 'lost'",
        (list(sites),),
    )
    journals: dict[int, list[bool]] = defaultdict(list)
    late = at - timedelta(minutes=SILENT_MINUTES)
    for cell, group in by_cell([(c, d) for d, _, c in devices]):
        ids = [d for _, d in group]
        for device, last, closed, heard in fetch(
            "SELECT device_id, last, closed_at, heard_at FROM journal "
            "WHERE cell_id = %s AND device_id = ANY(%s)",
            (cell, ids),
        ):
            journals[device].append(closed != last and heard < late)
        for (device,) in fetch(
            "SELECT DISTINCT device_id FROM journal_block WHERE cell_id = %s "
            "AND device_id = ANY(%s) AND state = 1",
            (cell, ids),
        ):
            journals[device].append(True)
    out: dict[int, list[int]] = defaultdict(list)
    for device, site, _ in devices:
        if not journals[device] or any(journals[device]):
            out[site].append(device)
    return out


# --- waves ----------------------------------------------------------------------------------------


class WaveRow(NamedTuple):
    wave_id: int
    round_id: int
    area_id: int
    template: str
    text: str
    state: str
    include_silent: bool
    silent_by: int | None
    made_by: int
    made_at: datetime
    counts: dict[str, Any] | None


_WAVE = ", ".join(f"w.{f}" for f in WaveRow._fields)


def get_wave(wave_id: int, *, lock: bool = False) -> WaveRow:
    """Raises NoSuchWave."""
    tail = " FOR UPDATE" if lock else ""
    rows = fetch(f"SELECT {_WAVE} FROM wave w WHERE wave_id = %s{tail}", (wave_id,))
    if not rows:
        raise NoSuchWave()
    return WaveRow(*rows[0])


def list_waves(
    held: Sequence[Place],
    *,
    round_id: int | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[WaveRow]:
    """Waves of areas within the places, the newest first; paged by id."""
    cond, params = places.in_scope(held)
    rows = fetch(
        f"SELECT {_WAVE} FROM wave w JOIN area a USING (area_id) WHERE {cond} "
        "AND (%s::bigint IS NULL OR w.round_id = %s) AND (%s::bigint IS NULL OR w.wave_id < %s) "
        "ORDER BY w.wave_id DESC LIMIT %s",
        (*params, round_id, round_id, before, before, limit),
    )
    return [WaveRow(*r) for r in rows]


def place_of_wave(wave_id: int) -> Place:
    return places.place_of_area(get_wave(wave_id).area_id)


def cells_of(area_id: int) -> list[int]:
    node = get_node(area_id)
    return [node.cell_id] if node.cell_id else places.cells_under(node.path)


def count_messages(wave: WaveRow) -> dict[str, int]:
    """Messages of a wave by state, dropped ones by why: {"sent": 3, "dropped:sampled": 1}."""
    rows = fetch(
        "SELECT state || coalesce(':' || dropped_why, ''), count(*) FROM wave_message "
        "WHERE cell_id = ANY(%s) AND wave_id = %s GROUP BY 1",
        (cells_of(wave.area_id), wave.wave_id),
    )
    return dict(rows)


def count_came(wave: WaveRow) -> int:
    """Persons named in a sent message who were swabbed after it (发后已检)."""
    rows = fetch(
        "SELECT count(DISTINCT p.person) FROM wave_message m, "
        "LATERAL (SELECT (x->>0)::bigint AS cell, (x->>1)::bigint AS person "
        "FROM jsonb_array_elements(m.persons) x) p "
        "JOIN specimen s ON s.cell_id = p.cell AND s.round_id = %s AND s.person_id = p.person "
        "WHERE m.cell_id = ANY(%s) AND m.wave_id = %s AND m.state = 'sent' "
        "AND s.cell_id = ANY(%s) AND s.void = 0 AND s.at > m.at",
        (wave.round_id, cells_of(wave.area_id), wave.wave_id, cells_of(wave.area_id)),
    )
    return rows[0][0]


# --- at the moment of sending ---------------------------------------------------------------------


def list_sampled(round_id: int, pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of (cell, person) whose live swab of the round the server holds now."""
    out: set[tuple[int, int]] = set()
    for cell, group in by_cell(set(pairs)):
        rows = fetch(
            "SELECT DISTINCT person_id FROM specimen WHERE cell_id = %s AND round_id = %s "
            "AND person_id = ANY(%s) AND void = 0",
            (cell, round_id, [p for _, p in group]),
        )
        out |= {(cell, r[0]) for r in rows}
    return out


def list_exempt(
    round_id: int, pairs: Iterable[tuple[int, int]], *, at: datetime
) -> set[tuple[int, int]]:
    """Those of (cell, person) who are exempt from the round now."""
    out: set[tuple[int, int]] = set()
    for cell, group in by_cell(set(pairs)):
        rows = fetch(
            "SELECT DISTINCT person_id FROM exemption WHERE cell_id = %s AND person_id = ANY(%s) "
            "AND round_id IN (0, %s) AND ended_at IS NULL AND (until IS NULL OR until > %s)",
            (cell, [p for _, p in group], round_id, at),
        )
        out |= {(cell, r[0]) for r in rows}
    return out


def lock_messages(
    cell: int, topics: Collection[str], limit: int, *, at: datetime
) -> list[tuple[int, int, bytes, int, datetime]]:
    """Due rows of the outbox of one cell: (outbox_id, ref, body, attempts, made_at), locked; rows
    that another worker holds are passed over."""
    return fetch(
        "SELECT outbox_id, ref, body, attempts, made_at FROM outbox WHERE cell_id = %s "
        "AND state = 0 AND due_at <= %s AND topic = ANY(%s) "
        "ORDER BY due_at, outbox_id LIMIT %s FOR UPDATE SKIP LOCKED",
        (cell, at, list(topics), limit),
    )
