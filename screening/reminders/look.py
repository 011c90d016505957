"""The last look before a message leaves: whom it may still name, and whether it may go at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import orjson
from psycopg.types.json import Jsonb

from screening import outbox
from screening.db import fetch, run
from screening.i18n import ZONE
from screening.places import queries as places
from screening.registry import seals
from screening.registry.queries import find_policy
from screening.registry.rules import RoundState
from screening.registry.service.persons import ring
from screening.reminders import rules
from screening.reminders.queries import (
    get_wave,
    list_exempt,
    list_gone,
    list_owners,
    list_sampled,
    opted_out,
    silent_communities,
    told_lately,
)
from screening.reminders.waves import AAD, CANCELLED, keep

LONGEST_ID = 20  # digits
SILENT_WAIT = timedelta(minutes=10)
# why a person is not named any more; where several are in one message the last one is its reason
FALLEN = ("sampled", "left", "number_changed", "exempt")


class Message(NamedTuple):
    """One row of the outbox, opened. `who`: [cell, person, community, masked name]."""

    cell: int
    outbox_id: int
    ref: int
    attempts: int
    made_at: datetime
    wave: int
    round_id: int
    community: int
    phone: str
    text: str
    template: str
    fields: dict[str, str]
    who: list[list[Any]]

    @property
    def pairs(self) -> list[tuple[int, int]]:
        return [(w[0], w[1]) for w in self.who]

    @property
    def key(self) -> str:
        """What the gateway knows it by; the same however often it is sent."""
        return key_of(self.cell, self.outbox_id)

    @property
    def names(self) -> list[str]:
        return [w[3] for w in self.who]

    @property
    def parts(self) -> dict[str, str]:
        """What the text is made of, for gateways that fill in approved templates."""
        return {**self.fields, "names": rules.who(self.names), "template": self.template}


def key_of(cell: int, outbox_id: int) -> str:
    return f"{cell}.{outbox_id}"


def read_key(key: str) -> tuple[int, int] | None:
    """(cell, outbox_id) of a key of ours, else None."""
    cell, _, outbox_id = key.partition(".")
    if not (cell.isascii() and cell.isdigit() and outbox_id.isascii() and outbox_id.isdigit()):
        return None
    if len(key) > 2 * LONGEST_ID:
        return None
    pair = int(cell), int(outbox_id)
    return pair if max(pair) < 1 << 63 else None


def open_message(cell: int, row: tuple[int, int, bytes, int, datetime]) -> Message:
    outbox_id, ref, sealed, attempts, made_at = row
    body = orjson.loads(ring().open(bytes(sealed), AAD))
    return Message(
        cell, outbox_id, ref, attempts, made_at, body["wave"], body["round"], body["community"],
        body["phone"], body["text"], body.get("template", ""), body.get("fields", {}), body["who"],
    )  # fmt: skip


def current(m: Message) -> Message:
    """The same row as it stands now, which the caller has locked: names may have been added."""
    ((sealed,),) = fetch(
        "SELECT body FROM outbox WHERE cell_id = %s AND outbox_id = %s", (m.cell, m.outbox_id)
    )
    return open_message(m.cell, (m.outbox_id, m.ref, sealed, m.attempts, m.made_at))


def drop_late(m: Message) -> int:
    """Names that were added while this message was on its way were not in it: they are taken out
    again; how many. They are counted once its row is free (`leave_out`), for who writes a wave
    locks the wave first and its messages then."""
    named = set(m.pairs)
    ((persons,),) = fetch(
        "SELECT persons FROM wave_message WHERE cell_id = %s AND message_id = %s FOR UPDATE",
        (m.cell, m.ref),
    )
    told = [p for p in persons if tuple(p) in named]
    if len(told) == len(persons):
        return 0
    run(
        "UPDATE wave_message SET persons = %s WHERE cell_id = %s AND message_id = %s",
        (Jsonb(told), m.cell, m.ref),
    )
    ((sealed,),) = fetch(
        "SELECT body FROM outbox WHERE cell_id = %s AND outbox_id = %s", (m.cell, m.outbox_id)
    )
    if sealed:  # it may be repeated: then as it was
        body = orjson.loads(ring().open(bytes(sealed), AAD))
        body["who"] = [w for w in body["who"] if (w[0], w[1]) in named]
        run(
            "UPDATE outbox SET body = %s WHERE cell_id = %s AND outbox_id = %s",
            (ring().seal(orjson.dumps(body), AAD), m.cell, m.outbox_id),
        )
    return len(persons) - len(told)


def leave_out(wave_id: int, late: int) -> None:
    """Count people who came to a message that had left already."""
    wave = get_wave(wave_id, lock=True)
    counts = wave.counts or {}
    left = {"late_name": 0, **counts.get("left_out", {})}
    left["late_name"] += late
    keep(wave, left_out=left, persons=counts.get("persons", 0) - late)


def put_off(cell: int, ids: Sequence[int], until: datetime) -> None:
    if ids:
        run(
            "UPDATE outbox SET due_at = %s WHERE cell_id = %s AND outbox_id = ANY(%s)",
            (until, cell, list(ids)),
        )


def mark(m: Message, state: str, at: datetime, why: str | None = None) -> None:
    """The message's own row; what was personal in the outbox row goes once it is settled."""
    run(
        "UPDATE wave_message SET state = %s, dropped_why = %s, at = %s "
        "WHERE cell_id = %s AND message_id = %s",
        (state, why, at, m.cell, m.ref),
    )
    run(
        "UPDATE outbox SET body = '' WHERE cell_id = %s AND outbox_id = %s",
        (m.cell, m.outbox_id),
    )


