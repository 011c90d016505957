"""Writing a wave out, community by community, resumable at its mark."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from psycopg.types.json import Jsonb

from screening import outbox
from screening.db import by_cell, db, fetch, insert, run
from screening.i18n import ZONE
from screening.places.queries import Node
from screening.registry.service.persons import ring
from screening.reminders import rules
from screening.reminders.choosing import choose
from screening.reminders.queries import (
    Opened,
    WaveRow,
    cells_of_phones,
    communities_of,
    get_node,
    get_wave,
    message_id_of,
)
from screening.reminders.slots import places_of
from screening.reminders.waves import AAD, DONE, RUNNING, TOPIC, keep, silent_where


def write_out(
    wave_id: int, *, now: Callable[[], datetime], watch: Callable[[int, int], None] | None = None
) -> None:
    """Write the messages of a running wave, one transaction a community, resumable at its mark."""
    wave = get_wave(wave_id)
    node = get_node(wave.area_id)
    communities = communities_of(node)
    silent = silent_where(wave, communities, now())
    for done, community in enumerate(communities, 1):
        wave = get_wave(wave_id, lock=True)
        if wave.state != RUNNING:
            db.session.rollback()
            return
        if community.area_id <= int((wave.counts or {}).get("mark", 0)):
            db.session.rollback()
            continue
        _write_community(wave, node, community, community.area_id in silent, now())
        db.session.commit()
        if watch:
            watch(done, len(communities))
    run("UPDATE wave SET state = %s WHERE wave_id = %s AND state = %s", (DONE, wave_id, RUNNING))
    db.session.commit()


def _write_community(
    wave: WaveRow, node: Node, community: Node, silent: bool, at: datetime
) -> None:
    chosen = choose(wave, node, community, silent, at)
    added, late = _write_messages(wave, community, chosen.phones, at)
    counts = wave.counts or {}
    left = Counter(counts.get("left_out", {})) + chosen.left_out + Counter(late_name=late)
    quiet = [*counts.get("silent", []), *([str(community.area_id)] if silent else [])]
    keep(
        wave, mark=community.area_id, left_out=dict(left), silent=quiet,
        persons=counts.get("persons", 0) + sum(map(len, chosen.phones.values())) - late,
        messages=counts.get("messages", 0) + added,
    )  # fmt: skip


def _write_messages(
    wave: WaveRow, community: Node, phones: Mapping[bytes, Sequence[Opened]], at: datetime
) -> tuple[int, int]:
    """One message a phone; a phone that the wave knows from another community gets the further
    names into the same message. (new messages, people whose message had left already)."""
    ids = {phone: message_id_of(wave.wave_id, phone) for phone in phones}
    elsewhere, late = _join_elsewhere(wave, ids, phones)
    cell, due = community.cell_id, rules.may_send_at(at, ZONE)
    fresh = {p: people for p, people in phones.items() if p not in elsewhere}
    came = insert(
        "wave_message",
        ("cell_id", "message_id", "wave_id", "community_id", "phone_hash", "persons", "state",
         "at"),
        [
            (cell, ids[p], wave.wave_id, community.area_id, p,
             Jsonb([[q.cell_id, q.person_id] for q in people]), "waiting", at)
            for p, people in fresh.items()
        ],
        "ON CONFLICT (cell_id, message_id) DO NOTHING RETURNING message_id",
        returning=True,
    )  # fmt: skip
    new = {row[0] for row in came}
    keys = ring()
    where = places_of(wave.round_id, community, [q for ps in fresh.values() for q in ps])
    outbox.put(
        [
            (cell, TOPIC, ids[p], keys.seal(orjson.dumps(_body(wave, people, where)), AAD), due)
            for p, people in fresh.items()
            if ids[p] in new
        ],
        at=at,
    )
    return len(new), late


def _body(
    wave: WaveRow, people: Sequence[Opened], where: Mapping[int | None, tuple[str, str]]
) -> dict[str, Any]:
    """What the sender needs; names are filled in when it is known who has not been sampled."""
    place, hours = map(rules.harmless, where[people[0].missed.building_id])
    fields = {k: rules.fill(v, [], place, hours) for k, v in (wave.fields or {}).items()}
    return {
        "wave": wave.wave_id,
        "round": wave.round_id,
        "community": people[0].community_id,
        "phone": people[0].details.phone,
        "text": wave.text.replace(rules.PLACE, place).replace(rules.HOURS, hours),
        "template": wave.template,
        "fields": fields,
        "who": [_who(p) for p in people],
    }


def _who(p: Opened) -> list[Any]:
    return [p.cell_id, p.person_id, p.community_id, rules.mask_name(p.details.name)]


def _join_elsewhere(
    wave: WaveRow, ids: Mapping[bytes, int], phones: Mapping[bytes, Sequence[Opened]]
) -> tuple[set[bytes], int]:
    """Phones to which this wave already has a message; its waiting ones get the further names. And
    how many came too late for that."""
    rows = fetch(
        "SELECT cell_id, phone_hash, persons FROM wave_message WHERE cell_id = ANY(%s) "
        "AND wave_id = %s AND message_id = ANY(%s) FOR UPDATE",
        (cells_of_phones(phones), wave.wave_id, list(ids.values())),
    )
    known, late = set(), 0
    for cell, group in by_cell([(r[0], bytes(r[1]), r[2]) for r in rows]):
        for _, phone, persons in group:
            known.add(phone)
            more = [p for p in phones[phone] if [p.cell_id, p.person_id] not in persons]
            if more and not _add_names(cell, ids[phone], more):
                late += len(more)
    return known, late


def _add_names(cell: int, message_id: int, more: Sequence[Opened]) -> bool:
    """Whether the message still waits. One that may have left once is repeated as it was."""
    keys = ring()
    found = fetch(
        "SELECT outbox_id, body FROM outbox WHERE cell_id = %s AND ref = %s AND state = 0 "
        "AND attempts = 0 AND topic = %s FOR UPDATE",
        (cell, message_id, TOPIC),
    )
    for outbox_id, sealed in found:
        body = orjson.loads(keys.open(bytes(sealed), AAD))
        body["who"] += [_who(p) for p in more]
        run(
            "UPDATE outbox SET body = %s WHERE cell_id = %s AND outbox_id = %s",
            (keys.seal(orjson.dumps(body), AAD), cell, outbox_id),
        )
        run(
            "UPDATE wave_message SET persons = persons || %s WHERE cell_id = %s "
            "AND message_id = %s",
            (Jsonb([[p.cell_id, p.person_id] for p in more]), cell, message_id),
        )
    return bool(found)
