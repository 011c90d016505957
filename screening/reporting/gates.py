"""The gates of a release: a list of named rules. Each stops one wrong result; none knows another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from screening.reporting.rules import CALLS_BACK, STEPS, Reading
from screening.tube.rules import GONE, Hold, Stage

NEVER_RELEASED = frozenset(("previewed", "invalid", "quarantined"))
# tickets that say the same as a gate of their own
TOLD_ELSEWHERE = frozenset(("no_persons", "list_incomplete", "journal_gap", "alert_conflict"))


@dataclass(frozen=True)
class Gate:
    """All that decides whether a tube's result may go out.

    `reviews` maps step to staff id; `alerts` and `hold_tickets` are the kinds of the open ones;
    `gap`: a device may still know of somebody in the tube. Of the run that says the outcome:
    `run_state`, its own `called` outcome of this tube, how many tubes its plate carries
    (`plated`; None without a plate) and how many it calls (`calls`), `watched`: the kinds of
    the holds that lie on it. `undecided`: the instrument said otherwise and nobody has decided.
    `loosened`: negative by one person's own limit, and that person is not alone in the tube."""

    stage: int = Stage.REVIEWED
    test: Reading | None = None
    reviews: Mapping[int, int] = field(default_factory=dict)
    alerts: Sequence[str] = ()
    members: int = 0
    complete: bool = False
    holds: int = 0
    hold_tickets: Sequence[str] = ()
    gap: bool = False
    run_state: str | None = "evaluated"
    called: int | None = None
    plated: int | None = None
    calls: int = 0
    undecided: bool = False
    loosened: bool = False
    watched: Sequence[str] = ()


class GateRule(NamedTuple):
    """`against` says of a tested tube whether this stands against its release; `stops` is the
    wrong result that would go out without it (domain 3 and 9)."""

    code: str
    against: Callable[[Gate], bool]
    stops: str


def contradicts(outcome: int, alerts: Sequence[str]) -> bool:
    """Whether a release of `outcome` would say other than what was told at the first signal.

    Positive and doubtful tubes are handled alike (their members are swabbed again), so either may
    stand against either signal; neither may go out unannounced, and nothing else over a signal."""
    return bool(alerts) != (outcome in CALLS_BACK)


def _outcome(gate: Gate) -> int:
    assert gate.test is not None  # asked before any gate
    return gate.test.outcome


def _held(gate: Gate) -> bool:
    """Any open hold but those of the members' list, which have gates of their own."""
    own = Hold(0)
    if gate.members == 0:
        own |= Hold.NO_PERSONS | Hold.LIST_INCOMPLETE
    if not gate.complete:
        own |= Hold.LIST_INCOMPLETE
    return bool(set(gate.hold_tickets) - TOLD_ELSEWHERE or gate.holds & ~own)


GATES: tuple[GateRule, ...] = (
    GateRule(
        "run_not_valid",
        lambda g: g.run_state in NEVER_RELEASED,
        "a negative of a plate whose controls failed, or whose file is another plate's (edge 39)",
    ),
    GateRule(
        "other_call",
        lambda g: g.called != _outcome(g),
        "an outcome that the run never gave this tube (Shuozhou: results of people not sampled)",
    ),
    GateRule(
        "plate_open",
        lambda g: g.plated is not None and g.plated != g.calls,
        "part of a plate, while other tubes of it have no call (England: rows dropped)",
    ),
    GateRule(
        "not_reviewed",
        lambda g: any(step not in g.reviews for step in STEPS),
        "a result that one pair of eyes has seen (Hohhot)",
    ),
    GateRule(
        "one_reviewer",
        lambda g: len(g.reviews) > 1 and len(set(g.reviews.values())) == 1,
        "a result that one person has signed twice (Hohhot)",
    ),
    GateRule(
        "alert_conflict",
        lambda g: contradicts(_outcome(g), g.alerts),
        "a positive in the negative package, after it was told as positive (Lanzhou)",
    ),
    GateRule(
        "undecided",
        lambda g: g.undecided,
        "our call over the instrument's own, with nobody who has looked at the curve",
    ),
    GateRule(
        "loosened",
        lambda g: g.loosened,
        "a positive of somebody in a pool, by the looser limit of one recovered member",
    ),
    GateRule(
        "watched",
        lambda g: bool(g.watched),
        "results of a plate or laboratory whose positivity is out of band (England, edge 44)",
    ),
    GateRule(
        "no_persons",
        lambda g: g.members == 0,
        "a result of nobody, whose ten people are then never told (edge 32)",
    ),
    GateRule(
        "list_incomplete",
        lambda g: g.members > 0 and not g.complete,
        "a result that leaves out somebody who lies in the tube (Shenzhen: no result)",
    ),
    GateRule(
        "journal_gap",
        lambda g: g.gap,
        "a result that leaves out somebody whom a phone has not yet told of",
    ),
    GateRule(
        "held",
        _held,
        "a result of a number that stands on two tubes, or of a list in doubt (edge 5)",
    ),
)


def refusals(gate: Gate) -> list[str]:
    """The codes of everything that stands against a release, all at once; none: it may go out.

    Where there is no result to release, only that is said."""
    if gate.stage in GONE:
        return ["gone"]
    if gate.test is None or gate.stage < Stage.TESTED:
        return ["not_tested"]
    return [rule.code for rule in GATES if rule.against(gate)]
