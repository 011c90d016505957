"""Balancing a round, explaining what is unaccounted for, and signing it off by two persons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from psycopg.types.json import Jsonb

from screening import clock
from screening.accounts.audit import note, note_many
from screening.accounts.roles import Actor
from screening.db import by_cell, insert, new_id, run
from screening.errors import Conflict, NotFound, Problem
from screening.ledger import check, parts, picture, queries, rules
from screening.ledger.check import Recount
from screening.ledger.parts import Item
from screening.ledger.picture import Picture
from screening.ledger.rules import EXPLANATIONS, PARTS, Balance
from screening.ledger.sight import Sight, whole_city
from screening.registry.queries import get_policy
from screening.registry.rules import check_act
from screening.registry.service import rounds


class NoSuchPart(NotFound):
    code = "no_such_part"
    zh = "没有这一项。"
    en = "There is no such part of the ledger."


class NoSuchItem(NotFound):
    code = "no_such_item"
    zh = "所选的 {n} 条不在未说明清单中，或不在您的范围内。"
    en = "{n} of the chosen lines are not in the list, or not in your scope."


class UnknownExplanation(Problem):
    status = 422
    code = "unknown_explanation"
    zh = "请选择一个原因。"
    en = "Choose a reason."


class NoteMissing(Problem):
    status = 422
    code = "note_missing"
    zh = "原因为“其他”时请写明情况。"
    en = "Where the reason is “other”, say what happened."


class SamePerson(Conflict):
    code = "same_person"
    zh = "说明与核销、两步签核须由不同的人完成。"
    en = "Coding and closing, and the two signatures, need two different persons."


class NothingToClose(Conflict):
    code = "nothing_to_close"
    zh = "所选的条目还没有说明。"
    en = "The chosen lines have not been explained yet."


class NotBalanced(Conflict):
    code = "not_balanced"
    zh = "还不能签核：{zh_what}。"
    en = "It cannot be signed off yet: {en_what}."


class AlreadySigned(Conflict):
    code = "already_signed"
    zh = "本轮已经签核。"
    en = "The round has been signed off."


LIVE = timedelta(minutes=2)  # a picture older than this (real time) is not shown: no worker runs
FEW_CELLS = 3  # a street's own desk counts at once

# --- the balance --------------------------------------------------------------------------------


def balance(round_id: int, *, at: datetime, sight: Sight | None = None) -> Balance:
    """Everything about a round's tubes at this moment, every stage and part in one table."""
    return picture.take(round_id, at=at, sight=sight or whole_city(), exact=True).balance()


def look(round_id: int, *, sight: Sight, at: datetime) -> Picture:
    """What screens show: over many cells the worker's last picture (its time stands in it), else
    counted now."""
    if len(sight.cells) > FEW_CELLS:
        kept = queries.find_live(round_id, since=clock.real_now() - LIVE)
        if kept is not None:
            return Picture.from_json(kept).seen_by(sight)
    return picture.take(round_id, at=at, sight=sight)


def keep_live(round_id: int, *, at: datetime) -> None:
    """Take the picture of a round for everybody who looks at many cells (worker)."""
    taken = picture.take(round_id, at=at, sight=whole_city())
    forget_live(round_id)
    insert(
        "balance",
        ("balance_id", "round_id", "cut_off", "made_at", "kind", "body"),
        [(new_id(), round_id, at, clock.real_now(), "live", Jsonb(taken.to_json()))],
    )


def forget_live(round_id: int) -> None:
    """After an explanation the next look counts anew."""
    run("DELETE FROM balance WHERE round_id = %s AND kind = 'live'", (round_id,))


def store(
    found: Balance, kind: str, *, at: datetime, by: int | None, more: dict[str, Any] | None = None
) -> int:
    """Keep a balance under its cut-off (`at`, the server's time); returns its number."""
    number = new_id()
    insert(
        "balance",
        ("balance_id", "round_id", "cut_off", "made_at", "made_by", "kind", "body"),
        [(number, found.round_id, at, at, by, kind, Jsonb({**found.to_dict(), **(more or {})}))],
    )
    return number


def recount(round_id: int, *, at: datetime, by: int | None = None) -> tuple[Recount, int]:
    """Check a round and keep what came of it; the tubes of differences are named."""
    found = check.check(round_id)
    named = sorted({d.barcode for d in found.differences})
    more = {
        "entries": found.entries,
        "commands": found.commands,
        "recounted": found.tubes,
        "differences": len(found.differences),
        "named": named[:500],
    }
    return found, store(balance(round_id, at=at), "check", at=at, by=by, more=more)


# --- explaining ---------------------------------------------------------------------------------


