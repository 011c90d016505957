"""The command page's pictures: written by the worker for areas that somebody looks at, read by
everybody. Nobody's look is counted twice, and no request waits for another's."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from screening import clock
from screening.accounts.rules import Limit
from screening.db import db, fetch, new_id, run
from screening.figures.queries.marks import mark_of
from screening.figures.queries.picture import picture_of
from screening.figures.queries.scene import Scene
from screening.places import queries as places
from screening.places.rules import COUNTY
from screening.registry.queries import open_rounds

WANTED = Limit(600, "house; seconds: an area is kept fresh this long after the last look")
ASKED = Limit(60, "house; seconds between two notes that somebody still looks")
LEAST = Limit(10, "house; seconds between two writings of a picture, however much moves")
ALWAYS = COUNTY  # areas down to this level are kept for open rounds before anybody looks
AGES = Limit(60, "house; seconds after which ages are written anew though nothing moved")
STALE = Limit(120, "house; seconds: an older picture is not shown, no worker runs")
CHUNK = Limit(20, "house; seconds one job writes pictures before it makes room")
PICTURE_LOCK = 720_261  # advisory lock of two numbers: this one and the area


class Kept(NamedTuple):
    """A picture as it was written: `version` rises with each writing."""

    version: int
    made_at: datetime
    real_at: datetime
    body: dict[str, Any]


def find_version(round_id: int, area_id: int) -> int | None:
    """The version of a picture that may be shown; notes that somebody looks. One small read."""
    now = clock.real_now()
    rows = fetch(
        "SELECT version, wanted_at FROM area_picture WHERE round_id = %s AND area_id = %s "
        "AND real_at >= %s",
        (round_id, area_id, now - timedelta(seconds=STALE.value)),
    )
    if not rows:
        return None
    version, wanted_at = rows[0]
    if wanted_at < now - timedelta(seconds=ASKED.value):
        run(
            "UPDATE area_picture SET wanted_at = %s WHERE round_id = %s AND area_id = %s "
            "AND wanted_at = %s",
            (now, round_id, area_id, wanted_at),
        )
    return version


def look(round_id: int, area_id: int, *, at: datetime) -> Kept:
    """The picture of an area; counted at once where none is fresh enough to be shown."""
    kept = _find(round_id, area_id, max_age=STALE.value)
    if kept is not None:
        return kept
    fetch("SELECT pg_advisory_xact_lock(%s, %s)", (PICTURE_LOCK, area_id % 2**31))
    return _find(round_id, area_id, max_age=STALE.value) or write(round_id, area_id, at=at)


def _find(round_id: int, area_id: int, *, max_age: int) -> Kept | None:
    rows = fetch(
        "SELECT version, made_at, real_at, body FROM area_picture "
        "WHERE round_id = %s AND area_id = %s AND real_at >= %s",
        (round_id, area_id, clock.real_now() - timedelta(seconds=max_age)),
    )
    return Kept(*rows[0]) if rows else None


def write(round_id: int, area_id: int, *, at: datetime) -> Kept:
    """Count an area and keep its picture. Raises NoSuchPlace, NoSuchRound."""
    mark = mark_of(round_id, area_id)
    body = picture_of(Scene(round_id, area_id, at=at))
    kept = Kept(new_id(), at, clock.real_now(), body)
    run(
        "INSERT INTO area_picture (round_id, area_id, version, mark, made_at, real_at, wanted_at, "
        "body) VALUES (%(round)s, %(area)s, %(version)s, %(mark)s, %(at)s, %(real)s, %(real)s, "
        "%(body)s) ON CONFLICT (round_id, area_id) DO UPDATE SET version = EXCLUDED.version, "
        "mark = EXCLUDED.mark, made_at = EXCLUDED.made_at, real_at = EXCLUDED.real_at, "
        "body = EXCLUDED.body",
        {
            "round": round_id, "area": area_id, "version": kept.version, "mark": mark, "at": at,
            "real": kept.real_at, "body": Jsonb(body),
        },
    )  # fmt: skip
    return kept


def refresh(*, at: datetime) -> int:
    """Write anew the pictures that somebody looks at and whose sources have moved, the oldest
    first, each in its own transaction; how many."""
    now = clock.real_now()
    written = 0
    for round_id, area_id in _lacking():
        write(round_id, area_id, at=at)
        db.session.commit()
        written += 1
    rows = fetch(
        "SELECT p.round_id, p.area_id, p.mark, p.real_at FROM area_picture p "
        "WHERE p.real_at < %s AND (p.wanted_at >= %s OR (p.round_id = ANY(%s) "
        "AND p.area_id = ANY(%s))) ORDER BY p.real_at",
        (now - timedelta(seconds=LEAST.value), now - timedelta(seconds=WANTED.value),
         [p.round_id for p in open_rounds()], _always()),
    )  # fmt: skip
    for round_id, area_id, mark, real_at in rows:
        aged = real_at < now - timedelta(seconds=AGES.value)
        if aged or mark_of(round_id, area_id) != mark:
            write(round_id, area_id, at=at)
            db.session.commit()  # the area's own resume mark is its row
            written += 1
        if clock.real_now() - now > timedelta(seconds=CHUNK.value):
            break
    return written


def _always() -> list[int]:
    nodes = places.TREE.get().by_id.values()
    return [n.area_id for n in nodes if n.level <= ALWAYS]


def _lacking() -> list[tuple[int, int]]:
    """Areas of open rounds that are always kept and have no picture yet."""
    have = {(r[0], r[1]) for r in fetch("SELECT round_id, area_id FROM area_picture")}
    by_id = places.TREE.get().by_id
    return [
        (p.round_id, area_id)
        for p in open_rounds()
        for area_id in _always()
        if (p.round_id, area_id) not in have
        and any(
            by_id[area_id].path.startswith(path) or path.startswith(by_id[area_id].path)
            for path in p.area_paths
        )
    ]


def forget(*, before: datetime) -> int:
    """Drop pictures that nobody has looked at since `before` (real time)."""
    return run("DELETE FROM area_picture WHERE wanted_at < %s", (before,))
