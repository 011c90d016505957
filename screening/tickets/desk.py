"""The tickets desk: somebody takes a ticket, solves it, and another person checks it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from screening.accounts import audit
from screening.accounts.guard import refuse
from screening.accounts.roles import Actor, Role
from screening.db import fetch, run
from screening.errors import Problem
from screening.registry.queries import open_rounds
from screening.tickets.queries import Reach, TicketRow, lock_tickets, reach_of
from screening.tickets.rules import CHECKED, CLOSED, KINDS, NOTED, OPEN, SOLVED
from screening.tickets.solving import check_note, check_solution, order_of
from screening.tickets.tubes import settle_tubes
from screening.tube import service as tubes
from screening.tube.queries import find_keys, list_lines, list_tubes
from screening.tube.rules import Stage, Verb, check_move

SOLVERS = (
    Role.SITE_SUPERVISOR, Role.LAB_TECHNICIAN, Role.LAB_REVIEWER, Role.DISTRICT_HEAD,
    Role.DISPATCHER, Role.ADMINISTRATOR,
)  # fmt: skip
READERS = (*SOLVERS, Role.AUDITOR)
# a list is completed from paper by somebody who answers for the site, not by the laboratory
PAPER_ROLES = (Role.SITE_SUPERVISOR, Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)

Key = tuple[int, int]


class NotAlike(Problem):
    status = 422
    code = "tickets_not_alike"
    zh = "一次只能处理同一采样点的同一类差异。"
    en = "Only tickets of one kind and one site can be solved together."


class TicketTaken(Problem):
    status = 409
    code = "ticket_taken"
    zh = "差异单已由别人认领。"
    en = "Somebody else has taken this ticket."


class NotWaiting(Problem):
    status = 409
    code = "ticket_not_waiting"
    zh = "差异单的状态已变，请刷新后再看。"
    en = "The ticket has moved on; reload and look again."


class OneselfCheck(Problem):
    status = 403
    code = "ticket_oneself"
    zh = "处理人不能自己复核，请另一人复核。"
    en = "Whoever solved a ticket cannot check it; another person must."


class ListDiffers(Problem):
    status = 409
    code = "ticket_list_differs"
    zh = "试管 {barcode} 系统中有 {known} 人，纸质名单 {n} 人；请先补录缺少的人员。"
    en = "Tube {barcode} holds {known} persons here and {n} on paper; bind the missing ones first."


class NotLost(Problem):
    status = 409
    code = "ticket_not_lost"
    zh = "试管 {barcode} 没有被报遗失。"
    en = "Tube {barcode} was not declared lost."


def reach(actor: Actor, roles: Sequence[Role] = READERS) -> Reach:
    """What this person's desk reaches over."""
    return reach_of(actor.places(roles))


def take(keys: Collection[Key], *, by: Actor, at: datetime) -> None:
    """Become the owner. Raises TicketTaken when somebody else is, NotWaiting for a closed one."""
    for t in _mine(keys, by):
        if t.state not in (OPEN, SOLVED):
            raise NotWaiting()
        if t.owner_id not in (None, by.staff_id):
            raise TicketTaken()
        _update(t, owner_id=by.staff_id)
        _note("ticket_taken", t)


def give_back(keys: Collection[Key], *, by: Actor, at: datetime) -> None:
    """Nobody owns it any more; one's own, or anybody's for those who answer for the whole cell."""
    whole = reach_of(by.places((Role.ADMINISTRATOR, Role.DISPATCHER, Role.DISTRICT_HEAD))).whole
    for t in _mine(keys, by):
        if t.owner_id != by.staff_id and t.cell_id not in whole:
            raise TicketTaken()
        _update(t, owner_id=None)
        _note("ticket_given_back", t)