def look(messages: Sequence[Message], at: datetime, *, at_silence: bool = True) -> list[Message]:
    """Those that may go now, naming only who is still here, under this number, and whose swab the
    server does not hold at this moment; the others are dropped or put off. Without `at_silence` it
    is not asked who has fallen silent."""
    if not messages:
        return []
    waves = _waves(messages)
    silent = _silent(messages, waves, at) if at_silence else set()
    phones = {m.phone: seals.phone_hash(ring(), m.phone) for m in messages}
    out = opted_out(list(phones.values()))
    fallen = _fallen(messages, phones, at)
    ready = []
    for m in messages:
        state, _ = waves[m.wave]
        whys = [fallen.get((m.outbox_id, w[0], w[1])) for w in m.who]
        free = [w for w, why in zip(m.who, whys, strict=True) if why is None]
        nobody = None if free else max((w for w in whys if w), key=FALLEN.index, default=FALLEN[0])
        phone = phones[m.phone]
        why = _why_not(m, state, nobody, phone, phone in out, at)
        if why is not None:
            outbox.settle(m.cell, m.outbox_id, outbox.DROPPED, at=at, error=why)
            mark(m, "dropped", at, why)
        elif (m.round_id, m.community) in silent:
            put_off(m.cell, [m.outbox_id], at + SILENT_WAIT)
        else:
            ready.append(m._replace(who=free))
    return ready


def _fallen(
    messages: Sequence[Message], phones: Mapping[str, bytes], at: datetime
) -> dict[tuple[int, int, int], str]:
    """{(message, cell, person): why this person is not named any more}, a word of FALLEN."""
    owners = list_owners(phones.values())
    gone = list_gone(p for m in messages for p in m.pairs)
    fallen: dict[tuple[int, int, int], str] = {}
    for round_id in {m.round_id for m in messages}:
        of_round = [m for m in messages if m.round_id == round_id]
        pairs = [p for m in of_round for p in m.pairs]
        sampled = list_sampled(round_id, pairs)
        exempt = list_exempt(round_id, pairs, at=at)
        for m in of_round:
            for pair in m.pairs:
                whys = (
                    pair in sampled, pair in gone, (phones[m.phone], *pair) not in owners,
                    pair in exempt,
                )  # fmt: skip
                if any(whys):
                    fallen[m.outbox_id, *pair] = FALLEN[whys.index(True)]
    return fallen


def _why_not(
    m: Message, state: str, nobody: str | None, phone: bytes, opted: bool, at: datetime
) -> str | None:
    """A key of rules.DROPPED, or None when the message may go; `nobody` says why none is left."""
    if state == CANCELLED:
        return "cancelled"
    if not _may_remind(m):
        return "round_over"
    if nobody is not None:
        return nobody
    if opted:
        return "opted_out"
    if told_lately(m.round_id, m.template, m.wave, [phone], at=at):
        return "told_lately"
    since = rules.may_send_at(m.made_at, ZONE)
    return "too_late" if at - since > rules.MESSAGE_LIFE else None


def _may_remind(m: Message) -> bool:
    policy = find_policy(m.round_id)
    if policy is None:
        return False
    template = rules.TEMPLATES.get(m.template)
    early = template is not None and template.before and policy.state == RoundState.SCHEDULED
    return early or policy.state == RoundState.SAMPLING


def _waves(messages: Iterable[Message]) -> Mapping[int, tuple[str, bool]]:
    """State of each wave, and whether silence of its catchments does not matter: somebody answers
    for it, or nobody can have been swabbed yet."""
    rows = fetch(
        "SELECT wave_id, state, include_silent, template FROM wave WHERE wave_id = ANY(%s)",
        (sorted({m.wave for m in messages}),),
    )
    return {
        w: (state, silent or rules.TEMPLATES[template].before)
        for w, state, silent, template in rows
    }


def _silent(
    messages: Sequence[Message], waves: Mapping[int, tuple[str, bool]], at: datetime
) -> set[tuple[int, int]]:
    """(round, community) whose phones have fallen silent since the wave was written."""
    wanted: dict[int, set[int]] = {}
    for m in messages:
        if not waves[m.wave][1]:
            wanted.setdefault(m.round_id, set()).add(m.community)
    out = set()
    for round_id, ids in wanted.items():
        nodes = [n for n in map(places.find_area, sorted(ids)) if n is not None]
        out |= {(round_id, c) for c in silent_communities(round_id, nodes, at=at)}
    return out
