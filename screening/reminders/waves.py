"""A wave of messages: drafted, looked at, started, written out community by community."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from psycopg.types.json import Jsonb

from screening import jobs, outbox
from screening.accounts import audit
from screening.accounts.roles import Actor
from screening.coverage.queries import coverage_of
from screening.crypto import hash_id
from screening.db import by_cell, db, fetch, insert, new_id, run
from screening.errors import Problem
from screening.i18n import ZONE
from screening.places.queries import Node
from screening.registry import seals
from screening.registry.queries import get_policy
from screening.registry.service.persons import ring
from screening.reminders import rules
from screening.reminders.queries import (
    Opened,
    WaveRow,
    communities_of,
    get_node,
    get_wave,
    open_missed,
    opted_out,
    silent_communities,
)
from screening.reminders.service import check_round

DRAFT, RUNNING, DONE, CANCELLED = "draft", "running", "done", "cancelled"
TOPIC = "sms"
AAD = "outbox.body"
AT_ONCE = 40  # communities that a preview counts while somebody waits; more are a job


class WaveMoved(Problem):
    status = 409
    code = "wave_moved"
    zh = "这批提醒已不在这个状态，请刷新后再看。"
    en = "The wave has moved on; reload and look again."


class NotSampling(Problem):
    status = 409
    code = "wave_not_sampling"
    zh = "采样还没有开始或已经停止，不能发送提醒。"
    en = "Sampling has not begun or has stopped; no reminders are sent."


def draft(
    round_id: int,
    area_id: int,
    template: str,
    values: Mapping[str, str],
    *,
    by: Actor,
    at: datetime,
) -> WaveRow:
    """Write a wave down; nothing is sent. Raises Faults, NoSuchTemplate, RoundNotOpen."""
    check_round(round_id)
    get_node(area_id)
    text = rules.compose(template, values)
    wave_id = new_id()
    insert(
        "wave",
        ("wave_id", "round_id", "area_id", "template", "text", "state", "include_silent",
         "made_by", "made_at"),
        [(wave_id, round_id, area_id, template, text, DRAFT, False, by.staff_id, at)],
    )  # fmt: skip
    audit.note("wave_drafted", "wave", wave_id)
    return get_wave(wave_id)


class Preview(NamedTuple):
    """What a wave would do now. `persons` are named in `messages`; `left_out` by LEFT_OUT;
    `silent` maps communities to the devices that have not reported; `reached` and `exempt` are
    those of the area's coverage."""

    persons: int
    messages: int
    parts: int
    left_out: dict[str, int]
    silent: dict[str, list[str]]
    reached: int
    exempt: int
    as_of: datetime


def preview(wave_id: int, *, at: datetime, watch: Callable[[int, int], None] | None = None) -> None:
    """Count what the wave would do and keep it in `counts`; nothing is sent.

    `watch(done, total)` hears of each community."""
    wave = get_wave(wave_id)
    if wave.state != DRAFT:
        raise WaveMoved()
    node = get_node(wave.area_id)
    communities = communities_of(node)
    silent = silent_communities(wave.round_id, communities, at=at)
    left: Counter[str] = Counter()
    phones: dict[bytes, int] = {}
    for done, community in enumerate(communities, 1):
        chosen = _choose(wave, node, community, community.area_id in silent, at)
        left.update(chosen.left_out)
        for phone, people in chosen.phones.items():
            phones[phone] = phones.get(phone, 0) + len(people)
        if watch:
            watch(done, len(communities))
    covered = coverage_of(wave.area_id, wave.round_id, at=at)
    names = ["某某某"] * 2
    found = Preview(
        sum(phones.values()), len(phones), rules.parts_of(rules.fill(wave.text, names)),
        dict(left), {str(c): [str(d) for d in ds] for c, ds in silent.items()},
        covered.reached, covered.exempt, at,
    )  # fmt: skip
    _keep(wave, preview=found._asdict() | {"as_of": at.isoformat()})


def preview_soon(wave_id: int, *, at: datetime) -> int | None:
    """Preview now where the area is small; else by a job, whose id comes back."""
    wave = get_wave(wave_id)
    if wave.state != DRAFT:
        raise WaveMoved()
    if len(communities_of(get_node(wave.area_id))) <= AT_ONCE:
        preview(wave_id, at=at)
        return None
    job_id = jobs.enqueue("preview_wave", wave_id=wave_id)
    _keep(wave, job=str(job_id))
    return job_id


def _keep(wave: WaveRow, **counts: Any) -> None:
    run(
        "UPDATE wave SET counts = coalesce(counts, '{}') || %s WHERE wave_id = %s",
        (Jsonb(counts), wave.wave_id),
    )


def start(wave_id: int, *, include_silent: bool = False, by: Actor, at: datetime) -> int:
    """Set a draft going; the job's id. With `include_silent` this person answers for reminding
    people whose swab may still wait in a silent phone. Raises WaveMoved, NotSampling."""
    wave = get_wave(wave_id, lock=True)
    if wave.state != DRAFT:
        raise WaveMoved()
    if get_policy(wave.round_id).state != "sampling":
        raise NotSampling()
    run(
        "UPDATE wave SET state = %s, include_silent = %s, silent_by = %s WHERE wave_id = %s",
        (RUNNING, include_silent, by.staff_id if include_silent else None, wave_id),
    )
    audit.note("wave_started", "wave", wave_id, detail={"include_silent": include_silent})
    job_id = jobs.enqueue("run_wave", wave_id=wave_id)
    _keep(wave, job=str(job_id))
    return job_id


