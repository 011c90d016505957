"""Who is named in which message of a wave, and why the others are not."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime
from typing import NamedTuple

from screening.places.queries import Node
from screening.registry import seals
from screening.registry.service.persons import ring
from screening.reminders import rules
from screening.reminders.queries import (
    Opened,
    WaveRow,
    open_missed,
    opted_out,
    told_lately,
)
from screening.reminders.rules.texts import PLACE
from screening.reminders.slots import near_sites


class Chosen(NamedTuple):
    """Of one community: who is named in the message to which phone; why the others are not."""

    phones: dict[bytes, list[Opened]]
    left_out: Counter[str]


def choose(wave: WaveRow, node: Node, community: Node, silent: bool, at: datetime) -> Chosen:
    keys = ring()
    states = rules.TEMPLATES[wave.template].states
    people = open_missed(community, wave.round_id, at=at, within=node)
    hashes = {
        p.person_id: seals.phone_hash(keys, p.details.phone) for p in people if p.details.phone
    }
    out = opted_out(list(hashes.values()))
    lately = told_lately(
        wave.round_id, wave.template, wave.wave_id, set(hashes.values()), at=at, waiting=True
    )
    no_site = PLACE in wave.text and not near_sites(wave.round_id, community)
    phones: dict[bytes, list[Opened]] = defaultdict(list)
    left: Counter[str] = Counter()
    for p in people:
        phone = hashes.get(p.person_id)
        left_silent = silent and not wave.include_silent
        facts = rules.Missed(
            p.missed.state, p.until, phone is not None, phone in out, left_silent, phone in lately
        )
        why = rules.left_out(facts, states, at=at) or ("no_site" if no_site else None)
        if why is not None:
            left[why] += 1
        elif phone is not None:
            phones[phone].append(p)
    return Chosen(dict(phones), left)
