"""Who may do what at the bench, and how far an alert reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from screening.accounts.guard import At, lab, refuse
from screening.accounts.queries import actors_of
from screening.accounts.roles import Actor, Role
from screening.lab import queries
from screening.lab.queries import AlertRow, Reach
from screening.lab.queries.duty import DutyRow, place_of
from screening.places import queries as places
from screening.places.rules import COMMUNITY, Place
from screening.tube.labels import read_tube
from screening.tube.queries import get_key

READERS = (Role.LAB_TECHNICIAN, Role.LAB_REVIEWER, Role.ADMINISTRATOR)
WRITERS = (Role.LAB_TECHNICIAN,)
# an original may hold what somebody wrote into a sample name
OPENERS = (Role.LAB_REVIEWER, Role.AUDITOR)
BENCH = (Role.LAB_TECHNICIAN, Role.LAB_REVIEWER)
# who lets a run pass whose instrument's clock disagrees
CHECKERS = (Role.LAB_REVIEWER,)
RULERS = (Role.ADMINISTRATOR,)
APPROVERS = (Role.LAB_REVIEWER, Role.ADMINISTRATOR)
# who must know of a signal: the laboratory whose it is, and those who act on it where people live
WATCHERS = (Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)
ALERTED = (*BENCH, *WATCHERS)
# two of these clear an alert together, whatever side they stand on
SETTLERS = (Role.LAB_REVIEWER, Role.DISTRICT_HEAD, Role.ADMINISTRATOR)
# who opens the members' names and phones; laboratories work without them
LISTERS = (Role.DISTRICT_HEAD, Role.ADMINISTRATOR)
ROSTER = (*BENCH, *WATCHERS)
KEEPERS = (Role.LAB_REVIEWER, *WATCHERS)

LAB = lab()
ALERT = At("laboratory, street or called area of the alert", filtered=True)


def reach_of(actor: Actor) -> Reach:
    """The alerts that this person may see."""
    return queries.reach(actor.places(BENCH), actor.places(WATCHERS))


def check_alert(actor: Actor, cell: int, alert_id: int, roles: tuple[Role, ...]) -> AlertRow:
    """The alert, if one of `roles` is held over its laboratory, its tube's street, or an area that
    was called for it."""
    found = queries.get_alert(cell, alert_id)
    bench = [r for r in roles if r in BENCH]
    watch = [r for r in roles if r in WATCHERS]
    if not queries.reaches(queries.reach(actor.places(bench), actor.places(watch)), found):
        refuse(actor)
    return found


def check_raising(actor: Actor, lab_id: int | None, tube: str) -> None:
    """A laboratory raises an alert as itself; command on any tube of its own streets."""
    if lab_id is not None and actor.may(BENCH, places.place_of_lab(lab_id)):
        return
    own = queries.reach([], actor.places(WATCHERS)).cells
    if not own or get_key(read_tube(tube)).cell_id not in own:
        refuse(actor)


def answers(actor: Actor) -> Callable[[Place], bool]:
    """The places whose calls this person may answer."""
    return lambda place: may_answer(actor, place)


def may_answer(actor: Actor, place: Place) -> bool:
    """Whether a call to this place is this person's to answer: the laboratory's own, or whoever
    watches over it."""
    return actor.may(ALERTED if place.kind == "lab" else WATCHERS, place)


def still_fit(duties: Iterable[DutyRow]) -> list[DutyRow]:
    """Of these rows of the roster those whose person could still answer a call there."""
    rows = list(duties)
    actors = actors_of({d.staff_id for d in rows})
    return [
        d for d in rows
        if (actor := actors.get(d.staff_id))
        and may_answer(actor, place_of(d.kind, d.place_id))
    ]  # fmt: skip


def may_keep(actor: Actor, place: Place) -> bool:
    """Whoever answers for a place keeps its roster."""
    return actor.may(KEEPERS if place.kind == "lab" else WATCHERS, place)


def homes_of(actor: Actor) -> set[int]:
    """The communities whose people this person may open in the list of an alert."""
    held = actor.places(LISTERS)
    everywhere = any(p.kind == "all" for p in held)
    paths = tuple(p.path for p in held if p.kind == "area")
    return {
        n.area_id
        for n in places.TREE.get().by_id.values()
        if n.level == COMMUNITY and (everywhere or (paths and n.path.startswith(paths)))
    }
