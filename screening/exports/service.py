"""Making files: asked for within role, reason and limit; built by the worker; cancelled; forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app
from psycopg.types.json import Jsonb

from screening import clock
from screening.accounts.audit import note
from screening.accounts.queries import actor_of
from screening.accounts.roles import Actor
from screening.db import db, insert, new_id, run
from screening.errors import Conflict, NotAllowed, Problem
from screening.exports import files, queries, rules
from screening.exports.kinds import MARK, Listing, Order, get_listing
from screening.exports.queries import ExportRow
from screening.i18n import ZONE, dt
from screening.jobs import enqueue
from screening.places import queries as places

JOB = "build_export"


class ReasonMissing(Problem):
    status = 422
    code = "export_reason"
    zh = "导出未遮蔽的名单须选择原因。"
    en = "A list with open phones and doors needs a reason."


class OpenLimit(Problem):
    status = 429
    code = "export_open_limit"
    zh = "今天未遮蔽的导出已达上限（{files} 份或 {rows} 行），请导出遮蔽的名单或明天再来。"
    en = "The day's limit of open lists is reached ({files} files or {rows} rows)."


class TooManyRunning(Problem):
    status = 429
    code = "export_running"
    zh = "您还有 {most} 份导出在进行，请等其中一份完成。"
    en = "{most} of your exports are being made; wait until one is done."


class NotBegun(Conflict):
    code = "export_not_begun"
    zh = "没有这一轮，或它还没有开始。"
    en = "There is no such round, or it has not begun."


class NotReady(Conflict):
    code = "export_not_ready"
    zh = "文件还没有做好，或已过期。"
    en = "The file is not ready yet, or has expired."


def ask(
    kind: str, area_id: int, round_id: int, form: str, *, by: Actor, lang: str,
    unmasked: bool = False, reason: str | None = None,
) -> int:  # fmt: skip
    """Have a list made as a file; returns its number. Real time: a file expires by the wall.

    Raises NoSuchListing, NotAllowed, NotBegun, ReasonMissing, OpenLimit, TooManyRunning."""
    listing, now = get_listing(kind), clock.real_now()
    place = places.place_of_area(area_id)
    if not by.may(listing.roles, place) or form not in rules.FORMATS:
        raise NotAllowed()
    if not queries.has_begun(round_id):
        raise NotBegun()
    queries.lock_taker(by.staff_id)
    if unmasked:
        _check_open(listing, place, reason, by, now)
    if queries.count_running(by.staff_id) >= rules.RUNNING_MOST.value:
        raise TooManyRunning(most=rules.RUNNING_MOST.value)
    export_id = new_id()
    job_id = enqueue(JOB, export_id=export_id)
    insert(
        "export_file",
        ("export_id", "kind", "area_id", "args", "format", "lang", "unmasked", "reason", "state",
         "job_id", "total", "done", "size", "made_by", "made_at", "expires_at"),
        [(export_id, kind, area_id, Jsonb({"round_id": round_id}), form, lang, unmasked,
          reason if unmasked else None, rules.WAITING, job_id, 0, 0, 0, by.staff_id, now,
          now + timedelta(hours=rules.KEPT_HOURS.value))],
    )  # fmt: skip
    detail: dict[str, Any] = {"kind": kind, "round": round_id, "format": form, "open": unmasked}
    note("export_asked", "area", area_id, staff_id=by.staff_id,
         detail={**detail, "export": str(export_id), **({"reason": reason} if unmasked else {})})  # fmt: skip
    return export_id


def _check_open(listing: Listing, place: Any, reason: str | None, by: Actor, now: datetime) -> None:
    if not listing.persons or not by.may(listing.openers, place):
        raise NotAllowed()
    if reason not in rules.REASONS:
        raise ReasonMissing()
    _check_limit(by, now)


def _check_limit(by: Actor, now: datetime) -> None:
    n, rows = queries.count_opened(by.staff_id, midnight(now))
    if n >= rules.OPEN_FILES.value or rows >= rules.OPEN_ROWS.value:
        raise OpenLimit(files=rules.OPEN_FILES.value, rows=rules.OPEN_ROWS.value)


def take_open(subject: str, subject_id: int, rows: int, *, by: Actor) -> None:
    """A file with open phones that is made at once counts against the day's limit as the lists do.
    Raises OpenLimit."""
    queries.lock_taker(by.staff_id)
    _check_limit(by, clock.real_now())
    note(rules.TAKEN, subject, subject_id, staff_id=by.staff_id, detail={"rows": rows})


def midnight(now: datetime) -> datetime:
    """The last local midnight, from which a day's limits are counted."""
    return now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)


# --- the worker ---------------------------------------------------------------------------------


def build(export_id: int) -> str:
    """Make a file, a piece at a time, each committed; returns the state it ended in.

    Begun anew after a crash. Rows are read in one snapshot of their own."""
    run("DELETE FROM export_piece WHERE export_id = %s", (export_id,))
    row = queries.get_export(export_id)
    if row.state not in rules.LIVE:
        db.session.commit()
        return row.state
    _set(export_id, rules.RUNNING, done=0)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    keys, count = app.extensions["keys"], [0]
    folder = app.extensions["settings"].instance / "tmp"
    state, size = rules.DONE, 0
    with closing(files.Snapshot(app, lambda: _bytes(row, count, folder))) as body:
        for seq, piece in enumerate(rules.cut(body)):
            insert(
                "export_piece", ("export_id", "seq", "body"),
                [(export_id, seq, keys.seal(piece, queries.aad(export_id, seq)))],
            )  # fmt: skip
            size += len(piece)
            state = _step(row, count[0])
            if state != rules.DONE:
                break
    return _finish(row, state, count[0], size)


