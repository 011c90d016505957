"""Reading bulletins: one, lists of an area, those that are being made."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from screening.bulletins import rules
from screening.db import fetch
from screening.errors import NotFound
from screening.places import queries as places
from screening.places.rules import Place

JOB = "freeze_bulletin"


class NoSuchBulletin(NotFound):
    code = "no_such_bulletin"
    zh = "没有这份通报。"
    en = "There is no such bulletin."


class BulletinRow(NamedTuple):
    bulletin_id: int
    kind: str
    round_id: int
    area_id: int
    number: int
    subject: str | None
    cut_off: datetime
    made_at: datetime
    made_by: int | None


class Addendum(NamedTuple):
    """A later correction: who, when, the sentence, and [[word of told, then, now]]."""

    seq: int
    made_at: datetime
    made_by: int
    text: str
    changes: list[list[Any]]


class Held(NamedTuple):
    """A bulletin as it was frozen; `sealed` is still closed."""

    row: BulletinRow
    body: dict[str, Any]
    sealed: bytes | None
    digest: bytes
    addenda: list[Addendum]


_ROW = ", ".join(BulletinRow._fields)


def get_bulletin(bulletin_id: int) -> Held:
    """A bulletin whose stored bytes are those of its digest. Raises NoSuchBulletin, BrokenSeal."""
    rows = fetch(
        f"SELECT {_ROW}, body, sealed, digest FROM bulletin WHERE bulletin_id = %s", (bulletin_id,)
    )
    if not rows:
        raise NoSuchBulletin()
    *row, body, sealed, kept = rows[0]
    body, sealed = bytes(body), bytes(sealed) if sealed is not None else None
    if not hmac.compare_digest(rules.digest(body, sealed), bytes(kept)):
        raise rules.BrokenSeal()
    found = list_addenda(bulletin_id, bytes(kept))
    return Held(BulletinRow(*row), orjson.loads(body), sealed, bytes(kept), found)


def list_addenda(bulletin_id: int, digest: bytes) -> list[Addendum]:
    """In order; each stands on the digest before it. Raises BrokenSeal."""
    out: list[Addendum] = []
    for seq, at, by, body, kept in fetch(
        "SELECT seq, made_at, made_by, body, digest FROM bulletin_addendum "
        "WHERE bulletin_id = %s ORDER BY seq",
        (bulletin_id,),
    ):
        digest = rules.digest(bytes(body), digest)
        if seq != len(out) + 1 or not hmac.compare_digest(digest, bytes(kept)):
            raise rules.BrokenSeal()
        told = orjson.loads(bytes(body))
        out.append(Addendum(seq, at, by, told["text"], told["changes"]))
    return out


def last_digest(bulletin_id: int) -> bytes:
    """What the next addendum stands on, locked until the transaction ends."""
    rows = fetch("SELECT digest FROM bulletin WHERE bulletin_id = %s FOR UPDATE", (bulletin_id,))
    if not rows:
        raise NoSuchBulletin()
    later = fetch(
        "SELECT digest FROM bulletin_addendum WHERE bulletin_id = %s ORDER BY seq DESC LIMIT 1",
        (bulletin_id,),
    )
    return bytes((later or rows)[0][0])


def list_bulletins(
    held: Sequence[Place], *, openers: Sequence[Place] = (), round_id: int | None = None,
    before: int | None = None, limit: int = 50,
) -> list[BulletinRow]:  # fmt: skip
    """Bulletins over areas within the places, newest first, paged by number; special reports only
    over areas within `openers`, where somebody may open the people in them."""
    cond, params = places.in_scope(held)
    opens, more = places.in_scope(openers)
    rows = fetch(
        f"SELECT {', '.join('b.' + c for c in BulletinRow._fields)} FROM bulletin b "
        f"JOIN area a USING (area_id) WHERE {cond} AND (b.kind <> %s OR {opens}) "
        "AND (%s::int8 IS NULL OR b.round_id = %s) AND b.bulletin_id < %s "
        "ORDER BY b.bulletin_id DESC LIMIT %s",
        (*params, str(rules.Kind.POOL), *more, round_id, round_id, before or 2**62, limit),
    )
    return [BulletinRow(*r) for r in rows]


def place_of_bulletin(bulletin_id: int) -> Place:
    rows = fetch("SELECT area_id FROM bulletin WHERE bulletin_id = %s", (bulletin_id,))
    if not rows:
        raise NoSuchBulletin()
    return places.place_of_area(rows[0][0])


class Asked(NamedTuple):
    """A bulletin that was asked for and is not there yet; `failed` when it will not come."""

    job_id: int
    kind: str
    round_id: int
    area_id: int
    due_at: datetime
    failed: bool


def list_asked(area_ids: Sequence[int]) -> list[Asked]:
    """What the worker is still to make of these areas."""
    rows = fetch(
        "SELECT job_id, args ->> 'report', (args ->> 'round_id')::int8, (args ->> 'area_id')::int8, "
        "due_at, state = 3 FROM job WHERE kind = %s AND (state IN (0, 1) "
        "OR state = 3 AND ended_at > now() - interval '1 day') "
        "AND (args ->> 'area_id')::int8 = ANY(%s) ORDER BY due_at",
        (JOB, list(area_ids)),
    )
    return [Asked(*r) for r in rows]


def list_unreported() -> list[int]:
    """Rounds that were signed off and have no closing report, made or asked for."""
    rows = fetch(
        "SELECT r.round_id FROM round r WHERE r.signed_at IS NOT NULL AND r.round_id <> 0 "
        "AND NOT EXISTS (SELECT FROM bulletin b WHERE b.round_id = r.round_id "
        "AND b.kind = 'closing') AND NOT EXISTS (SELECT FROM job j WHERE j.kind = %s "
        "AND (j.args ->> 'round_id')::int8 = r.round_id AND j.args ->> 'report' = 'closing') "
        "ORDER BY r.round_id",
        (JOB,),
    )
    return [r[0] for r in rows]