def solve(
    keys: Mapping[Key, int | None],
    solution: str,
    note: str = "",
    *,
    by: Actor,
    at: datetime,
) -> None:
    """Say how tickets of one kind and one site were solved; they wait for the re-checker.

    `keys` maps a ticket to the seat count from paper (`list_completed` only). Raises NotAlike,
    NotWaiting, WrongSolution, ListDiffers, WrongStage: nothing that could not be carried out is
    accepted."""
    found = _mine(keys, by)
    if len({(t.kind, t.site_id) for t in found}) != 1:
        raise NotAlike()
    for t in found:
        if t.state != OPEN:
            raise NotWaiting()
        check_solution(t.kind, solution, note, keys[t.key])
    if solution == "list_completed" and not all(map(reach(by, PAPER_ROLES).holds, found)):
        refuse(by)
    _check_orders(found, solution, keys)
    for t in found:
        n = keys[t.key]
        sides = {**(t.sides or {}), **({"n": n} if n is not None else {})}
        _update(
            t, state=SOLVED, solution=solution, note=note.strip() or None, solved_by=by.staff_id,
            solved_at=at, owner_id=t.owner_id or by.staff_id, sides=Jsonb(sides) if sides else None,
        )  # fmt: skip
        _note("ticket_solved", t, solution=solution)


def check(keys: Collection[Key], *, agree: bool, note: str = "", by: Actor, at: datetime) -> None:
    """A second person agrees, and what was decided is carried out; or the ticket is open again.

    Raises OneselfCheck, NotWaiting, and what the tube's own rules refuse."""
    found = _mine(keys, by)
    for t in found:
        if t.state != SOLVED:
            raise NotWaiting()
        if t.solved_by == by.staff_id:
            raise OneselfCheck()
    if not agree:
        _reopen(found, note)
        return
    _check_orders_again(found)
    _carry_out(found, by, at)
    for t in found:
        _update(t, state=CLOSED, closed_how=CHECKED, closed_at=at, checked_by=by.staff_id)
        _note("ticket_checked", t, solution=t.solution)


def _reopen(found: Sequence[TicketRow], note: str) -> None:
    check_note(note)
    for t in found:
        _update(t, state=OPEN, solved_by=None, solved_at=None, solution=None,
                note=note.strip() or t.note)  # fmt: skip
        _note("ticket_refused", t, solution=t.solution)


def _mine(keys: Collection[Key], by: Actor) -> list[TicketRow]:
    """The tickets, locked, if all of them lie within the reach of this person's desk."""
    found = lock_tickets(keys)
    own = reach(by, SOLVERS)
    if not all(own.holds(t) for t in found):
        refuse(by)
    return found


def _update(ticket: TicketRow, **values: Any) -> None:
    names = ", ".join(f"{name} = %s" for name in values)
    run(
        f"UPDATE ticket SET {names} WHERE cell_id = %s AND ticket_id = %s",
        (*values.values(), *ticket.key),
    )


def _note(action: str, ticket: TicketRow, **detail: Any) -> None:
    audit.note(action, "ticket", ticket.ticket_id, cell=ticket.cell_id,
               detail={"kind": ticket.kind, **detail})  # fmt: skip


# --- what is ordered for tubes ------------------------------------------------------------------


def _check_orders_again(found: Sequence[TicketRow]) -> None:
    for t in found:
        _check_orders([t], t.solution or "", {t.key: (t.sides or {}).get("n")})


def _check_orders(
    found: Sequence[TicketRow], solution: str, counts: Mapping[Key, int | None]
) -> None:
    """Refuse now what could not be carried out at the second person's desk."""
    rows = _tubes(t for t in found if order_of(t.kind, solution))
    for t in found:
        verb, row = order_of(t.kind, solution), rows.get(t.subject_id)
        if verb is None or row is None:
            continue
        if verb is Verb.FIND and row["stage"] != Stage.LOST:
            raise NotLost(barcode=t.subject_id)
        check_move(t.subject_id, row["stage"], verb)
        n = counts[t.key]
        if verb is Verb.COMPLETE and n != row["members"]:
            raise ListDiffers(barcode=t.subject_id, known=row["members"], n=n)


def _tubes(found: Iterable[TicketRow]) -> dict[str, dict]:
    keys = find_keys([t.subject_id for t in found])
    return {row["barcode"]: row for row in list_tubes(keys.values())}


