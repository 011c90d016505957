"""A day in the field as a script: what people do becomes journals, and journals travel somehow.

A script says what happened; a journey says how the journals reached the server. The same script
on another journey must end in the same tubes.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from screening import clock
from screening.tube import chain as hashing
from screening.tube.codes import Kind, make_code
from tests import world
from tests.devices import Phone

# (what, device, and three numbers that choose among what is there)
Action = tuple[str, int, int, int, int]
TABLES = 4  # devices 0-3 sample (two at each site), 4 packs, 5 drives, 6 stands in the laboratory
PACKER, COURIER, BENCH = 4, 5, 6
TUBES, BOXES = 6, 3
SAMPLING = (
    "open", "bind", "bind", "bind", "unbind", "move", "mark", "over", "close", "close", "reopen",
    "join", "paper", "document", "restore", "garbage",
)  # fmt: skip
CARRYING = (
    "box_open", "pack", "pack", "pack", "unpack", "seal", "seal", "unseal", "hand_over", "arrive",
    "receive", "receive", "reject", "unpacked", "unpacked",
)  # fmt: skip
ACTIONS = tuple(dict.fromkeys(SAMPLING + CARRYING))
# what the entries of these kinds leave behind (docs/journal.md)
OF_TUBE = {
    "open", "unbind", "move", "mark", "over", "close", "reopen", "join", "paper", "pack", "unpack",
    "receive", "reject",
}  # fmt: skip
OF_BOX = {"box_open", "unpack", "seal", "unseal", "hand_over", "arrive", "unpacked"}


@dataclass
class Told:
    """One entry as the day remembers it."""

    line_id: int
    kind: str
    sound: bool
    seal: bool


@dataclass
class Day:
    """The journals that a script writes. `journals` holds a restored copy as a journal of its own."""

    city: world.City
    journals: list[Phone]
    told: dict[int, Told] = field(default_factory=dict)
    minute: int = 0
    copies: dict[int, list[Phone]] = field(default_factory=dict)
    binds: list[tuple[str, str, str]] = field(default_factory=list)  # ref, tube, resident code
    closes: list[tuple[str, str]] = field(default_factory=list)
    packs: list[tuple[str, str, int]] = field(default_factory=list)
    seals: list[tuple[str, int, str]] = field(default_factory=list)
    came_in: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.start = clock.now() - timedelta(minutes=55)
        self.copies = {i: [p] for i, p in enumerate(self.journals)}

    def play(self, script: Sequence[Action]) -> Day:
        for what, device, a, b, c in script:
            self.minute += 1
            getattr(self, f"_{what}")(device, a, b, c)
        return self

    # --- at the table ---------------------------------------------------------------------

    def _table(self, device: int, copy: int = 0) -> Phone:
        copies = self.copies[device % TABLES]
        return copies[copy % len(copies)]

    def _open(self, device: int, a: int, b: int, c: int) -> None:
        mode = ("pooled", "pooled", "household", "single")[b % 4]
        size = (10, 2, 3, 20)[c % 4]
        self._write(self._table(device, c), "open", tube=self._tube(a), mode=mode, size=size)

    def _bind(self, device: int, a: int, b: int, c: int) -> None:
        purpose = ("screen", "screen", "screen", "resample", "recheck")[c % 5]
        code = self._person(b)
        ref = self._write(
            self._table(device, c), "bind", tube=self._tube(a), seat=1 + c % 10,
            who={"code": code}, purpose=purpose,
        )  # fmt: skip
        self.binds.append((ref, self._tube(a), code))

    def _document(self, device: int, a: int, b: int, c: int) -> None:
        who = {"doc": {"type": "passport", "number": f"E{1000 + b % 5}", "name": "来客"}}
        self._write(self._table(device), "bind", tube=self._tube(a), seat=1 + c % 10, who=who)

    def _unbind(self, device: int, a: int, b: int, c: int) -> None:
        if self.binds:
            ref, tube, _ = self.binds[a % len(self.binds)]
            self._write(self._table(device, c), "unbind", tube=tube, ref=ref, reason="错")

    def _move(self, device: int, a: int, b: int, c: int) -> None:
        if self.binds:
            ref, tube, code = self.binds[a % len(self.binds)]
            to = self._tube(b)
            again = self._write(
                self._table(device, c), "move", tube=tube, ref=ref, to=to, seat=1 + c % 10,
                who={"code": code}, reason="换管",
            )  # fmt: skip
            self.binds.append((again, to, code))

    def _mark(self, device: int, a: int, b: int, c: int) -> None:
        if self.binds:
            ref, tube, _ = self.binds[a % len(self.binds)]
            what = ("not_swabbed", "spilled", "broken", "other")[b % 4]
            self._write(self._table(device), "mark", tube=tube, ref=ref, what=what)

    def _over(self, device: int, a: int, b: int, c: int) -> None:
        self._write(self._table(device), "over", tube=self._tube(a), n=b % 12)

    def _close(self, device: int, a: int, b: int, c: int) -> None:
        tube = self._tube(a)
        known = len({code for _, t, code in self.binds if t == tube})
        n = known if b % 4 else b % 3
        self.closes.append((self._write(self._table(device, c), "close", tube=tube, n=n), tube))

    def _reopen(self, device: int, a: int, b: int, c: int) -> None:
        if self.closes:
            ref, tube = self.closes[a % len(self.closes)]
            self._write(self._table(device), "reopen", tube=tube, ref=ref, reason="漏登")

    def _join(self, device: int, a: int, b: int, c: int) -> None:
        self._write(self._table(device, c), "join", tube=self._tube(a))

    def _paper(self, device: int, a: int, b: int, c: int) -> None:
        self._write(self._table(device), "paper", tube=self._tube(a), n=b % 11)

    def _restore(self, device: int, a: int, b: int, c: int) -> None:
        """The phone is set back to an old copy, and the old copy goes on being used too."""
        copies = self.copies[device % TABLES]
        if len(copies) < 3:
            twin = copies[c % len(copies)].copy()
            twin.entries = twin.entries[: max(0, len(twin.entries) - a % 4)]
            copies.append(twin)
            self.journals.append(twin)

    def _garbage(self, device: int, a: int, b: int, c: int) -> None:
        """What cannot be applied is parked; the chain goes on."""
        phone = self._table(device, c)
        choice = b % 5
        if choice == 0:
            self._write(phone, "dance", sound=False, tube=self._tube(a))
        elif choice == 1:
            self._write(phone, "close", sound=False, tube="P*????", n=1)
        elif choice == 2:
            who = {"code": "R*nobody"}
            self._write(phone, "bind", sound=False, tube=self._tube(a), seat=1, who=who)
        elif choice == 3:
            self._write(phone, "open", sound=False, tube=self._tube(a), mode="x", size=0)
        else:
            self._write(phone, "close", sound=False, tube=self._tube(a), n=1, site=5)

    # --- on the road ----------------------------------------------------------------------

    def _box_open(self, device: int, a: int, b: int, c: int) -> None:
        self._write(self._dev(PACKER), "box_open", batch=self._wire(a), box=self._code(a))

    def _pack(self, device: int, a: int, b: int, c: int) -> None:
        phone = self._dev(PACKER) if c % 4 else self._table(device)
        tube = self._tube(b)
        ref = self._write(phone, "pack", batch=self._wire(a), box=self._code(a), tube=tube)
        self.packs.append((ref, tube, a))

    def _unpack(self, device: int, a: int, b: int, c: int) -> None:
        if self.packs:
            ref, tube, box = self.packs[b % len(self.packs)]
            phone = self._dev(PACKER) if c % 4 else self._table(device)
            self._write(phone, "unpack", batch=self._wire(box), tube=tube, ref=ref, reason="错")

    def _seal(self, device: int, a: int, b: int, c: int) -> None:
        seal = make_code(Kind.SEAL, self.city.first + len(self.seals))
        ref = self._write(
            self._dev(PACKER), "seal", batch=self._wire(a), box=self._code(a), seal=seal, n=c % 5
        )
        self.seals.append((ref, a, seal))

    def _unseal(self, device: int, a: int, b: int, c: int) -> None:
        if self.seals:
            ref, box, _ = self.seals[b % len(self.seals)]
            self._write(self._dev(PACKER), "unseal", batch=self._wire(box), ref=ref, reason="错")

    def _hand_over(self, device: int, a: int, b: int, c: int) -> None:
        if self.seals:
            _, _, seal = self.seals[b % len(self.seals)]
            self._write(
                self._dev(COURIER), "hand_over", seal=seal, to=70 + a % 3,
                to_lab=self.city.lab.lab_id, boxes=1, temperature=float(c % 12),
            )  # fmt: skip

    # --- in the laboratory ----------------------------------------------------------------

    def _arrive(self, device: int, a: int, b: int, c: int) -> None:
        if self.seals:
            _, _, seal = self.seals[b % len(self.seals)]
            more = {"n": c % 5} if c % 2 else {}
            self._write(self._dev(BENCH), "arrive", seal=seal, intact=bool(c % 5), **more)

    def _receive(self, device: int, a: int, b: int, c: int) -> None:
        more = {}
        if self.seals and c % 4:  # a tube comes out of one box only
            more["seal"] = self.came_in.setdefault(a % TUBES, self.seals[b % len(self.seals)][2])
        self._write(self._dev(BENCH), "receive", tube=self._tube(a), **more)

    def _reject(self, device: int, a: int, b: int, c: int) -> None:
        reason = ("leak", "empty", "other")[c % 3]
        self._write(self._dev(BENCH), "reject", tube=self._tube(a), reason=reason)

    def _unpacked(self, device: int, a: int, b: int, c: int) -> None:
        if self.seals:
            self._write(self._dev(BENCH), "unpacked", seal=self.seals[b % len(self.seals)][2])

    # --- writing --------------------------------------------------------------------------

    def _dev(self, which: int) -> Phone:
        return self.copies[which][0]

    def _tube(self, a: int) -> str:
        return self.city.tube(a % TUBES)

    def _person(self, b: int) -> str:
        return self.city.people[b % len(self.city.people)][2]

    def _wire(self, a: int) -> str:
        return f"{self.city.sites[0].cell_id}-{2 * (self.city.first + a % BOXES):016x}"

    def _code(self, a: int) -> str:
        return make_code(Kind.BOX, self.city.first + a % BOXES)

    def _write(self, phone: Phone, kind: str, *, sound: bool = True, **body: Any) -> str:
        at = self.start + timedelta(seconds=20 * self.minute)
        if phone is self.copies[1][0]:
            phone.offset = 1_260_000  # this one's clock is 21 minutes slow, and it knows
        phone.now = clock.to_ms(at) - (phone.offset or 0)
        ref = phone.write(kind, **body)
        line = hashing.line_id(hashlib.sha256(phone.entries[-1]).digest())
        self.told[line] = Told(line, kind, sound, "seal" in body)
        return ref


@dataclass(frozen=True)
class Sent:
    """One batch on its way: numbers `first` to `last` of one journal."""

    journal: Phone
    first: int
    last: int


def straight(day: Day, order: int = 1) -> list[Sent]:
    """Every journal whole and once, one device after the other."""
    return [Sent(p, 1, len(p.entries)) for p in day.journals[::order] if p.entries]


def wild(day: Day, seed: int) -> list[Sent]:
    """Cut anyhow: gaps, replays, lost answers; and at the end what a patient device does, which
    is to send all of it again until it is held."""
    chance = random.Random(seed)  # the seed is the example's
    out: list[Sent] = []
    reached = {id(p): 0 for p in day.journals}
    live = [p for p in day.journals if p.entries]
    for _ in range(min(30, 3 * len(live))):
        phone = chance.choice(live)
        n, at = len(phone.entries), reached[id(phone)]
        first = min(n, max(1, at + 1 + chance.choice((0, 0, 0, 0, -1, -3, 2, 4))))
        last = min(n, first + chance.choice((0, 1, 2, 5, 9)))
        out.append(Sent(phone, first, last))
        if first <= at + 1:
            reached[id(phone)] = max(at, last)
    rest = list(live)
    chance.shuffle(rest)
    return out + [Sent(p, 1, len(p.entries)) for p in rest]


def by_entry(day: Day) -> list[Sent]:
    """One entry a batch, in the order of the field: everybody has a signal all day."""
    out: list[tuple[int, Sent]] = []
    for phone in day.journals:
        for i, raw in enumerate(phone.entries, 1):
            said = json.loads(raw)
            out.append((said["at"] + (said["offset"] or 0), Sent(phone, i, i)))
    return [sent for _, sent in sorted(out, key=lambda x: x[0])]
