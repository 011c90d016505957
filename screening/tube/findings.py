"""What contradicts in the facts of one tube, and what each contradiction holds back (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from screening.tube.rules import GONE, Bind, Hold, Line, Stage, Verb
from screening.tube.state import State

HOLD_OF: dict[str, Hold] = {
    "no_persons": Hold.NO_PERSONS,
    "list_incomplete": Hold.LIST_INCOMPLETE,
    "not_closed": Hold.LIST_INCOMPLETE,
    "empty_with_persons": Hold.LIST_INCOMPLETE,
    "unknown_tube": Hold.NO_CAPTURE,
    "two_sites": Hold.TWO_SITES,
    "reused": Hold.REUSED,
    "added_after_pack": Hold.AFTER_PACK,
    "unassigned": Hold.UNASSIGNED,
    "found_after_loss": Hold.AFTER_LOSS,
}
# every finding kind a fold can make: what the tickets desk closes again when it holds no more
FINDINGS = (
    *HOLD_OF, "opened_twice", "over_count", "over_count_noted", "twice_in_tube",
)  # fmt: skip


def after(a: Line | Bind, b: Line | Bind) -> bool:
    """Whether `a` happened after `b`: by number within one journal, by corrected time between."""
    if (a.device_id, a.journal_id) == (b.device_id, b.journal_id) and a.journal_id:
        return a.seq > b.seq
    return a.at > b.at


class _Facts(NamedTuple):
    """What the checks of contradictions look at."""

    state: State
    live: Sequence[Line]
    binds: Sequence[Bind]
    opens: list[Line]
    closes: list[Line]
    packs: list[Line]
    round_id: int


def examine(state: State, live: Sequence[Line], binds: Iterable[Bind], round_id: int) -> None:
    """Every contradiction that the facts hold now, and what it holds back."""
    facts = _Facts(
        state,
        live,
        list(binds),
        [ln for ln in live if ln.verb == Verb.OPEN],
        [ln for ln in live if ln.verb == Verb.CLOSE],
        [ln for ln in live if ln.verb == Verb.PACK],
        round_id,
    )
    for check in _CHECKS:
        check(state.findings, facts)
    for line in live:
        if line.verb == Verb.SETTLE and (line.data or {}).get("kind") in SETTLED_BY_HAND:
            state.findings.pop((line.data or {})["kind"], None)
    for kind in state.findings:
        state.holds |= HOLD_OF.get(kind, 0)


def _opened_where(out: dict, f: _Facts) -> None:
    sites = sorted({ln.site_id for ln in f.opens if ln.site_id is not None})
    if len(sites) > 1:
        out["two_sites"] = {"sites": sites}
        return
    if len({(ln.device_id, ln.journal_id) for ln in f.opens}) > 1:
        out["opened_twice"] = {"devices": sorted({ln.device_id for ln in f.opens})}
    if f.opens and f.closes and after(f.opens[-1], f.closes[0]):
        again, closed = f.opens[-1].line_id, f.closes[0].line_id
        out["reused"] = {"first_closed": closed, "opened_again": again}


def _arrived_empty(out: dict, f: _Facts) -> None:
    state = f.state
    if state.stage < Stage.RECEIVED or state.stage in GONE:
        return
    if not f.opens and not f.binds:
        out["unknown_tube"] = {"lab": state.lab_id}
    elif state.members == 0:
        out["no_persons"] = {"site": state.site_id}


def _list_differs(out: dict, f: _Facts) -> None:
    state = f.state
    if state.stage == Stage.VOID_EMPTY:
        if state.members:
            out["empty_with_persons"] = {"known": state.members}
    elif f.closes or state.confirmed is not None:
        if state.confirmed != state.members:
            out["list_incomplete"] = {"confirmed": state.confirmed, "known": state.members}
    elif state.stage >= Stage.PACKED and state.members and state.stage not in GONE:
        out["not_closed"] = {"known": state.members}


def _too_many(out: dict, f: _Facts) -> None:
    state = f.state
    if state.pool_size and state.members > state.pool_size:
        noted = any(ln.verb == Verb.OVER for ln in f.live)
        kind = "over_count_noted" if noted else "over_count"
        out[kind] = {"size": state.pool_size, "known": state.members}


def _added_late(out: dict, f: _Facts) -> None:
    if not f.packs:
        return
    late = [b.specimen_id for b in f.binds if after(b, f.packs[0])]
    late = [s for s in late if not f.state.voids[s]]
    if late:
        out["added_after_pack"] = {"specimens": late}


def _twice(out: dict, f: _Facts) -> None:
    seen: set[int] = set()
    for bind in f.binds:
        if f.state.voids[bind.specimen_id]:
            continue
        if bind.person_id in seen:
            out["twice_in_tube"] = {"person": bind.person_id}
        seen.add(bind.person_id)


def _elsewhere(out: dict, f: _Facts) -> None:
    if f.state.stage == Stage.LOST and any(
        Stage.RECEIVED <= ln.stage < Stage.VOID_EMPTY for ln in f.live
    ):
        out["found_after_loss"] = {}
    if f.round_id == 0:
        out["unassigned"] = {}


_CHECKS = (
    _opened_where, _arrived_empty, _list_differs, _too_many, _added_late, _twice, _elsewhere,
)  # fmt: skip
# what a second person may settle by hand; a missing list is only ever completed, never waved through
SETTLED_BY_HAND = frozenset(
    ("two_sites", "reused", "added_after_pack", "found_after_loss", "not_closed", "opened_twice",
     "over_count", "empty_with_persons", "unassigned")
)  # fmt: skip
