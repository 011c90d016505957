"""The faults planted into a drill day: what goes wrong, where, when, and what must come of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from screening.drill.city import AreaRow
from screening.drill.day_plan import DayPlan, Fault, Trip
from screening.drill.population import PersonRow, make_people
from screening.drill.scenery import at_hour

CLOCK_DEVICE, CLOCK_AHEAD = "D-S12-1", 20 * 60  # seconds
LATE = timedelta(hours=5)
Detail = dict[str, str | int | float]


def plant(plan: DayPlan) -> tuple[Fault, ...]:
    """One fault of each kind, each at a place of its own so that none hides another."""
    return (
        lost_tube(plan),
        late_box(plan),
        wrong_count(plan),
        double_swab(plan),
        dead_phone(plan),
        positive_pool(plan),
        tube_at_two_sites(plan),
        unknown_tube(plan),
        wrong_clock(plan),
    )


def lost_tube(plan: DayPlan) -> Fault:
    """Packed and sealed, but not in the box when the laboratory opens it, nor ever after."""
    trip = trip_of(plan, "S02", 2)
    detail: Detail = {"nth_tube_of_box": 1}
    shows = ("ledger.c", "ticket.missing_at_lab", "missed.needs_new_swab")
    return Fault(
        ref="F1", kind="lost_tube", at=trip.leaves_at, where=trip.ref, detail=detail, shows=shows
    )


def late_box(plan: DayPlan) -> Fault:
    """The van stands somewhere for hours; the box arrives whole, past every limit."""
    trip = trip_of(plan, "S05", 1)
    detail: Detail = {"minutes_late": int(LATE.total_seconds() // 60)}
    shows = ("overdue.in_transit", "ledger.a")
    at, heals = trip.leaves_at, trip.arrives_at + LATE
    return Fault(
        ref="F2", kind="late_box", at=at, where=trip.ref, detail=detail, shows=shows, heals_at=heals
    )


def wrong_count(plan: DayPlan) -> Fault:
    """One tube more on the table than scanned at sealing; it travels with the next box."""
    trip, following = trip_of(plan, "S04", 2), trip_of(plan, "S04", 3)
    detail: Detail = {"counted_minus_scanned": 1, "packed_on": following.ref}
    return Fault(
        ref="F3",
        kind="wrong_count",
        at=trip.leaves_at,
        where=trip.ref,
        detail=detail,
        shows=("ledger.b", "ticket.count_differs"),
        heals_at=following.leaves_at,
    )


def double_swab(plan: DayPlan) -> Fault:
    """The same person at two sites, the second without a network: two specimens, one counted."""
    person = settled_adult(plan)
    detail: Detail = {
        "person": person.ref,
        "first_site": "S01",
        "second_at": at_hour(plan.day, 11).isoformat(),
    }
    at = at_hour(plan.day, 7.5)
    shows = ("ticket.swabbed_twice", "coverage.counts_one")
    return Fault(ref="F4", kind="double_swab", at=at, where="S03", detail=detail, shows=shows)


def dead_phone(plan: DayPlan) -> Fault:
    """A phone goes dark: its journal's tail is held by nobody until it is charged at night."""
    tables = next(site.tables for site in plan.sites if site.ref == "S07")
    at, back = at_hour(plan.day, 10.7), at_hour(plan.day, 18.5)
    shows = ("ledger.d", "devices.not_heard", "ticket.unknown_at_lab")
    detail: Detail = {"sends_again_at": back.isoformat()}
    return Fault(
        ref="F5",
        kind="dead_phone",
        at=at,
        where=f"D-S07-{tables}",
        detail=detail,
        shows=shows,
        heals_at=back,
    )


def positive_pool(plan: DayPlan) -> Fault:
    """A full pool of ten is positive; of the ten single swabs afterwards one is."""
    detail: Detail = {
        "table": 1,
        "nth_full_tube": 2,
        "members": 10,
        "positive_seat": 3,
        "ct_orf1ab": 31.2,
        "ct_n": 30.4,
    }
    shows = ("alert.positive", "callbacks.10", "exempt.awaiting_recheck")
    at = at_hour(plan.day, 9)
    return Fault(ref="F6", kind="positive_pool", at=at, where="S06", detail=detail, shows=shows)


def tube_at_two_sites(plan: DayPlan) -> Fault:
    """A roll was printed twice: the same number is opened at two sites, both lists are kept."""
    stock = next(stock for stock in plan.labels if stock.site == "S08")
    serial = stock.first + 5
    detail: Detail = {"serial": serial, "table": 1, "other_site": "S09", "other_table": 1}
    shows = ("ticket.tube_at_two_sites", "tube.held")
    at = at_hour(plan.day, 8)
    return Fault(ref="F7", kind="tube_at_two_sites", at=at, where="S08", detail=detail, shows=shows)


def unknown_tube(plan: DayPlan) -> Fault:
    """A tube lies in the box that nobody ever bound a person to."""
    trip = trip_of(plan, "S10", 3)
    stock = next(stock for stock in plan.labels if stock.site == "S10")
    detail: Detail = {"serial": stock.first + stock.count - 1}
    shows = ("ledger.c", "ticket.unknown_at_lab", "tube.held")
    at = trip.arrives_at
    return Fault(ref="F8", kind="unknown_tube", at=at, where=trip.ref, detail=detail, shows=shows)


def wrong_clock(plan: DayPlan) -> Fault:
    """A device is twenty minutes ahead all day; its sampling times are corrected."""
    detail: Detail = {"seconds_ahead": CLOCK_AHEAD}
    shows = ("note.clock_skew",)
    at = opening(plan, "S12")
    return Fault(
        ref="F9", kind="wrong_clock", at=at, where=CLOCK_DEVICE, detail=detail, shows=shows
    )


def trip_of(plan: DayPlan, site: str, turn: int) -> Trip:
    """The site's turn-th trip of the day, from 1."""
    return [trip for trip in plan.trips if trip.site == site][turn - 1]


def opening(plan: DayPlan, site: str) -> datetime:
    return next(place.opens_at for place in plan.sites if place.ref == site)


def settled_adult(plan: DayPlan) -> PersonRow:
    """The first resident of the first community who surely comes: able, due, with a card.

    The first community's people are numbered from zero whatever communities follow, so the
    ref is the same as in the whole register.
    """
    home = plan.communities[0]
    area = AreaRow(home.code12, home.name, "community", home.street)
    return next(
        person
        for person in make_people([area], plan.per_community, plan.seed, day=plan.day)
        if person.doc_type == "resident_id"
        and not (person.immobile or person.exempt_code or person.key_group)
        and 25 <= plan.day.year - person.birth.year <= 55
    )
