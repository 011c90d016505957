"""Temporary accounts from a list: name, phone, role, place, until. Every fault of every row first."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import NamedTuple

from screening import clock
from screening.accounts import queries, rules, secret_words, service
from screening.accounts.readers.staff_list import (
    WORDS,
    ListProblem,
    Row,
)
from screening.accounts.roles import NAMES, Actor, Place, Role
from screening.errors import Fault, Faults, Problem
from screening.i18n import ZONE

PHONE = re.compile(r"\+?[0-9][0-9 -]{4,18}[0-9]")


class EmptyCell(ListProblem):
    code = "empty_cell"
    zh = "不能为空。"
    en = "must not be empty."


class BadName(ListProblem):
    code = "bad_name"
    zh = "姓名太长，或含有不能用的字符。"
    en = "The name is too long or holds characters that cannot be used."


class BadPhone(ListProblem):
    code = "bad_phone"
    zh = "电话写得不对。"
    en = "The phone number is not right."


class BadRole(ListProblem):
    code = "bad_role"
    zh = "没有这个角色。可用：{known}。"
    en = "There is no such role. Known: {known}."


class RoleElsewhere(ListProblem):
    code = "role_elsewhere"
    zh = "这个角色不能放在这类地点。"
    en = "This role does not belong to that kind of place."


class BadPlace(ListProblem):
    code = "bad_place"
    zh = "在您的范围内没有这个采样点或检测机构（或有重名，请写编码）。"
    en = "No such site or laboratory within your scope (or several alike: give its code)."


class BadUntil(ListProblem):
    code = "bad_until"
    zh = "截止须是以后的日期或时间，如 2026-11-30 或 2026-11-30 18:00。"
    en = "Until must be a date or time ahead, such as 2026-11-30 or 2026-11-30 18:00."


class TwiceInList(ListProblem):
    code = "twice_in_list"
    zh = "与第 {other} 行是同一个人。"
    en = "the same person as row {other}."


class AlreadyThere(ListProblem):
    code = "already_there"
    zh = "这个人在这里已经有有效的账号。"
    en = "This person already has an account here that is still valid."


class Wanted(NamedTuple):
    number: int
    name: str
    phone: str
    role: Role
    place: Place
    place_name: str
    until: datetime


class TemporaryAccount(NamedTuple):
    """`first_password` exists only here: it is printed on the badge's slip and never shown again."""

    staff_id: int
    staff_no: str
    name: str
    role: Role
    place: Place
    place_name: str
    until: datetime
    first_password: str


# --- checking -----------------------------------------------------------------------------------


