"""Visits as door teams' journals tell them: contacts of the round, each told once (hot path)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from screening.coverage.service import mark
from screening.db import by_cell, fetch, insert
from screening.errors import Problem
from screening.registry import queries as registry
from screening.registry.person_codes import NotAResidentCode, read_resident_code
from screening.registry.queries import PersonRow
from screening.reporting.service import visits as reporting
from screening.reporting.service.visits import LastVisit, Pair
from screening.tube import entries as e
from screening.tube.chain import ref_id

KINDS = (e.Visit,)
KIND = "visit"  # of contact rows
# what a visit's outcome is as a contact (rules.CONTACT_OUTCOMES)
OUTCOMES = {"done": "already_done", "absent": "absent", "refused": "refused", "moved": "moved"}
UNKNOWN = "unknown_person"

_CONTACT = (
    "cell_id", "contact_id", "round_id", "person_id", "community_id", "kind", "outcome", "until",
    "made_by", "at",
)  # fmt: skip


def apply(
    told: Sequence[e.Told], *, rounds: Mapping[int, int], recorded_at: datetime
) -> list[tuple[e.Told, str]]:
    """Keep the visits of one batch; what names nobody comes back as parked.

    `rounds`: the round each line counts for. The contact's number is the line's, so that a visit
    told twice is one."""
    parked: list[tuple[e.Told, str]] = []
    of = _persons(told, parked)
    known = registry.persons_by_cell(of.values())
    parked += [(t, UNKNOWN) for t in told if t.line_id in of and of[t.line_id] not in known]
    sound = [t for t in told if of.get(t.line_id) in known]
    if not sound:
        return parked
    _keep(sound, of, known, rounds)
    gone = _take_back(sound, of)
    pairs = {of[t.line_id] for t in sound}
    last = _last_visits(pairs, {rounds[t.line_id] for t in sound} | reporting.rounds_called(pairs))
    site = next((t.entry.site for t in sound if t.entry.site), None)
    reporting.after_visits(last, gone, site_id=site, at=recorded_at)
    mark(
        (cell, round_id, known[cell, person].community_id)
        for t in sound
        for cell, person in [of[t.line_id]]
        if (round_id := rounds[t.line_id])
    )
    return parked


def _persons(told: Sequence[e.Told], parked: list[tuple[e.Told, str]]) -> dict[int, Pair]:
    out = {}
    for t in told:
        try:
            if t.entry.who.code is None:
                raise NotAResidentCode()
            out[t.line_id] = read_resident_code(t.entry.who.code)
        except Problem as problem:
            parked.append((t, problem.code))
    return out


def _keep(
    sound: Sequence[e.Told], of: Mapping[int, Pair], known: Mapping[Pair, PersonRow],
    rounds: Mapping[int, int],
) -> None:  # fmt: skip
    rows = []
    for t in sound:
        if t.entry.outcome == "undone":
            continue
        cell, person = of[t.line_id]
        outcome, until = _outcome(t.entry)
        rows.append((
            cell, t.line_id, rounds[t.line_id], person, known[cell, person].community_id, KIND,
            outcome, until, t.entry.staff, t.at,
        ))  # fmt: skip
    for _, group in by_cell(sorted(rows)):
        insert("contact", _CONTACT, group, "ON CONFLICT DO NOTHING")


def _outcome(entry: e.Visit) -> tuple[str, datetime | None]:
    """The contact's outcome and time. Who asked to be visited again without an hour is due."""
    if entry.outcome != "come_back":
        return OUTCOMES[entry.outcome], None
    if entry.until is None:
        return "visit", None
    return "later", datetime.fromtimestamp(entry.until / 1000, UTC)


def _take_back(sound: Iterable[e.Told], of: Mapping[int, Pair]) -> list[tuple[int, int, datetime]]:
    """Visits that their team took back are no contacts any more; the journal keeps both."""
    gone: list[tuple[int, int, datetime]] = []
    for t in sound:
        if t.entry.outcome == "undone" and t.entry.ref:
            cell, person = of[t.line_id]
            gone += fetch(
                "DELETE FROM contact WHERE cell_id = %s AND contact_id = %s AND person_id = %s "
                "AND kind = %s RETURNING cell_id, person_id, at",
                (cell, ref_id(t.entry.ref), person, KIND),
            )
    return gone


def _last_visits(pairs: Collection[Pair], rounds: Collection[int]) -> dict[Pair, LastVisit | None]:
    """The last visit of each person that stands, in these rounds."""
    out: dict[Pair, LastVisit | None] = dict.fromkeys(sorted(pairs))
    for cell, group in by_cell(sorted(pairs)):
        for person, *rest in fetch(
            "SELECT DISTINCT ON (person_id) person_id, outcome, at, made_by FROM contact "
            "WHERE cell_id = %s AND round_id = ANY(%s) AND person_id = ANY(%s) AND kind = %s "
            "ORDER BY person_id, at DESC, contact_id DESC",
            (cell, sorted(rounds), [p for _, p in group], KIND),
        ):
            out[cell, person] = LastVisit(*rest)
    return out
