"""Making bulletins: asked for, frozen in one snapshot, added to, never changed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson

from screening import clock
from screening.accounts.audit import note
from screening.accounts.roles import Actor
from screening.bulletins import gathering, queries, rules
from screening.bulletins.gathering import Frame
from screening.bulletins.rules import Kind
from screening.coverage import service as coverage
from screening.crypto import open_with, seal_with
from screening.db import db, fetch, insert, new_id
from screening.errors import Conflict, Problem
from screening.figures import service as figures
from screening.jobs import enqueue
from screening.places import queries as places
from screening.registry import desk_queries as desk
from screening.registry.keys import round_key
from screening.registry.queries import get_policy

LONGEST = 2000  # characters of an addendum
A_MINUTE = timedelta(minutes=1)  # forms know no seconds


class NotStarted(Conflict):
    code = "bulletin_not_started"
    zh = "本轮还没有开始，没有可通报的数字。"
    en = "The round has not begun; there are no figures yet."


class AreaTooSmall(Problem):
    status = 422
    code = "bulletin_area"
    zh = "通报做到社区为止。"
    en = "A bulletin is made down to the community."


class OutsideRound(Problem):
    status = 422
    code = "bulletin_outside"
    zh = "这个辖区不在本轮范围内。"
    en = "This area is not in the round."


class PastCutOff(Problem):
    status = 422
    code = "bulletin_cut_past"
    zh = "截止时间已过，不能补做当时的数字；请留空（以现在为准）或选以后的时间。"
    en = "That moment is over and its figures cannot be made up: leave it empty for now, or later."


class NothingSaid(Problem):
    status = 422
    code = "addendum_empty"
    zh = "请写明更正了什么（不超过 2000 字）。"
    en = "Say what is corrected, in 2000 characters at most."


def ask(
    kind: Kind, round_id: int, area_id: int, *, by: int | None, at: datetime,
    cut_off: datetime | None = None,
) -> int:  # fmt: skip
    """Have a bulletin frozen by the worker, now or at a later `cut_off`; returns the job's number.

    Raises NotStarted, AreaTooSmall, OutsideRound, PastCutOff."""
    _frame(round_id, area_id, at)
    if cut_off is not None and cut_off < at - A_MINUTE:
        raise PastCutOff()
    due = None
    if cut_off is not None and cut_off > at:
        due = clock.real_now() + (cut_off - at)
    note("bulletin_asked", "area", area_id, detail={"round": round_id, "kind": kind}, staff_id=by)
    return enqueue(
        queries.JOB, due_at=due, report=str(kind), round_id=round_id, area_id=area_id, by=by
    )


def _frame(round_id: int, area_id: int, at: datetime) -> Frame:
    policy, node = get_policy(round_id), places.find_area(area_id)
    if node is None:
        raise places.NoSuchPlace()
    if policy.started_at is None:
        raise NotStarted()
    if not gathering.level_allowed(node.level):
        raise AreaTooSmall()
    frame = Frame(policy, node, at)
    if not frame.touched(node.path):
        raise OutsideRound()
    return frame


def one_snapshot() -> None:
    """What follows in this transaction reads one moment of the database. Only at its beginning."""
    db.session.rollback()
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def freeze(kind: Kind, round_id: int, area_id: int, *, by: int | None, at: datetime) -> int:
    """Count everything at this moment and keep it; returns the bulletin's number.

    `at` is the server's time: facts recorded later are in no figure of it."""
    frame = _frame(round_id, area_id, at)
    coverage.mark_new()
    figures.settle(at=at)
    figures.take_rollups(at=at)
    sheet = figures.freeze(round_id, area_id, at, by=by)
    body = gathering.report(frame, kind, sheet)
    return keep(kind, frame, body, None, by=by, at=at)


