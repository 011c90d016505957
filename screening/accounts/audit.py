"""Audit: who did or read what, in the same transaction; sealed later into one keyed chain per cell.

No writer waits for the chain. The chain is keyed with a key that lies outside the database, and
its length and end are marked, so that a changed, removed or cut row is found by `verify_audit`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson
from flask import current_app, has_request_context
from psycopg.types.json import Jsonb

from screening import clock
from screening.accounts import guard
from screening.db import apart, fetch, insert, new_id, raw, run

COLUMNS = (
    "cell_id", "audit_id", "at", "staff_id", "device_id", "action", "subject", "subject_id",
    "detail",
)  # fmt: skip
_READ = ", ".join(COLUMNS)
CHUNK = 5000


def note(
    action: str,
    subject: str | None = None,
    subject_id: object = None,
    *,
    cell: int = 0,
    detail: dict[str, Any] | None = None,
    staff_id: int | None = None,
    device_id: int | None = None,
) -> None:
    """Write one line of audit in this transaction. Ids only: never a name, number or search term.

    `staff_id` is the signed-in person unless given."""
    note_many(action, subject, [subject_id], cell=cell, detail=detail, staff_id=staff_id,
              device_id=device_id)  # fmt: skip


def note_many(
    action: str,
    subject: str | None,
    ids: Iterable[object],
    *,
    cell: int = 0,
    detail: dict[str, Any] | None = None,
    staff_id: int | None = None,
    device_id: int | None = None,
) -> None:
    """The same for many subjects of one cell at once."""
    who, now = staff_id or _who(), clock.now()
    body = Jsonb(detail) if detail else None
    insert("audit", COLUMNS, [
        (cell, new_id(), now, who, device_id, action, subject,
         None if i is None else str(i), body)
        for i in ids
    ])  # fmt: skip


def note_read_person(cell: int, ids: Iterable[int], *, why: str = "read") -> None:
    """Every read of a person leaves a line with the person's id."""
    note_many(why, "person", ids, cell=cell)


def note_apart(action: str, subject: str | None, subject_id: object, staff_id: int | None) -> None:
    """A line that outlives the rollback of the request: failed sign-ins, refusals."""
    with apart() as conn:
        conn.execute(
            b"INSERT INTO audit (cell_id, audit_id, at, staff_id, action, subject, subject_id) "
            b"VALUES (0, %s, %s, %s, %s, %s, %s)",
            (new_id(), clock.now(), staff_id, action, subject,
             None if subject_id is None else str(subject_id)),
        )  # fmt: skip


def _who() -> int | None:
    if not has_request_context():
        return None
    actor = guard.find_actor()
    return actor.staff_id if actor else None


# --- the chain --------------------------------------------------------------------------------


def _key() -> bytes:
    return hashlib.sha256(b"audit-chain\0" + current_app.extensions["keys"].index).digest()


def _text(row: Sequence[Any]) -> bytes:
    """One row as bytes that never change: times in UTC to the microsecond, keys in order."""
    plain = [v.astimezone(UTC).isoformat() if isinstance(v, datetime) else v for v in row]
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def _next(key: bytes, before: bytes, link: int, row: Sequence[Any]) -> bytes:
    return hmac.digest(key, before + link.to_bytes(8, "big") + _text(row), "sha256")


def _mark(key: bytes, cell: int, link: int, chain: bytes) -> bytes:
    return hmac.digest(key, b"head" + orjson.dumps([cell, link]) + chain, "sha256")


def unsealed_cells() -> list[int]:
    return [r[0] for r in fetch(
        "SELECT DISTINCT cell_id FROM audit WHERE chain IS NULL "
        "/* fan-out: worker; the partial index holds a minute's rows */"
    )]  # fmt: skip


def seal_audit() -> int:
    """Chain the committed rows of every cell; the number of rows sealed. Run by the worker."""
    return sum(seal_cell(cell) for cell in unsealed_cells())


def seal_cell(cell: int) -> int:
    """Append what is not sealed yet to the cell's chain, in the order found, under its lock."""
    key = _key()
    link, chain = _lock_head(key, cell)
    rows = fetch(
        f"SELECT {_READ} FROM audit WHERE cell_id = %s AND chain IS NULL "
        "ORDER BY audit_id LIMIT %s",
        (cell, CHUNK),
    )
    ids, links, chains = [], [], []
    for row in rows:
        link += 1
        chain = _next(key, chain, link, row)
        ids.append(row[1])
        links.append(link)
        chains.append(chain)
    if not rows:
        return 0
    raw().execute(
        b"UPDATE audit a SET link = v.link, chain = v.chain FROM "
        b"(SELECT unnest(%s::bigint[]) AS id, unnest(%s::bigint[]) AS link, "
        b"unnest(%s::bytea[]) AS chain) v WHERE a.cell_id = %s AND a.audit_id = v.id",
        (ids, links, chains, cell),
    )
    run(
        "UPDATE audit_head SET link = %s, chain = %s, mark = %s, sealed_at = %s WHERE cell_id = %s",
        (link, chain, _mark(key, cell, link, chain), clock.real_now(), cell),
    )
    return len(rows)


def _lock_head(key: bytes, cell: int) -> tuple[int, bytes]:
    run(
        "INSERT INTO audit_head (cell_id, link, chain, mark, sealed_at) VALUES (%s, 0, %s, %s, %s) "
        "ON CONFLICT (cell_id) DO NOTHING",
        (cell, b"", _mark(key, cell, 0, b""), clock.real_now()),
    )
    return fetch("SELECT link, chain FROM audit_head WHERE cell_id = %s FOR UPDATE", (cell,))[0]


class Verdict(NamedTuple):
    """What a walk along a cell's chain found. `broken_at` is the first link that does not hold."""

    cell: int
    sealed: int
    waiting: int
    broken_at: int | None

    @property
    def whole(self) -> bool:
        return self.broken_at is None


def verify_audit(cell: int) -> Verdict:
    """Walk the whole chain of `cell` and compare its end with the marked head."""
    key = _key()
    waiting = fetch("SELECT count(*) FROM audit WHERE cell_id = %s AND chain IS NULL", (cell,))[0][
        0
    ]
    head = fetch("SELECT link, chain, mark FROM audit_head WHERE cell_id = %s", (cell,))
    link, chain, broken = _walk(key, cell)
    if broken is None and head:
        right = hmac.compare_digest(bytes(head[0][2]), _mark(key, cell, head[0][0], head[0][1]))
        if not right or (link, chain) != (head[0][0], bytes(head[0][1])):
            broken = link + 1
    elif broken is None and link:
        broken = 1
    return Verdict(cell, link, waiting, broken)


def _walk(key: bytes, cell: int) -> tuple[int, bytes, int | None]:
    link, chain = 0, b""
    while True:
        rows = fetch(
            f"SELECT link, chain, {_READ} FROM audit WHERE cell_id = %s AND link > %s "
            "ORDER BY link LIMIT %s",
            (cell, link, CHUNK),
        )
        for number, stored, *row in rows:
            expected = _next(key, chain, link + 1, row)
            if number != link + 1 or not hmac.compare_digest(bytes(stored), expected):
                return link, chain, link + 1
            link, chain = number, expected
        if len(rows) < CHUNK:
            return link, chain, None