def cancel(wave_id: int, *, by: Actor, at: datetime) -> None:
    """Write no more of it and send nothing that still waits. Raises WaveMoved once all is sent."""
    wave = get_wave(wave_id, lock=True)
    if wave.state == CANCELLED:
        return
    run("UPDATE wave SET state = %s WHERE wave_id = %s", (CANCELLED, wave_id))
    audit.note("wave_cancelled", "wave", wave_id)


# --- writing it out -------------------------------------------------------------------------------


class Chosen(NamedTuple):
    """Of one community: who is named in the message to which phone; why the others are not."""

    phones: dict[bytes, list[Opened]]
    left_out: Counter[str]


def _choose(wave: WaveRow, node: Node, community: Node, silent: bool, at: datetime) -> Chosen:
    keys = ring()
    states = rules.TEMPLATES[wave.template].states
    people = open_missed(community, wave.round_id, at=at, within=node)
    hashes = {
        p.person_id: seals.phone_hash(keys, p.details.phone) for p in people if p.details.phone
    }
    out = opted_out(list(hashes.values()))
    phones: dict[bytes, list[Opened]] = defaultdict(list)
    left: Counter[str] = Counter()
    for p in people:
        phone = hashes.get(p.person_id)
        left_silent = silent and not wave.include_silent
        facts = rules.Missed(p.missed.state, p.until, phone is not None, phone in out, left_silent)
        why = rules.left_out(facts, states, at=at)
        if why is not None:
            left[why] += 1
        elif phone is not None:
            phones[phone].append(p)
    return Chosen(dict(phones), left)


def write_out(
    wave_id: int, *, now: Callable[[], datetime], watch: Callable[[int, int], None] | None = None
) -> None:
    """Write the messages of a running wave, one transaction a community, resumable at its mark."""
    wave = get_wave(wave_id)
    node = get_node(wave.area_id)
    communities = communities_of(node)
    silent = silent_communities(wave.round_id, communities, at=now())
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
    chosen = _choose(wave, node, community, silent, at)
    added = _write_messages(wave, community, chosen.phones, at)
    counts = wave.counts or {}
    left = Counter(counts.get("left_out", {})) + chosen.left_out
    quiet = [*counts.get("silent", []), *([str(community.area_id)] if silent else [])]
    _keep(
        wave, mark=community.area_id, left_out=dict(left), silent=quiet,
        persons=counts.get("persons", 0) + sum(map(len, chosen.phones.values())),
        messages=counts.get("messages", 0) + added,
    )  # fmt: skip


def _write_messages(
    wave: WaveRow, community: Node, phones: Mapping[bytes, Sequence[Opened]], at: datetime
) -> int:
    """One message a phone; a phone that the wave knows from another community gets the further
    names into the same message. The number of new messages."""
    ids = {phone: hash_id("wave", wave.wave_id, phone.hex()) for phone in phones}
    elsewhere = _join_elsewhere(wave, ids, phones)
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
    outbox.put(
        [
            (cell, TOPIC, ids[p], keys.seal(orjson.dumps(_body(wave, people)), AAD), due)
            for p, people in fresh.items()
            if ids[p] in new
        ],
        at=at,
    )
    return len(new)


def _body(wave: WaveRow, people: Sequence[Opened]) -> dict[str, Any]:
    """What the sender needs; names are filled in when it is known who has not been sampled."""
    return {
        "wave": wave.wave_id,
        "round": wave.round_id,
        "community": people[0].community_id,
        "phone": people[0].details.phone,
        "text": wave.text,
        "who": [_who(p) for p in people],
    }


def _who(p: Opened) -> list[Any]:
    return [p.cell_id, p.person_id, p.community_id, rules.mask_name(p.details.name)]


def _join_elsewhere(
    wave: WaveRow, ids: Mapping[bytes, int], phones: Mapping[bytes, Sequence[Opened]]
) -> set[bytes]:
    """Phones to which this wave already has a message; its waiting ones get the further names."""
    cells = fetch(
        "SELECT DISTINCT cell_id FROM phone_key WHERE phone_hash = ANY(%s)", (list(phones),)
    )
    rows = fetch(
        "SELECT cell_id, phone_hash, persons FROM wave_message WHERE cell_id = ANY(%s) "
        "AND wave_id = %s AND message_id = ANY(%s) FOR UPDATE",
        ([c for (c,) in cells], wave.wave_id, list(ids.values())),
    )
    known = set()
    for cell, group in by_cell([(r[0], bytes(r[1]), r[2]) for r in rows]):
        for _, phone, persons in group:
            known.add(phone)
            more = [p for p in phones[phone] if [p.cell_id, p.person_id] not in persons]
            if more:
                _add_names(cell, ids[phone], more)
    return known


def _add_names(cell: int, message_id: int, more: Sequence[Opened]) -> None:
    keys = ring()
    for outbox_id, sealed in fetch(
        "SELECT outbox_id, body FROM outbox WHERE cell_id = %s AND ref = %s AND state = 0 "
        "AND topic = %s FOR UPDATE",
        (cell, message_id, TOPIC),
    ):
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
