"""Who may do what at the bench, and how far an alert reaches."""

from __future__ import annotations

from screening.accounts.guard import At, lab, refuse
from screening.accounts.roles import Actor, Role
from screening.lab import queries
from screening.lab.queries import AlertRow, Reach

READERS = (Role.LAB_TECHNICIAN, Role.LAB_REVIEWER, Role.ADMINISTRATOR)
WRITERS = (Role.LAB_TECHNICIAN,)
# an original may hold what somebody wrote into a sample name
OPENERS = (Role.LAB_REVIEWER, Role.AUDITOR)
BENCH = (Role.LAB_TECHNICIAN, Role.LAB_REVIEWER)
RULERS = (Role.ADMINISTRATOR,)
APPROVERS = (Role.LAB_REVIEWER, Role.ADMINISTRATOR)
# who must know of a signal: the laboratory whose it is, and those who act on it where people live
WATCHERS = (Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)
ALERTED = (*BENCH, *WATCHERS)
SETTLERS = (Role.LAB_REVIEWER, Role.ADMINISTRATOR)

LAB = lab()
ALERT = At("laboratory or street of the alert", filtered=True)


def reach_of(actor: Actor) -> Reach:
    """The alerts that this person may see."""
    return queries.reach(actor.places(BENCH), actor.places(WATCHERS))


def check_alert(actor: Actor, cell: int, alert_id: int, roles: tuple[Role, ...]) -> AlertRow:
    """The alert, if one of `roles` is held over its laboratory or its tube's street."""
    found = queries.get_alert(cell, alert_id)
    bench = [r for r in roles if r in BENCH]
    watch = [r for r in roles if r in WATCHERS]
    own = queries.reach(actor.places(bench), actor.places(watch))
    if found.lab_id not in own.labs and found.cell_id not in own.cells:
        refuse(actor)
    return found
