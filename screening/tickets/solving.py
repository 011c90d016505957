"""Pure rules of solving: which solution fits which ticket, and what it then orders for a tube."""

from __future__ import annotations

import re

from screening.errors import Problem
from screening.tickets.rules import KINDS, SOLUTIONS, Weight
from screening.tube.rules import Verb

# the fold cannot be talked out of these: only a fact, a list from paper or an end helps
ONLY_ENDS = {
    "list_incomplete": ("list_completed", "resample", "declared_lost"),
    "no_persons": ("resample", "declared_lost"),
    "unknown_tube": ("resample", "declared_lost"),
}
FROM_PAPER = ("list_incomplete", "not_closed")
ALREADY_LOST = ("declared_lost", "found_after_loss")
FOR_TUBES = ("list_completed", "resample", "declared_lost")
FOR_DEVICES = ("device_replaced",)
MOST_IN_NOTE = 300


class WrongSolution(Problem):
    status = 422
    code = "wrong_solution"
    zh = "“{kind}”不能这样处理。"
    en = "This does not solve “{kind}”."


class NoteNeeded(Problem):
    status = 422
    code = "note_needed"
    zh = "请在备注里写明原因。"
    en = "Say why in the note."


class PersonalNote(Problem):
    status = 422
    code = "personal_note"
    zh = "备注里不要写证件号码、电话等个人信息。"
    en = "A note must not hold a document or telephone number."


class NoteTooLong(Problem):
    status = 422
    code = "note_too_long"
    zh = "备注最多 {most} 字。"
    en = "A note has at most {most} characters."


class CountNeeded(Problem):
    status = 422
    code = "seat_count_needed"
    zh = "请填写纸质名单上的人数。"
    en = "Give the number of persons on the paper list."


def choices(kind: str) -> list[str]:
    """The codes of SOLUTIONS that fit a kind of ticket, in the order of that table."""
    if kind in ONLY_ENDS:
        return list(ONLY_ENDS[kind])
    subject = KINDS[kind].subject
    out = []
    for code in SOLUTIONS:
        if code in FOR_DEVICES and subject not in ("device", "entry"):
            continue
        if code in FOR_TUBES and subject != "tube":
            continue
        if code == "list_completed" and kind not in FROM_PAPER:
            continue
        if code == "found" and subject not in ("tube", "batch", "device"):
            continue
        out.append(code)
    return out


def check_solution(kind: str, solution: str, note: str, n: int | None) -> None:
    """Raises WrongSolution, NoteNeeded, CountNeeded, PersonalNote, NoteTooLong."""
    if solution not in choices(kind):
        raise WrongSolution(kind=KINDS[kind].zh, ticket_kind=kind)
    if solution == "other" and not note.strip():
        raise NoteNeeded()
    if solution == "list_completed" and (n is None or n < 1):
        raise CountNeeded()
    check_note(note)


# documents of 15 or 18 digits, mobile phones, mail; tube and box numbers have other lengths
_PERSONAL = re.compile(r"(?<!\d)(\d{17}[\dXx]|\d{15}|(?:86)?1[3-9]\d{9})(?![\dXx])|\S@\S+\.\S")


def check_note(note: str) -> None:
    if len(note) > MOST_IN_NOTE:
        raise NoteTooLong(most=MOST_IN_NOTE)
    if _PERSONAL.search(re.sub(r"(?<=\d)[\s-](?=\d)", "", note)):
        raise PersonalNote()


def order_of(kind: str, solution: str) -> Verb | None:
    """What is ordered for the tube once a second person has agreed; None: nothing moves."""
    if KINDS[kind].subject != "tube":
        return None
    if solution == "list_completed":
        return Verb.COMPLETE
    if solution == "found" and kind in ALREADY_LOST:
        return Verb.FIND
    if solution == "declared_lost" and kind not in ALREADY_LOST:
        return Verb.LOSE
    if solution == "resample" and kind not in ALREADY_LOST:
        return Verb.REJECT
    return Verb.SETTLE if KINDS[kind].weight is Weight.HOLD else None
