"""Rounds: drafted, approved, started, stopped, cancelled, cloned. Sign-off belongs to the ledger."""

from screening.registry.service.rounds.acts import (
    approve,
    cancel,
    extend,
    labs_of,
    sign_off,
    start,
    stop,
)
from screening.registry.service.rounds.drafting import (
    Draft,
    check,
    clone,
    draft,
    edit,
)
from screening.registry.service.rounds.frame import ROUND_LOCK, lock_rounds, lock_state, told
from screening.registry.service.rounds.partitions import BY_ROUND, FILL, make_partitions
from screening.registry.service.rounds.problems import (
    BadLimit,
    BadPoolRule,
    BadRound,
    CohortMissing,
    NeedsOwnSites,
    NotNarrower,
    RoundName,
    RoundTimes,
    RoundWithoutArea,
    ScopeTaken,
    SiteNotInRound,
    UnknownCohort,
)

__all__ = [
    "BY_ROUND",
    "FILL",
    "ROUND_LOCK",
    "BadLimit",
    "BadPoolRule",
    "BadRound",
    "CohortMissing",
    "Draft",
    "NeedsOwnSites",
    "NotNarrower",
    "RoundName",
    "RoundTimes",
    "RoundWithoutArea",
    "ScopeTaken",
    "SiteNotInRound",
    "UnknownCohort",
    "approve",
    "cancel",
    "check",
    "clone",
    "draft",
    "edit",
    "extend",
    "labs_of",
    "lock_rounds",
    "lock_state",
    "make_partitions",
    "sign_off",
    "start",
    "stop",
    "told",
]
