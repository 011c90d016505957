"""The archive: a tube into its place, out of it, and to its end."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from screening.accounts.audit import note
from screening.accounts.signing import NotSigned, Signature
from screening.crypto import hash_id
from screening.db import fetch, insert, new_id, run
from screening.errors import Problem
from screening.i18n import ZONE
from screening.lab.bench.commands import check_no_command
from screening.lab.queries import LabRow, get_lab
from screening.lab.queries.archive import StayRow, held_of, list_box, list_free, stay_now, stays_of
from screening.lab.service.archive_problems import (
    BoxFull,
    Gone,
    NoBox,
    NoResult,
    NoSuchPlace,
    NotArchived,
    NotHere,
    NoWhy,
    OwnWish,
    PlaceTaken,
    StillOpen,
    TooEarly,
)
from screening.lab.service.moves import moving
from screening.lab.watch import retention
from screening.lab.watch.retention import Fate, Held
from screening.tube.labels import read_tube
from screening.tube.queries import Key, get_key, get_tube
from screening.tube.rules import Stage, Verb

_COLUMNS = (
    "cell_id", "stay_id", "lab_id", "barcode", "tube_cell", "tube_round", "rack", "box", "place",
    "put_by", "put_at",
)  # fmt: skip
LISTED = 300  # of what may go; the rest follows when these are gone


class Seen(NamedTuple):
    """A tube with its places (the latest first) and what may be done with it."""

    key: Key
    held: Held
    fate: Fate
    stays: list[StayRow]

    @property
    def now(self) -> StayRow | None:
        return next((s for s in self.stays if s.ended_at is None), None)


def where(stay: StayRow) -> str:
    """A place of the archive as people say it: rack / box / place."""
    return f"{stay.rack} / {stay.box} / {stay.place}"


def look(lab_id: int, text: str, *, at: datetime) -> Seen:
    """A tube of this laboratory. Raises NotHere, and what reading the number raises."""
    lab = get_lab(lab_id)
    key = _own(lab, text)
    held = held_of([key])[key.barcode]
    return Seen(key, held, retention.fate(held, at), stays_of(lab, key.barcode))


def _own(lab: LabRow, text: str) -> Key:
    check_no_command(text)
    barcode = read_tube(text)
    key = get_key(barcode)
    if get_tube(key)["lab_id"] != lab.lab_id:
        raise NotHere(barcode=barcode)
    return key


def put(
    lab_id: int, text: str, *, rack: str, box: str, place: int | None, by: int, at: datetime
) -> StayRow:
    """Into a place, the next free one unless it is named; whatever place it had is left.

    Raises NotHere, NoBox, NoSuchPlace, PlaceTaken, BoxFull, Gone."""
    lab = get_lab(lab_id)
    if not rack or not box:
        raise NoBox()
    key = _own(lab, text)
    if get_tube(key)["stage"] == Stage.DISCARDED:
        raise Gone(barcode=key.barcode)
    # two people at one box must not be given the same place
    fetch("SELECT pg_advisory_xact_lock(%s)", (hash_id(f"archive:{lab_id}:{rack}:{box}"),))
    there = {s.place: s for s in list_box(lab, rack, box)}
    old = stay_now(lab, key.barcode)
    if old is not None and (old.rack, old.box) == (rack, box) and place in (None, old.place):
        return old
    chosen = _choose(there, place)
    if old is not None:
        _end(old, "moved", by=by, at=at)
    row = (lab.cell_id, new_id(), lab_id, key.barcode, key.cell_id, key.round_id, rack, box, chosen,
           by, at)  # fmt: skip
    insert("archive_stay", _COLUMNS, [row])
    made = stay_now(lab, key.barcode)
    assert made
    return made


def _choose(there: dict[int, StayRow], place: int | None) -> int:
    if place is None:
        free = retention.next_place(set(there))
        if free is None:
            raise BoxFull()
        return free
    if not 1 <= place <= retention.PLACES.value:
        raise NoSuchPlace(last=int(retention.PLACES.value))
    if place in there:
        raise PlaceTaken(where=where(there[place]), barcode=there[place].barcode)
    return place


def take(lab_id: int, text: str, *, by: int, at: datetime) -> StayRow:
    """Out of the archive, for a re-check. Raises NotArchived."""
    lab = get_lab(lab_id)
    check_no_command(text)
    barcode = read_tube(text)
    stay = stay_now(lab, barcode)
    if stay is None:
        raise NotArchived(barcode=barcode)
    _end(stay, "taken", by=by, at=at)
    return stay._replace(ended_by=by, ended_at=at, ended_how="taken")


def _end(stay: StayRow, how: str, *, by: int, at: datetime) -> None:
    run(
        "UPDATE archive_stay SET ended_by = %s, ended_at = %s, ended_how = %s "
        "WHERE cell_id = %s AND stay_id = %s AND ended_at IS NULL",
        (by, at, how, stay.cell_id, stay.stay_id),
    )


def free_now(lab: LabRow, at: datetime) -> tuple[list[StayRow], list[StayRow], dict[str, Held]]:
    """(what may go now, what was kept long enough but for something open, what is known of each)."""
    listed = list_free(lab, at, limit=LISTED)
    held = held_of([s.key for s in listed])
    free = [s for s in listed if s.barcode in held and retention.fate(held[s.barcode], at).may_go]
    kept = [s for s in listed if s not in free]
    return free, kept, held


class Ended(NamedTuple):
    """`asked`: a first person has said so, a second must agree."""

    barcode: str
    asked: bool


def discard(
    lab_id: int,
    text: str,
    *,
    why: str = "",
    signed: Signature | None = None,
    by: int,
    at: datetime,
) -> Ended:
    """Throw a tube away, if it has been kept long enough and nothing about it is open.

    A positive or doubtful one takes a reason, a second person and the signatures of both. Leaves a
    custody line. Raises TooEarly, NoResult, StillOpen, Gone, NotArchived, NoWhy, OwnWish, NotSigned.
    """
    lab = get_lab(lab_id)
    key = _own(lab, text)
    stay = stay_now(lab, key.barcode)
    held = held_of([key])[key.barcode]
    found = retention.fate(held, at)
    _check(key.barcode, found)
    data: dict[str, object] = {"outcome": held.outcome}
    if found.code == "two_persons":
        if stay is None:
            raise NotArchived(barcode=key.barcode)
        if stay.asked_by == by:
            raise OwnWish()
        if stay.asked_by is None and not why.strip():
            raise NoWhy()
        if signed is None or signed.staff_id != by:
            raise NotSigned()
        if stay.asked_by is None:
            _ask(stay, why.strip(), by=signed, at=at)
            return Ended(key.barcode, True)
        _mark_one_desk(stay, signed, at=at)
        data |= {"asked_by": stay.asked_by, "why": stay.asked_why}
    with moving(lab, key.round_id, by=by, at=at) as move:
        move(Verb.DISCARD, {key.barcode: {"lab_id": lab_id, "data": data}}, "discard")
    if stay is not None:
        _end(stay, "discarded", by=by, at=at)
    note("tube_discarded", "tube", key.barcode, cell=key.cell_id, staff_id=by)
    return Ended(key.barcode, False)


def _check(barcode: str, found: Fate) -> None:
    if found.code == "too_early":
        assert found.free_at
        raise TooEarly(barcode=barcode, until=f"{found.free_at.astimezone(ZONE):%Y-%m-%d %H:%M}")
    problems: dict[str, type[Problem]] = {
        "no_result": NoResult, "open_matter": StillOpen, "gone": Gone
    }  # fmt: skip
    if found.code in problems:
        raise problems[found.code](barcode=barcode)


def _ask(stay: StayRow, why: str, *, by: Signature, at: datetime) -> None:
    run(
        "UPDATE archive_stay SET asked_by = %s, asked_at = %s, asked_why = %s, asked_desk = %s "
        "WHERE cell_id = %s AND stay_id = %s",
        (by.staff_id, at, why, by.desk, stay.cell_id, stay.stay_id),
    )
    note("discard_asked", "tube", stay.barcode, cell=stay.tube_cell, staff_id=by.staff_id)


def _mark_one_desk(stay: StayRow, signed: Signature, *, at: datetime) -> None:
    """Two signatures at one browser, close together: allowed, but told to the auditor."""
    if signed.close_to(stay.asked_by, stay.asked_desk, stay.asked_at, at=at):
        detail = {"other": str(stay.asked_by), "step": "discard"}
        note("signed_at_one_desk", "tube", stay.barcode, cell=stay.tube_cell,
             staff_id=signed.staff_id, detail=detail)  # fmt: skip
