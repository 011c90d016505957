"""The resident's look-up: a code to the own swabs and what is known of each. Hot path: three indexed
statements, no session row, no write when the code is right."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening import clock
from screening.accounts import throttle
from screening.accounts.rules import ATTACK_FROM
from screening.db import fetch
from screening.errors import NotFound, Problem
from screening.registry import seals
from screening.registry.queries import ROUNDS
from screening.registry.service.persons import ring
from screening.reporting import rules
from screening.reporting.queries import CalledRow, SwabRow, story_of_person
from screening.reporting.rules import PersonState, Swab
from screening.reporting.service.codes import code_hash
from screening.tube.queries import Key
from screening.tube.rules import NOT_IN_TUBE, RESAMPLE, Mode


class NoSuchCode(NotFound):
    code = "no_such_access_code"
    zh = "没有这个查询码，或者它已失效；请对照纸条，或到社区、采样点补打。"
    en = "There is no such code, or it is no longer valid; compare your slip, or have a new one printed."


class Seen(NamedTuple):
    """One swab as its person may see it: never who else is in the tube."""

    sampled_at: datetime
    round_name: str
    pooled: int | None  # how many shared the tube; None before a result
    household: bool
    state: PersonState | None
    released_at: datetime | None
    version: int


class Looked(NamedTuple):
    """What a resident sees; `state` of all swabs together, the worst open one deciding."""

    state: PersonState
    swabs: list[Seen]
    callback_due: datetime | None


class LastFourNeeded(Problem):
    status = 403
    code = "last4_needed"
    zh = "这个网络刚有很多次错误的查询，请再输入证件号码后四位。"
    en = "Many wrong codes came from this network; type the last four of your document number too."


_CODE = (
    "SELECT cell_id, person_id, (SELECT fails FROM throttle WHERE key = %s AND since > %s) "
    "FROM access_code WHERE code_hash = %s AND revoked_at IS NULL AND until > %s"
)


def look_up(code: str, *, last4: str = "", address: str | None, at: datetime) -> Looked:
    """Raises WrongLength, BadAccessCode (a slip of the finger, not counted), NoSuchCode, TooMany,
    LastFourNeeded.

    A right code writes nothing. A wrong one with good check digits is a guess: it is counted for
    its address, which waits longer each time. After many guesses a right code from that address
    must come with the last four of the document: a guesser is stopped, a neighbour is not."""
    hashed = code_hash(code)
    where = throttle.address_of(address)
    this = throttle.attempt("lookup", where, where)
    rows = fetch(_CODE, (this.soft[1], clock.real_now() - throttle.MEMORY, hashed, at))
    if rows and (rows[0][2] or 0) >= ATTACK_FROM.value and not last4:
        raise LastFourNeeded()
    if not rows or ((rows[0][2] or 0) >= ATTACK_FROM.value and not _owns(rows[0], last4)):
        throttle.begin(this)
        throttle.failed(this)
        raise NoSuchCode()
    return person_results(*rows[0][:2])


def _owns(row: tuple, last4: str) -> bool:
    cell, person, _ = row
    asked = seals.last4_hash(ring(), last4.strip().upper())
    kept = fetch(
        "SELECT last4_hash FROM person WHERE cell_id = %s AND person_id = %s", (cell, person)
    )
    return bool(kept) and kept[0][0] is not None and bytes(kept[0][0]) == asked


def recent_rounds() -> list[int]:
    """The newest rounds and round 0, from memory."""
    policies = sorted(ROUNDS.get().values(), key=lambda p: p.starts_at, reverse=True)
    newest = [p.round_id for p in policies if p.round_id][: rules.LOOKUP_ROUNDS.value]
    return [0, *newest]


_TUBES = (
    "SELECT t.cell_id, t.round_id, t.barcode, t.mode, r.version, r.outcome, r.released_at, "
    "r.members FROM tube t LEFT JOIN LATERAL (SELECT version, outcome, released_at, members "
    "FROM result WHERE cell_id = t.cell_id AND round_id = t.round_id AND barcode = t.barcode "
    "ORDER BY version DESC LIMIT 1) r ON true "
    "WHERE t.cell_id = ANY(%s) AND t.round_id = ANY(%s) AND t.barcode = ANY(%s)"
)


def person_results(cell: int, person: int) -> Looked:
    """All recent swabs of one person and the state that they add up to."""
    found, called = story_of_person(cell, person, recent_rounds())
    rows = [s for s in found if s.void not in NOT_IN_TUBE or s.void in RESAMPLE]
    tubes = _tubes(rows)
    told = [_told(s, tubes.get(s.key), called.get(s.key)) for s in rows]
    told.sort(key=lambda t: t[1].sampled_at, reverse=True)
    due = [c.due_at for c in called.values() if c.state == rules.OPEN]
    return Looked(
        rules.person_state([swab for swab, _ in told]),
        [seen for _, seen in told],
        min(due, default=None),
    )


def _tubes(rows: Sequence[SwabRow]) -> Mapping[Key, tuple]:
    if not rows:
        return {}
    places = [sorted({s.tube_cell for s in rows}), sorted({s.round_id for s in rows})]
    found = fetch(_TUBES, [*places, sorted({s.barcode for s in rows})])
    return {Key(t[2], t[0], t[1]): t[3:] for t in found}


def _told(row: SwabRow, tube: tuple | None, called: CalledRow | None) -> tuple[Swab, Seen]:
    mode, version, outcome, released_at, members = tube or (0, None, None, None, None)
    covered = members is not None and row.specimen_id in members
    swab = Swab(
        at=row.at,
        void=row.void,
        purpose=row.purpose,
        outcome=outcome,
        covered=covered,
        callback=called.state if called else None,
        callback_outcome=called.outcome if called else None,
        alone=members is not None and len(members) == 1,
    )
    said: dict[str, Any] = {"pooled": len(members), "released_at": released_at} if covered else {}
    return swab, Seen(
        sampled_at=row.at,
        round_name=_name(row.round_id),
        pooled=said.get("pooled"),
        household=mode == Mode.HOUSEHOLD,
        state=rules.swab_state(swab),
        released_at=said.get("released_at"),
        version=version if covered and version else 0,
    )


def _name(round_id: int) -> str:
    policy = ROUNDS.get().get(round_id)
    return policy.name if policy is not None else ""
