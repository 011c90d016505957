"""Reading exports: the own files, their pieces, what was opened today."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.crypto import KeyRing
from screening.db import fetch
from screening.errors import NotFound
from screening.exports import rules


class NoSuchExport(NotFound):
    code = "no_such_export"
    zh = "没有这个文件，或不是您导出的。"
    en = "There is no such file, or somebody else made it."


class ExportRow(NamedTuple):
    export_id: int
    kind: str
    area_id: int
    args: dict[str, Any]
    format: str
    lang: str
    unmasked: bool
    reason: str | None
    state: str
    job_id: int | None
    total: int
    done: int
    size: int
    made_by: int
    made_at: datetime
    ended_at: datetime | None
    expires_at: datetime

    @property
    def round_id(self) -> int:
        return int(self.args["round_id"])


_ROW = ", ".join(ExportRow._fields)


def get_export(export_id: int, *, lock: bool = False) -> ExportRow:
    rows = fetch(
        f"SELECT {_ROW} FROM export_file WHERE export_id = %s" + (" FOR UPDATE" if lock else ""),
        (export_id,),
    )
    if not rows:
        raise NoSuchExport()
    return ExportRow(*rows[0])


def get_own(export_id: int, staff_id: int) -> ExportRow:
    """A file of this person. Raises NoSuchExport for anybody else's."""
    found = get_export(export_id)
    if found.made_by != staff_id:
        raise NoSuchExport()
    return found


def list_own(staff_id: int, *, before: int | None = None, limit: int = 50) -> list[ExportRow]:
    rows = fetch(
        f"SELECT {_ROW} FROM export_file WHERE made_by = %s AND export_id < %s "
        "ORDER BY export_id DESC LIMIT %s",
        (staff_id, before or 2**62, limit),
    )
    return [ExportRow(*r) for r in rows]


def list_rounds(paths: Sequence[str]) -> list[tuple[int, str]]:
    """(round, name) of the rounds that have begun and touch areas with these paths, newest first."""
    return fetch(
        "SELECT r.round_id, r.name FROM round r WHERE r.started_at IS NOT NULL AND r.round_id <> 0 "
        "AND EXISTS (SELECT FROM round_area x JOIN area a USING (area_id) CROSS JOIN "
        "unnest(%s::text[]) AS own (path) WHERE x.round_id = r.round_id "
        "AND (a.path LIKE own.path || '%%' OR own.path LIKE a.path || '%%')) "
        "ORDER BY r.round_id DESC LIMIT 200",
        (list(paths),),
    )


def names_of_rounds(ids: Iterable[int]) -> dict[int, str]:
    rows = fetch("SELECT round_id, name FROM round WHERE round_id = ANY(%s)", (sorted(set(ids)),))
    return dict(rows)


def has_begun(round_id: int) -> bool:
    return bool(
        fetch("SELECT 1 FROM round WHERE round_id = %s AND started_at IS NOT NULL", (round_id,))
    )


def broken(rows: Sequence[ExportRow]) -> set[int]:
    """Files whose job gave up."""
    ids = [r.job_id for r in rows if r.state in rules.LIVE and r.job_id]
    found = {
        r[0] for r in fetch("SELECT job_id FROM job WHERE job_id = ANY(%s) AND state = 3", (ids,))
    }
    return {r.export_id for r in rows if r.job_id in found}


def count_running(staff_id: int) -> int:
    return fetch(
        "SELECT count(*) FROM export_file e WHERE made_by = %s AND state = ANY(%s) "
        "AND NOT EXISTS (SELECT FROM job j WHERE j.job_id = e.job_id AND j.state = 3)",
        (staff_id, list(rules.LIVE)),
    )[0][0]


def lock_taker(staff_id: int) -> None:
    """What one person takes is counted one after the other, until the transaction ends."""
    fetch("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"export.{staff_id}",))


def count_opened(staff_id: int, since: datetime, *, but: int = 0) -> tuple[int, int]:
    """(files, rows) with open phones that somebody took since then, also those made at once."""
    return fetch(
        "SELECT sum(n)::int8, sum(lines)::int8 FROM ("
        "SELECT count(*) AS n, coalesce(sum(done), 0) AS lines FROM export_file WHERE made_by = %s "
        "AND unmasked AND made_at >= %s AND export_id <> %s AND state <> ALL(%s) UNION ALL "
        "SELECT count(*), coalesce(sum((detail ->> 'rows')::int8), 0) FROM audit "
        "WHERE cell_id = 0 AND at >= %s AND staff_id = %s AND action = %s) AS taken",
        (staff_id, since, but, [rules.FAILED, rules.CANCELLED], since, staff_id, rules.TAKEN),
    )[0]


def piece_of(export_id: int, seq: int, keys: KeyRing) -> bytes:
    rows = fetch(
        "SELECT body FROM export_piece WHERE export_id = %s AND seq = %s", (export_id, seq)
    )
    if not rows:
        raise NoSuchExport()
    return keys.open(bytes(rows[0][0]), aad(export_id, seq))


def read_bytes(export_id: int, first: int, last: int, keys: KeyRing) -> Iterator[bytes]:
    """The bytes from `first` to `last`, a piece at a time."""
    size = rules.PIECE.value
    for seq in range(first // size, last // size + 1):
        body = piece_of(export_id, seq, keys)
        start = max(first - seq * size, 0)
        yield body[start : last - seq * size + 1]


def aad(export_id: int, seq: int) -> str:
    return f"export_piece.body.{export_id}.{seq}"


def list_expired(at: datetime) -> list[int]:
    rows = fetch(
        "SELECT export_id FROM export_file WHERE expires_at <= %s AND state <> %s "
        "ORDER BY export_id",
        (at, rules.GONE),
    )
    return [r[0] for r in rows]
