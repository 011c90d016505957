"""What phones send: enrolled devices, signed, chained, gzipped batches (performance.md).

70 % of the binds by resident code, 30 % by document; 20 % of the tubes with people of 2-3 cells;
1 % already sampled, 1 % not registered, 1 % of the batches sent twice.
"""

from __future__ import annotations

import gzip
import random
import secrets
from dataclasses import dataclass, field

import msgspec
import psycopg

from bench.city import CELLS, ROUND, document_of, person_of
from screening import crypto
from screening.crypto import b64
from screening.field import chain
from screening.registry.person_codes import make_resident_code
from screening.tube import chain as hashing
from screening.tube.codes import Kind, make_code

SEATS = 10


@dataclass
class Device:
    device_id: int
    site: int
    key: object
    wire: str = field(default_factory=lambda: secrets.token_hex(16))
    seq: int = 0
    head: bytes = b""


@dataclass
class Workload:
    """`queues`: a list of bodies for each device, in order; what must come of them."""

    queues: list[list[bytes]]
    batches: int = 0
    tubes: int = 0
    persons: int = 0
    entries: int = 0
    replays: int = 0


def enrol(url: str, n: int) -> list[Device]:
    """Phones spread over the sites, enrolled by their rows."""
    devices = []
    with psycopg.connect(url) as link:
        for i in range(n):
            key = crypto.new_device_key()
            d = Device(5000 + i, 3001 + i % CELLS, key)
            d.head = hashing.genesis(d.device_id, d.wire)
            link.execute(
                "INSERT INTO device (device_id, name, kind, site_id, cell_id, public_key, state, "
                "practice, enrolled_at) VALUES (%s, %s, 'phone', %s, %s, %s, 'active', false, now())",
                (d.device_id, f"bench {i}", d.site, 1001 + i % CELLS,
                 crypto.public_bytes(key.public_key())),
            )  # fmt: skip
            devices.append(d)
    return devices


def build(
    devices: list[Device], *, shape: str, batches: int, persons: int, with_documents: int,
    start_ms: int, seed: int = 7,
) -> Workload:  # fmt: skip
    """`shape`: ten (10 tubes a request), tube (one), person (one entry a request)."""
    rng = random.Random(seed)
    work = Workload([[] for _ in devices])
    state = _People(rng, persons, with_documents)
    serial = 0
    per_device = -(-batches // len(devices))
    for i, device in enumerate(devices):
        queue: list[list[bytes]] = []
        while len(queue) < per_device:
            if shape == "person":
                entries = _tube(device, serial, i, state, start_ms, work)
                queue += [[e] for e in entries]
                serial += 1
            else:
                tubes = 10 if shape == "ten" else 1
                entries = []
                for _ in range(tubes):
                    entries += _tube(device, serial, i, state, start_ms, work)
                    serial += 1
                queue.append(entries)
        _send(device, queue, work, work.queues[i], rng, start_ms)
    return work


class _People:
    """Draws persons without repeating, but for one in a hundred."""

    def __init__(self, rng: random.Random, persons: int, with_documents: int) -> None:
        self.rng, self.persons, self.docs = rng, persons, with_documents
        self.by_cell = [0] * CELLS
        self.next_doc = 0
        self.seen: list[dict] = []
        self.strangers = 0

    def draw(self, cell: int) -> dict:
        r = self.rng.random()
        if r < 0.01 and self.seen:
            return self.rng.choice(self.seen)
        if r < 0.02:
            self.strangers += 1
            doc = {"type": "passport", "number": f"N{self.strangers:08d}", "country": "GB",
                   "name": "Made Stranger"}  # fmt: skip
            return {"doc": doc}
        if r < 0.32 and self.next_doc < self.docs:
            kind, number = document_of(self.next_doc)
            self.next_doc += 1
            who: dict = {"doc": {"type": kind, "number": number, "country": "GB"}}
        else:
            n = self.docs + (self.by_cell[cell] * CELLS + cell - self.docs) % (
                self.persons - self.docs
            )
            self.by_cell[cell] += 1
            who = {"code": make_resident_code(*person_of(n))}
        self.seen.append(who)
        if len(self.seen) > 5000:
            self.seen = self.seen[-1000:]
        return who


def _tube(
    device: Device, serial: int, i: int, people: _People, start_ms: int, work: Workload
) -> list[bytes]:
    rng = people.rng
    home = i % CELLS
    cells = [home]
    if rng.random() < 0.2:
        cells += rng.sample([c for c in range(CELLS) if c != home], rng.choice((1, 2)))
    tube = make_code(Kind.TUBE, serial)
    out = [_entry(device, start_ms, kind="open", tube=tube, mode="pooled", size=SEATS)]
    for seat in range(1, SEATS + 1):
        who = people.draw(cells[seat % len(cells)])
        out.append(_entry(device, start_ms, kind="bind", tube=tube, seat=seat, who=who))
    out.append(_entry(device, start_ms, kind="close", tube=tube, n=SEATS))
    work.tubes += 1
    work.persons += SEATS
    work.entries += len(out)
    return out


def _entry(device: Device, start_ms: int, **body: object) -> bytes:
    device.seq += 1
    return msgspec.json.encode({
        "seq": device.seq, "at": start_ms + device.seq * 3, "offset": 0, "staff": 1,
        "round": ROUND, "site": device.site, "table": 1, "salt": b64(secrets.token_bytes(16)),
        **body,
    })  # fmt: skip


def _send(
    device: Device, queue: list[list[bytes]], work: Workload, out: list[bytes],
    rng: random.Random, start_ms: int,
) -> None:  # fmt: skip
    first = 1
    for entries in queue:
        body, device.head = chain.write(
            device.key, device.device_id, device.wire, first, device.head, entries,  # type: ignore[arg-type]
            sent_ms=start_ms,
        )  # fmt: skip
        first += len(entries)
        packed = gzip.compress(body, 1)
        out.append(packed)
        work.batches += 1
        if rng.random() < 0.01:
            out.append(packed)
            work.replays += 1