def _set(export_id: int, state: str, **numbers: int) -> None:
    names = "".join(f", {name} = %s" for name in numbers)
    run(
        f"UPDATE export_file SET state = %s{names} WHERE export_id = %s",
        (state, *numbers.values(), export_id),
    )
    db.session.commit()


def _step(row: ExportRow, count: int) -> str:
    """After each piece: tell how far it is, and see whether it shall go on."""
    run("UPDATE export_file SET done = %s WHERE export_id = %s", (count, row.export_id))
    now = queries.get_export(row.export_id).state
    if row.unmasked and _over(row, count):
        now = rules.LIMITED
    db.session.commit()
    return rules.DONE if now == rules.RUNNING else now


def _over(row: ExportRow, count: int) -> bool:
    _files, rows = queries.count_opened(row.made_by, midnight(row.made_at), but=row.export_id)
    return rows + count > rules.OPEN_ROWS.value


def _finish(row: ExportRow, state: str, count: int, size: int) -> str:
    if row.unmasked:
        queries.lock_taker(row.made_by)
    if state == rules.DONE and row.unmasked and _over(row, count):
        state = rules.LIMITED
    if state != rules.DONE:
        run("DELETE FROM export_piece WHERE export_id = %s", (row.export_id,))
        size = 0
    run(
        "UPDATE export_file SET state = %s, done = %s, total = %s, size = %s, ended_at = %s "
        "WHERE export_id = %s",
        (state, count, count, size, clock.real_now(), row.export_id),
    )
    note(
        "export_made" if state == rules.DONE else "export_stopped", "area", row.area_id,
        staff_id=row.made_by, detail={"export": str(row.export_id), "kind": row.kind, "rows": count},
    )  # fmt: skip
    db.session.commit()
    return state


def _bytes(row: ExportRow, count: list[int], folder: Any) -> Iterator[bytes]:
    """Runs in the snapshot's own context; `count` tells how many rows have gone by."""
    listing, order = get_listing(row.kind), order_of(row)
    mark = mark_of(row, order.actor) if listing.persons else ""
    fields, heads = list(listing.fields), listing.heads(row.lang)
    if mark:
        fields.append(MARK.key)
        heads.append(MARK.en if row.lang == "en" else MARK.zh)

    def rows() -> Iterator[Sequence[Any]]:
        for values in listing.rows(order):
            count[0] += 1
            yield (*values, mark) if mark else values

    return files.write(row.format, fields, heads, rows(), folder, mark)


def order_of(row: ExportRow) -> Order:
    """Raises NotAllowed when the person's role over the area has ended meanwhile."""
    actor, node = actor_of(row.made_by), places.find_area(row.area_id)
    if actor is None or node is None:
        raise NotAllowed()
    place = places.place_of_area(row.area_id)
    listing = get_listing(row.kind)
    if not actor.may(listing.openers if row.unmasked else listing.roles, place):
        raise NotAllowed()
    return Order(node, row.round_id, actor, row.unmasked, row.lang, clock.now())


def mark_of(row: ExportRow, actor: Actor) -> str:
    """Who took it and when, on every line."""
    return f"{actor.staff_no} {dt(row.made_at)} {row.export_id % 10**6:06d}"


def count_total(export_id: int) -> int:
    """How many rows there will be, told before the work begins."""
    row = queries.get_export(export_id)
    if row.state not in rules.LIVE:
        return 0
    n = get_listing(row.kind).total(order_of(row))
    run("UPDATE export_file SET total = %s WHERE export_id = %s", (n, export_id))
    db.session.commit()
    return n


# --- afterwards ---------------------------------------------------------------------------------


def cancel(export_id: int, *, by: Actor) -> None:
    """Make it no further; what is there already is thrown away by the worker."""
    row = queries.get_own(export_id, by.staff_id)
    if row.state in rules.LIVE:
        run(
            "UPDATE export_file SET state = %s, ended_at = %s WHERE export_id = %s",
            (rules.CANCELLED, clock.real_now(), export_id),
        )
        note("export_cancelled", "area", row.area_id, staff_id=by.staff_id,
             detail={"export": str(export_id)})  # fmt: skip


def fetched(row: ExportRow, first: int, *, by: Actor) -> None:
    """A download begins: still allowed, still there. Raises NotReady, NotAllowed."""
    if row.state != rules.DONE or row.expires_at <= clock.real_now():
        raise NotReady()
    order_of(row)
    note("export_fetched", "area", row.area_id, staff_id=by.staff_id,
         detail={"export": str(row.export_id), "from": first})  # fmt: skip


def forget_expired(*, at: datetime) -> int:
    """Throw away what has expired; the row stays and tells that there was one."""
    found = queries.list_expired(at)
    for export_id in found:
        run("DELETE FROM export_piece WHERE export_id = %s", (export_id,))
        run("UPDATE export_file SET state = %s WHERE export_id = %s", (rules.GONE, export_id))
    return len(found)


def stop(export_id: int) -> None:
    """It will not be made: the role over the area has ended."""
    db.session.rollback()
    run("DELETE FROM export_piece WHERE export_id = %s", (export_id,))
    _set(export_id, rules.FAILED)
