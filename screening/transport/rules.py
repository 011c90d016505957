"""The life of a box's trip as a fold over its facts (pure; domain 8.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Any, NamedTuple

from screening.tube.rules import CARRIED, Verb


class BatchStage(IntEnum):
    OPEN = 1
    SEALED = 2
    HANDED_OVER = 3
    ARRIVED = 4
    DISCREPANT = 5
    RECONCILED = 6


class Fact(NamedTuple):
    """One thing said about a batch; columns of `batch_fact`."""

    fact_id: int
    verb: int
    at: datetime
    device_id: int
    journal_id: int
    seq: int
    round_id: int
    staff_id: int | None = None
    to_staff_id: int | None = None
    site_id: int | None = None
    lab_id: int | None = None
    seal: str | None = None
    n: int | None = None
    temperature: int | None = None
    answers: int | None = None
    data: dict | None = None

    @property
    def order(self) -> tuple:
        return (self.at, self.device_id, self.journal_id, self.seq)


class Packed(NamedTuple):
    """A tube that was put into the batch; `received` and `batch_id` are the tube's own state."""

    barcode: str
    line_id: int
    at: datetime
    received: bool
    gone: bool = False  # lost, rejected, void: nothing to look for
    leaked: bool = False


class Limits(NamedTuple):
    """Temperature in tenths of a degree C; the road in minutes. Defaults with their source."""

    warm: int = 80
    cold: int = -800
    source: str = "domain 2.4: 2-8 °C within 24 h (recalled; configure per city)"


@dataclass(slots=True)
class BatchState:
    stage: BatchStage = BatchStage.OPEN
    since: datetime | None = None
    round_id: int = 0
    box: str | None = None
    site_id: int | None = None
    seal: str | None = None
    counted: int | None = None
    known: int = 0
    received: int = 0
    lab_id: int | None = None
    holder_id: int | None = None
    temperature: int | None = None
    opened_at: datetime | None = None
    sealed_at: datetime | None = None
    handed_at: datetime | None = None
    arrived_at: datetime | None = None
    inside: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    extra: list[str] = field(default_factory=list)
    scanned: set[str] = field(default_factory=set)
    unpacked: dict[int, datetime] = field(default_factory=dict)
    findings: dict[str, dict] = field(default_factory=dict)


def fold(
    facts: Iterable[Fact],
    packed: Sequence[Packed],
    *,
    limits: Mapping[str, int],
    cold_chain: Limits = Limits(),
) -> BatchState:
    """The state of one trip from all its facts, in any order."""
    ordered = sorted(facts, key=lambda f: f.order)
    taken = {f.answers for f in ordered if f.verb == Verb.UNSEAL}
    live = [f for f in ordered if f.fact_id not in taken]
    state = BatchState()
    taken_out = (f for f in reversed(live) if f.verb == Verb.UNPACK)  # the first one counts
    state.unpacked = {f.answers: f.at for f in taken_out if f.answers}
    inside = [p for p in packed if p.line_id not in state.unpacked]
    state.inside = sorted({p.barcode for p in inside})
    state.known = len(state.inside)
    state.received = len({p.barcode for p in inside if p.received})
    for fact in live:
        _tell(state, fact)
    scanned = ((f.data or {}).get("tube") for f in live if f.verb == Verb.RECEIVE)
    state.scanned = {str(t) for t in scanned if t}
    state.extra = sorted(state.scanned.difference(state.inside))
    if any(f.verb == Verb.RECONCILE for f in live):
        state.missing = sorted({p.barcode for p in inside if not p.received and not p.gone})
        done = not state.missing and not state.extra
        state.stage = BatchStage.RECONCILED if done else BatchStage.DISCREPANT
    elif _all_seen(state, inside):
        state.stage = BatchStage.RECONCILED  # at its last tube; nobody has to say so
    _find(state, live, limits, cold_chain)
    if leaked := sorted({p.barcode for p in inside if p.leaked}):
        state.findings["leak"] = {"tubes": leaked}  # the neighbours are looked at (edge case 35)
    return state


def _all_seen(state: BatchState, inside: Sequence[Packed]) -> bool:
    """Every tube that was counted into an arrived box was scanned, here or into a well, and no
    other came out of it. A box whose packer counted more than was heard of waits."""
    return (
        state.stage == BatchStage.ARRIVED
        and state.known > 0
        and state.counted in (None, state.known)
        and not state.extra
        and all(p.received or p.gone for p in inside)
    )