def _carry_out(found: Sequence[TicketRow], by: Actor, at: datetime) -> None:
    """One command for each order, round and cell; its tubes fold anew and their tickets follow."""
    groups: dict[tuple[Verb, int, int], list[TicketRow]] = {}
    for t in found:
        verb = order_of(t.kind, t.solution or "")
        if verb is not None:
            groups.setdefault((verb, t.round_id, t.cell_id), []).append(t)
    for (verb, round_id, cell), group in sorted(groups.items()):
        _, merged = tubes.advance(
            verb,
            {t.subject_id: _fields(verb, t) for t in group},
            kind=f"ticket_{verb.name.lower()}",
            cell=cell,
            round_id=round_id,
            by=by.staff_id,
            at=at,
            recorded_at=at,
            body={"tickets": [str(t.ticket_id) for t in group]},
        )
        settle_tubes(merged, at=at)
        tubes.mark_dirty(merged.values())


def _fields(verb: Verb, ticket: TicketRow) -> dict[str, Any]:
    if verb is Verb.COMPLETE:
        return {"n": (ticket.sides or {})["n"]}
    if verb is Verb.FIND:
        return {"answers": _lose_line(ticket.subject_id)}
    if verb is Verb.SETTLE:
        return {"data": {"kind": ticket.kind}}
    return {"data": {"reason": ticket.kind}}


def _lose_line(barcode: str) -> int:
    key = find_keys([barcode])[barcode]
    lines = list_lines(key.cell_id, key.round_id, [barcode])[barcode]
    taken = {ln.answers for ln in lines if ln.verb == Verb.FIND}
    lost = [ln for ln in lines if ln.verb == Verb.LOSE and ln.line_id not in taken]
    if not lost:
        raise NotLost(barcode=barcode)
    return max(lost, key=lambda ln: ln.order).line_id


# --- the rollup -----------------------------------------------------------------------------------


def count_tickets() -> int:
    """Bring `ticket_count` up to date for round 0 and the rounds not signed off; rows changed.

    Counts of a signed round stay as they were when it was signed."""
    rounds = [0, *(p.round_id for p in open_rounds())]
    states = [OPEN, SOLVED, NOTED]
    changed = run(
        "INSERT INTO ticket_count AS c (cell_id, round_id, site_id, kind, n, oldest) "
        "SELECT cell_id, round_id, coalesce(site_id, 0), kind, count(*), min(opened_at) "
        "FROM ticket WHERE round_id = ANY(%s) AND state = ANY(%s) GROUP BY 1, 2, 3, 4 "
        "ON CONFLICT (cell_id, round_id, site_id, kind) DO UPDATE SET n = EXCLUDED.n, "
        "oldest = EXCLUDED.oldest WHERE (c.n, c.oldest) IS DISTINCT FROM "
        "(EXCLUDED.n, EXCLUDED.oldest) /* fan-out: rollup of the worker over all cells */",
        (rounds, states),
    )
    return changed + run(
        "DELETE FROM ticket_count c WHERE round_id = ANY(%s) AND NOT EXISTS (SELECT 1 FROM ticket t "
        "WHERE t.cell_id = c.cell_id AND t.round_id = c.round_id AND t.kind = c.kind "
        "AND coalesce(t.site_id, 0) = c.site_id AND t.state = ANY(%s)) "
        "/* fan-out: rollup of the worker over all cells */",
        (rounds, states),
    )


def count_waiting(own: Reach) -> int:
    """How many tickets wait within a reach: the number on the home page and in the menu."""
    rows = fetch(
        "SELECT coalesce(sum(n), 0)::bigint FROM ticket_count WHERE cell_id = ANY(%s) "
        "AND (cell_id = ANY(%s) OR site_id = ANY(%s)) AND kind = ANY(%s)",
        (own.cells, list(own.whole), list(own.sites),
         [k for k, v in KINDS.items() if v.weight != "note"]),
    )  # fmt: skip
    return rows[0][0]