class _Places:
    """The sites and laboratories that the actor may staff, by code and by name."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.found: dict[str, tuple[Place, str] | None] = {}

    def find(self, word: str) -> tuple[Place, str] | None:
        if word not in self.found:
            mine = [
                s for s in queries.find_spots(word)
                if s[0].kind in ("site", "lab") and self.actor.may(GIVERS, s[0])
            ]  # fmt: skip
            self.found[word] = mine[0] if len(mine) == 1 else None
        return self.found[word]


GIVERS = (Role.ADMINISTRATOR, Role.SITE_SUPERVISOR)


def check_list(rows: Sequence[Row], actor: Actor) -> list[Wanted]:
    """What the list asks for. Raises Faults with every fault of every row; no value is repeated."""
    faults: list[Fault] = []
    wanted: list[Wanted] = []
    known = _Places(actor)
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        mine, account = _check_row(row, known, actor)
        key = (row.name, row.phone)
        if key in seen:
            mine.append(_fault(TwiceInList(other=seen[key]), row, "name"))
        seen.setdefault(key, row.number)
        faults += mine
        if account is not None:
            wanted.append(account)
    faults += _already_there(wanted)
    if faults:
        raise Faults(sorted(faults, key=lambda f: f.row or 0))
    return wanted


def _fault(problem: Problem, row: Row, field: str) -> Fault:
    return Fault(problem, row=row.number, column=WORDS[field])


def _check_row(row: Row, known: _Places, actor: Actor) -> tuple[list[Fault], Wanted | None]:
    faults = [_fault(EmptyCell(), row, f) for f in WORDS if not getattr(row, f)]
    if row.name and (len(row.name) > 60 or not row.name.isprintable() or row.name[0] in "=+@"):
        faults.append(_fault(BadName(), row, "name"))
    if row.phone and not PHONE.fullmatch(row.phone):
        faults.append(_fault(BadPhone(), row, "phone"))
    role = role_of(row.role)
    if row.role and role is None:
        faults.append(_fault(BadRole(known="、".join(zh for zh, _ in NAMES.values())), row, "role"))
    found = known.find(row.place) if row.place else None
    if row.place and found is None:
        faults.append(_fault(BadPlace(), row, "place"))
    until = until_of(row.until)
    if row.until and (until is None or until <= clock.real_now()):
        faults.append(_fault(BadUntil(), row, "until"))
    if role and found:
        faults += _role_faults(row, role, found[0], actor)
    if faults or role is None or found is None or until is None:
        return faults, None
    return [], Wanted(row.number, row.name, row.phone, role, found[0], found[1], until)


def _role_faults(row: Row, role: Role, place: Place, actor: Actor) -> list[Fault]:
    elsewhere = rules.LAB_ONLY if place.kind == "site" else rules.SITE_ONLY
    if role in elsewhere:
        return [_fault(RoleElsewhere(), row, "role")]
    if not rules.may_give(actor, role, place):
        return [_fault(rules.MayNotGive(), row, "role")]
    return []


def role_of(word: str) -> Role | None:
    """A role by its Chinese or English name or its code."""
    low = word.strip().lower()
    for role, (zh, en) in NAMES.items():
        if low in (zh, en, role.value):
            return role
    return None


def until_of(text: str) -> datetime | None:
    """A local date (to the end of that day) or minute."""
    plain = text.strip().replace("/", "-")
    for form in ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(plain, form).replace(tzinfo=ZONE)
        except ValueError:
            continue
    try:
        return datetime.combine(date.fromisoformat(plain), time(23, 59, 59), ZONE)
    except ValueError:
        return None


def _already_there(wanted: Iterable[Wanted]) -> list[Fault]:
    """Sending a list twice must not make everybody twice: names are compared after opening."""
    held: dict[Place, set[tuple[str, str]]] = {}
    faults = []
    for w in wanted:
        if w.place not in held:
            held[w.place] = _people_at(w.place)
        if (w.name, w.phone) in held[w.place]:
            faults.append(Fault(AlreadyThere(), row=w.number, column=WORDS["name"]))
    return faults


def _people_at(place: Place) -> set[tuple[str, str]]:
    now = clock.real_now()
    rows = queries.list_staff([place], limit=10_000)
    return {(s.name, s.phone) for s in rows if s.active and (not s.until or s.until > now)}


# --- making -------------------------------------------------------------------------------------


def make_temporary(rows: Sequence[Row], actor: Actor) -> list[TemporaryAccount]:
    """Make all accounts of a list, or none: Faults tells everything that is wrong with it."""
    return [_make(w) for w in check_list(rows, actor)]


def _make(w: Wanted) -> TemporaryAccount:
    word, number = secret_words.spoken(8), _free_number()
    staff_id = service.make_staff(
        number, w.name, w.phone, password=word, until=w.until, must_change=True
    )
    service.grant(staff_id, w.role, w.place, until=w.until)
    return TemporaryAccount(staff_id, number, w.name, w.role, w.place, w.place_name, w.until, word)


def _free_number() -> str:
    """Six digits, the serial that a badge's code holds; the constraint guards the rare race."""
    while True:
        number = f"{100_000 + secrets.randbelow(900_000)}"
        if queries.find_staff_no(number) is None:
            return number
