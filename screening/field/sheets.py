"""Paper sheets at the desk: whom each line means, what is odd about it, sheets entered today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from screening.collection import checks
from screening.collection.checks import At, Known
from screening.collection.persons import UnknownPerson
from screening.db import fetch
from screening.errors import Problem
from screening.field import check, desk
from screening.field.written import Written, take_apart
from screening.i18n import ZONE, hm
from screening.registry.document_kinds import BadDocument
from screening.registry.person_codes import make_resident_code
from screening.registry.tails import cells_near, find_by_tail
from screening.tube import entries as e
from screening.tube.answers import LOOK, Answer, answer
from screening.tube.queries import Key, list_binds, list_lines, list_specimens_of
from screening.tube.rules import NOT_IN_TUBE, Purpose, Stage, Verb, Void

REASON = "paper"  # of every bind that was typed from a sheet

WORDS = {
    "lane_two": (
        LOOK,
        "此人须单人单管，负责人会收到提醒。",
        "This person needs a single tube; the supervisor is told.",
    ),
    "tail_unknown": (
        LOOK,
        "底册中没有姓名和后六位都相符的人，按底册外登记。",
        "Nobody in the register has this name and these digits; entered as not in the register.",
    ),
    "name_only": (
        LOOK,
        "只有姓名，按底册外登记；最好补证件或电话。",
        "Only a name; add a document or a phone if you can.",
    ),
    "paper_again": (
        LOOK,
        "本轮已采：{when}，管 {tube}。照录，两次都保留。",
        "Already sampled: {when}, tube {tube}. Entered; both are kept.",
    ),
    "as_it_stands": (
        LOOK,
        "证件号码有误，按原样录入。",
        "The document number is wrong; entered as it stands.",
    ),
}


class TwoAlike(Problem):
    status = 422
    code = "paper_two_alike"
    zh = "有 {count} 人姓名和后六位都相符，请录整个证件号码。"
    en = "{count} persons have this name and these digits; type the whole number."


class NameNeeded(Problem):
    status = 422
    code = "paper_name_needed"
    zh = "底册中没有此人，请同时录姓名。"
    en = "Nobody in the register has this document; type the name as well."


class WrittenTwice(Problem):
    status = 422
    code = "paper_written_twice"
    zh = "与第 {first} 行是同一个人，请对照纸单。"
    en = "The same person as in line {first}; compare with the sheet."


class InTubeAlready(Problem):
    status = 422
    code = "paper_in_tube_already"
    zh = "此人已在这支管的名单里（第 {seat} 个），不用再录。"
    en = "Already on this tube's list (seat {seat}); leave the line out."


class Meant(NamedTuple):
    """Whom a line means. `key` is the same for the same person; `known` when the register has
    them."""

    who: e.Who
    key: str
    known: Known | None
    answers: list[Answer]


def meant(where: At, who: str, name: str, phone: str, *, odd_too: bool = False) -> Meant:
    """The person of one line, typed in any order. Raises Problem.

    `odd_too`: somebody has compared it with the sheet, so what is wrong stays as it stands."""
    written = take_apart(who, name, phone)
    if written.tail:
        return _by_tail(where, written, odd_too)
    given = {"text": written.code, "name": written.name, "phone": written.phone}
    try:
        found = check.who_of(given)
    except BadDocument:
        if not (odd_too and written.name):
            raise
        document = e.Document(
            type="resident_id", number=written.code, name=written.name, phone=written.phone or None
        )
        odd = answer(WORDS, "as_it_stands")
        return _named(where, e.Who(doc=document), written, [odd], seen=True)
    out = _named(where, found, written, [])
    if out.known is None and not written.name and not odd_too:
        raise NameNeeded()
    return out


def _by_tail(where: At, written: Written, odd_too: bool) -> Meant:
    cells = cells_near(where.site.cell_id, where.site.path)
    found = find_by_tail(written.name, written.code, cells)
    if len(found) == 1:
        who = e.Who(code=make_resident_code(*found[0]))
        return _named(where, who, written, [])
    if found and not odd_too:
        raise TwoAlike(count=len(found))
    # name and digits together are told apart from others, and found again in a later round
    number = f"{written.code} {written.name}"[:40]
    document = e.Document(
        type="resident_id", number=number, name=written.name, phone=written.phone or None
    )
    return _named(where, e.Who(doc=document), written, [answer(WORDS, "tail_unknown")], seen=True)


def _named(
    where: At, who: e.Who, written: Written, odd: list[Answer], *, seen: bool = False
) -> Meant:
    known, told = checks.find_person(who, seen=seen)
    if known is None and who.code is not None:
        raise UnknownPerson()
    if known is None:
        told = [answer(WORDS, "name_only")] if not written.code else told
        key = " ".join(written) if not written.code else written.code + written.name
        return Meant(who, key, None, odd or told)
    out = odd or [a for a in told if a.code != "check_seen"]
    return Meant(who, f"{known.cell}:{known.row.person_id}", known, out + _held(where, known))


def _held(where: At, known: Known) -> list[Answer]:
    """What would have stopped the person at the table: it has happened, so it is said."""
    if known.row.lane == checks.RESULT_LANE:
        return [answer(WORDS, "lane_two")]
    person = known.row.person_id
    held = list_specimens_of(known.cell, where.round_id, [person]).get(person, [])
    live = [x for x in held if not x[0].void and x[0].purpose == Purpose.SCREEN]
    if not live:
        return []
    bind, barcode, _ = min(live, key=lambda x: x[0].order)
    return [answer(WORDS, "paper_again", when=hm(bind.at), tube=barcode)]


# --- what is there ------------------------------------------------------------------------------


def seats_of(row: Mapping[str, Any] | None) -> dict[str, int]:
    """Who lies in a tube already, as keys of `meant`, with the seat."""
    if row is None:
        return {}
    key: Key = row["key"]
    binds = list_binds(row["home_cells"], key.round_id, [key.barcode]).get(key.barcode, [])
    return {f"{b.home_cell}:{b.person_id}": b.seat for b in binds if not b.void}


class Sheet(NamedTuple):
    """A tube that was entered from paper. `whole`: nobody in it was scanned."""

    barcode: str
    round_id: int
    members: int
    confirmed: int | None
    stage: int
    taken_at: datetime | None
    entered_at: datetime
    home_cells: list[int]
    on_paper: int = 0

    @property
    def whole(self) -> bool:
        return 0 < self.on_paper == self.members

    @property
    def can_undo(self) -> bool:
        return self.whole and self.stage in (Stage.OPEN, Stage.CLOSED)


def entered_since(where: At, since: datetime) -> list[Sheet]:
    """Sheets of a site that were entered since a time, the latest first."""
    rows = fetch(
        "SELECT t.barcode, t.round_id, t.members, t.confirmed, t.stage, t.opened_at, "
        "max(c.recorded_at), t.home_cells FROM tube t JOIN custody c ON c.cell_id = t.cell_id "
        "AND c.round_id = t.round_id AND c.barcode = t.barcode "
        "WHERE t.cell_id = %s AND t.round_id = ANY(%s) AND t.site_id = %s "
        "AND c.recorded_at >= %s AND c.verb = ANY(%s) "
        "GROUP BY t.cell_id, t.round_id, t.barcode ORDER BY max(c.recorded_at) DESC LIMIT 500",
        (where.site.cell_id, [where.round_id, 0], where.site.site_id, since,
         [int(Verb.CLOSE), int(Verb.COMPLETE)]),
    )  # fmt: skip
    found = [Sheet(*r) for r in rows]
    typed = _typed(found)
    return [s._replace(on_paper=typed[s.barcode]) for s in found if s.barcode in typed]


def _typed(found: Sequence[Sheet]) -> dict[str, int]:
    """How many live swabs of each tube were typed from paper."""
    cells = sorted({c for s in found for c in s.home_cells})
    rows = fetch(
        "SELECT barcode, count(*) FROM specimen WHERE cell_id = ANY(%s) AND round_id = ANY(%s) "
        "AND barcode = ANY(%s) AND reason = %s AND void <> ALL(%s) GROUP BY barcode",
        (cells, sorted({s.round_id for s in found}), [s.barcode for s in found], REASON,
         [int(v) for v in NOT_IN_TUBE]),
    )  # fmt: skip
    return dict(rows)


def since_midnight(at: datetime) -> datetime:
    return at.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)


def taking_back(row: Mapping[str, Any], reason: str) -> list[dict[str, Any]]:
    """The entries that empty a tube again which was typed from one sheet; it stays open, so that
    the sheet can be entered anew."""
    key: Key = row["key"]
    out: list[dict[str, Any]] = []
    if row["stage"] == Stage.CLOSED:
        lines = list_lines(row["cell_id"], row["round_id"], [key.barcode])[key.barcode]
        close = max((ln for ln in lines if ln.verb == Verb.CLOSE), key=lambda ln: ln.order)
        ref = desk.ref_of(close.line_id)
        out.append({"kind": "reopen", "tube": key.barcode, "ref": ref, "reason": reason})
    binds = list_binds(row["home_cells"], key.round_id, [key.barcode]).get(key.barcode, [])
    out += [
        {"kind": "unbind", "tube": key.barcode, "ref": desk.ref_of(b.specimen_id),
         "reason": reason}
        for b in sorted(binds, key=lambda b: b.seat)
        if Void(b.void) not in NOT_IN_TUBE
    ]  # fmt: skip
    return out