def keep(
    kind: Kind, frame: Frame, body: dict[str, Any], personal: dict[str, Any] | None,
    *, by: int | None, at: datetime, subject: str | None = None,
) -> int:  # fmt: skip
    """Write a bulletin once. `personal` is {"blocks", "people": [[cell, person]]}, sealed under the
    round's key."""
    node, policy = frame.node, frame.policy
    bulletin_id = new_id()
    number = _next_number(kind, policy.round_id, node.area_id)
    head = {
        "kind": str(kind), "number": number, "cut_off": at.isoformat(),
        "round": {"id": policy.round_id, "name": policy.name, "drill": policy.drill},
        "area": {"id": node.area_id, "name": node.name, "level": node.level, "code": node.code},
    }  # fmt: skip
    plain = rules.canonical({**head, **body})
    sealed = None
    if personal is not None:
        sealed = seal_with(round_key(policy.round_id), rules.canonical(personal), aad(bulletin_id))
    insert(
        "bulletin",
        ("bulletin_id", "kind", "round_id", "area_id", "number", "subject", "cut_off", "made_at",
         "made_by", "body", "sealed", "digest"),
        [(bulletin_id, str(kind), policy.round_id, node.area_id, number, subject, at,
          clock.real_now(), by, plain, sealed, rules.digest(plain, sealed))],
    )  # fmt: skip
    note(
        "bulletin_frozen", "bulletin", bulletin_id, staff_id=by,
        detail={"round": policy.round_id, "area": node.area_id, "kind": str(kind)},
    )  # fmt: skip
    return bulletin_id


def aad(bulletin_id: int) -> str:
    """What ties the sealed blocks to their bulletin."""
    return f"bulletin.sealed.{bulletin_id}"


def open_sealed(held: queries.Held) -> dict[str, Any]:
    """The personal blocks of a bulletin and of whom they tell; every reader notes those.

    Raises RoundPurged once the round's key is destroyed."""
    if held.sealed is None:
        return {"blocks": [], "people": []}
    key = round_key(held.row.round_id)
    return orjson.loads(open_with(key, held.sealed, aad(held.row.bulletin_id)))


def _next_number(kind: Kind, round_id: int, area_id: int) -> int:
    fetch("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"bulletin.{area_id}",))
    return fetch(
        "SELECT coalesce(max(number), 0) + 1 FROM bulletin WHERE round_id = %s AND area_id = %s "
        "AND kind = %s",
        (round_id, area_id, str(kind)),
    )[0][0]


def add(bulletin_id: int, text: str, *, by: Actor, at: datetime) -> int:
    """Correct a bulletin by an addendum: a sentence and the headline's numbers as they are now,
    beside those that were printed. Raises NothingSaid, ForbiddenWord, NoSuchBulletin."""
    text = text.strip()
    if not text or len(text) > LONGEST:
        raise NothingSaid()
    rules.check_words(text)
    digest = queries.last_digest(bulletin_id)
    held = queries.get_bulletin(bulletin_id)
    body = rules.canonical({"text": text, "changes": _changes(held, at)})
    seq = len(held.addenda) + 1
    insert(
        "bulletin_addendum",
        ("bulletin_id", "seq", "made_at", "made_by", "body", "digest"),
        [(bulletin_id, seq, at, by.staff_id, body, rules.digest(body, digest))],
    )
    note("bulletin_addendum", "bulletin", bulletin_id, staff_id=by.staff_id, detail={"seq": seq})
    return seq


def _changes(held: queries.Held, at: datetime) -> list[list[Any]]:
    """[[word, then, now]] of the headline's numbers that are others now."""
    then = held.body.get("told")
    if then is None:
        return []
    frame = _frame(held.row.round_id, held.row.area_id, at)
    figures.settle(at=at)
    now = gathering.told_now(frame)
    return [[word, then[word], n] for word, n in now.items() if word in then and then[word] != n]


def ask_closing(*, at: datetime) -> int:
    """Ask for the closing report of every round that was signed off; how many were asked for."""
    rounds = queries.list_unreported()
    for round_id in rounds:
        place = desk.place_of_round(round_id)
        node = places.find_area(place.id) or min(
            places.TREE.get().by_id.values(), key=lambda n: (n.level, n.code)
        )
        ask(Kind.CLOSING, round_id, node.area_id, by=None, at=at)
    return len(rounds)