def _tell(state: BatchState, fact: Fact) -> None:
    data = fact.data or {}
    if fact.verb == Verb.BOX_OPEN:
        state.opened_at = state.opened_at or fact.at
        _reach(state, BatchStage.OPEN, fact)
    elif fact.verb == Verb.SEAL:
        state.seal, state.counted, state.sealed_at = fact.seal, fact.n, fact.at
        _reach(state, BatchStage.SEALED, fact)
    elif fact.verb in (Verb.HAND_OVER, Verb.REDIRECT):
        state.lab_id = fact.lab_id or state.lab_id
        if fact.verb == Verb.HAND_OVER:
            state.handed_at = state.handed_at or fact.at
            state.holder_id = fact.to_staff_id
            _reach(state, BatchStage.HANDED_OVER, fact)
    elif fact.verb == Verb.ARRIVE:
        state.arrived_at = state.arrived_at or fact.at
        state.lab_id = fact.lab_id or state.lab_id
        state.holder_id = fact.staff_id
        _reach(state, BatchStage.ARRIVED, fact)
    state.box = state.box or data.get("box")
    if fact.verb in (Verb.BOX_OPEN, Verb.PACK, Verb.SEAL):
        state.site_id = state.site_id or fact.site_id
        state.round_id = state.round_id or fact.round_id
    if fact.temperature is not None:
        state.temperature = fact.temperature


def _reach(state: BatchState, stage: BatchStage, fact: Fact) -> None:
    if stage >= state.stage:
        state.stage, state.since = stage, fact.at


def _find(
    state: BatchState, live: Sequence[Fact], limits: Mapping[str, int], chain: Limits
) -> None:
    out = state.findings
    _seal_differs(state, [f for f in live if f.verb == Verb.SEAL])
    for f in live:
        if f.verb == Verb.HAND_OVER and (f.data or {}).get("difference"):
            out["hand_over_mismatch"] = {"fact": f.fact_id}
        if f.verb == Verb.ARRIVE:
            _arrival_differs(state, f)
        if f.temperature is not None and not chain.cold <= f.temperature <= chain.warm:
            out["warm_box"] = {"temperature": f.temperature}
    road = limits.get("in_transit")
    if state.arrived_at and state.handed_at and road:
        late = state.arrived_at - state.handed_at - timedelta(minutes=road)
        if late > timedelta(0):
            out["late_box"] = {"minutes": int(late.total_seconds() // 60)}


def _seal_differs(state: BatchState, seals: Sequence[Fact]) -> None:
    """The packer's count against what the journals know, less what a coded tap explained."""
    if not seals or seals[-1].n is None:
        return
    explained = sum(d["n"] for d in (seals[-1].data or {}).get("differences", ()))
    off = seals[-1].n - state.known
    if off and off != explained:
        state.findings["seal_mismatch"] = {"counted": seals[-1].n, "known": state.known}


def _arrival_differs(state: BatchState, fact: Fact) -> None:
    if not (fact.data or {}).get("intact", True):
        state.findings["broken_seal"] = {"fact": fact.fact_id}
    if fact.n is not None and state.counted is not None and fact.n != state.counted:
        state.findings["arrive_mismatch"] = {"counted": fact.n, "sealed": state.counted}


BATCH_KINDS = (
    "seal_mismatch", "hand_over_mismatch", "arrive_mismatch", "broken_seal", "warm_box", "late_box",
    "leak",
)  # fmt: skip
TUBE_KINDS = ("missing_at_lab", "wrong_box")
LINK_OF = {
    BatchStage.OPEN: "packed",
    BatchStage.SEALED: "packed",
    BatchStage.HANDED_OVER: "in_transit",
    BatchStage.ARRIVED: "received",
}


def due_at(state: BatchState, limits: Mapping[str, int]) -> datetime | None:
    """When this trip becomes overdue in its stage; None if never."""
    link = LINK_OF.get(state.stage)
    if link is None or state.since is None or link not in limits:
        return None
    return state.since + timedelta(minutes=limits[link])


# batch facts that every tube in the box lives through
CARRIES = CARRIED


def moves(facts: Iterable[Fact]) -> list[Fact]:
    """What every tube in the box lives through. Before anybody took the box over, another
    destination is only an intention: its tubes stand where they stood."""
    told = [f for f in facts if f.verb in CARRIES]
    left = min((f.at for f in told if f.verb == Verb.HAND_OVER), default=None)
    return [f for f in told if f.verb != Verb.REDIRECT or (left is not None and left <= f.at)]


def redirect_fact(
    command_id: int, body: Mapping[str, Any], *, by: int | None, at: datetime
) -> Fact:
    """The fact of a command that sends a box to another laboratory; `with` is who was told."""
    return Fact(
        command_id, int(Verb.REDIRECT), at, 0, 0, 0, body.get("round", 0), by, body["with"],
        lab_id=body["to_lab"], data={"from_lab": body["from_lab"], "reason": body["reason"]},
    )  # fmt: skip


def batch_ref(wire: str) -> tuple[int, int]:
    """(cell, batch id) of a batch as devices write it."""
    cell, _, random = wire.partition("-")
    return int(cell), int(random[:16], 16) >> 1