def explain(
    round_id: int,
    part: str,
    subjects: Sequence[str],
    code: str,
    note_text: str | None,
    *,
    by: Actor,
    sight: Sight,
    at: datetime,
) -> int:
    """Say why these lines of one part are accounted for; a second person closes it.

    Raises NoSuchPart, UnknownExplanation, NoteMissing, NoSuchItem."""
    if code not in EXPLANATIONS:
        raise UnknownExplanation()
    if code == "other" and not (note_text or "").strip():
        raise NoteMissing()
    items = _items(round_id, part, subjects, sight, at)
    tail = (
        "ON CONFLICT (cell_id, round_id, part, subject_id) DO UPDATE SET code = EXCLUDED.code, "
        "note = EXCLUDED.note, made_by = EXCLUDED.made_by, made_at = EXCLUDED.made_at, "
        "checked_by = NULL, checked_at = NULL"
    )
    columns = (
        "cell_id", "round_id", "part", "subject_id", "code", "note", "made_by", "made_at",
    )  # fmt: skip
    rows = [
        (i.cell_id, round_id, part, i.subject_id, code, note_text or None, by.staff_id, at)
        for i in items
    ]
    for cell, group in by_cell(rows):
        insert("explanation", columns, group, tail)
        note_many(
            "explained", part, [r[3] for r in group], cell=cell,
            detail={"round": round_id, "code": code}, staff_id=by.staff_id,
        )  # fmt: skip
    forget_live(round_id)
    return len(items)


def close(
    round_id: int, part: str, subjects: Sequence[str], *, by: Actor, sight: Sight, at: datetime
) -> int:
    """Agree, as a second person, that these lines are explained.

    Raises NoSuchPart, NoSuchItem, NothingToClose, SamePerson."""
    items = _items(round_id, part, subjects, sight, at)
    if any(i.code is None for i in items):
        raise NothingToClose()
    if any(i.made_by == by.staff_id for i in items):
        raise SamePerson()
    for cell, group in by_cell([(i.cell_id, i.subject_id) for i in items]):
        ids = [s for _, s in group]
        run(
            "UPDATE explanation SET checked_by = %s, checked_at = %s WHERE cell_id = %s "
            "AND round_id = %s AND part = %s AND subject_id = ANY(%s)",
            (by.staff_id, at, cell, round_id, part, ids),
        )
        note_many(
            "explanation_closed", part, ids, cell=cell, detail={"round": round_id},
            staff_id=by.staff_id,
        )  # fmt: skip
    forget_live(round_id)
    return len(items)


def _items(
    round_id: int, part: str, subjects: Sequence[str], sight: Sight, at: datetime
) -> list[Item]:
    if part not in PARTS:
        raise NoSuchPart()
    get_policy(round_id)
    wanted = sorted(set(subjects))
    items = parts.list_items(part, round_id, at=at, sight=sight, subjects=wanted, limit=None)
    if not wanted or len(items) < len(wanted):
        raise NoSuchItem(n=len(wanted) - len(items))
    return items


# --- sign-off -----------------------------------------------------------------------------------


def checklist(round_id: int, *, at: datetime, exact: bool = False) -> tuple[Balance, list[str]]:
    """The balance now and what stands in the way of signing it: words of rules.OBSTACLES. `exact`
    for the one that is signed."""
    found = picture.take(round_id, at=at, sight=whole_city(), exact=exact).balance()
    out = rules.obstacles(found)
    out += [word for word, n in unfinished(round_id, found).items() if n]
    last = queries.find_balance(round_id, "check")
    if last is not None and last[2].get("differences"):
        out.append("recount_differs")
    return found, out


def unfinished(round_id: int, found: Balance) -> dict[str, int]:
    """How much of the round itself is still open, by words of rules.OBSTACLES."""
    cells = whole_city().cells
    return rules.unfinished(
        queries.count_open_tubes(round_id, cells), found.matters,
        queries.count_unsaid(round_id, cells),
    )  # fmt: skip


def sign_off(round_id: int, *, by: Actor, at: datetime) -> int:
    """Sign the balance of a finished round; the second signature, by another person, closes it.

    Returns the step that was signed. Raises AlreadySigned, WrongRoundState, SamePerson,
    NotBalanced."""
    signed = queries.list_signatures(round_id, lock=True)
    if len(signed) >= 2:
        raise AlreadySigned()
    check_act(get_policy(round_id).state, "sign_off")
    if signed and signed[0].by == by.staff_id:
        raise SamePerson()
    found, against = checklist(round_id, at=at, exact=True)
    if against:
        raise NotBalanced(
            obstacles=against,
            zh_what="，".join(rules.OBSTACLES[o][0] for o in against),
            en_what=", ".join(rules.OBSTACLES[o][1] for o in against),
        )
    step = len(signed) + 1
    number = store(found, "sign_off", at=at, by=by.staff_id)
    insert(
        "sign_off",
        ("round_id", "step", "by", "at", "balance_id"),
        [(round_id, step, by.staff_id, at, number)],
    )
    note("balance_signed", "round", round_id, detail={"step": step}, staff_id=by.staff_id)
    if step == 2:
        rounds.sign_off(round_id, at=at)
    return step


def withdraw(round_id: int, *, by: Actor, at: datetime) -> None:
    """Take back the first signature, as long as there is no second. Raises AlreadySigned."""
    signed = queries.list_signatures(round_id, lock=True)
    if len(signed) >= 2:
        raise AlreadySigned()
    run("DELETE FROM sign_off WHERE round_id = %s AND step = 1", (round_id,))
    note("signature_withdrawn", "round", round_id, staff_id=by.staff_id, detail={"at": str(at)})
