"""A round as it is wanted: drafted, edited, checked whole, cloned with a narrower scope."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from psycopg.types.json import Jsonb

from screening.accounts.roles import Actor
from screening.db import fetch, insert, run
from screening.errors import Fault, Faults
from screening.places import queries as places
from screening.registry import rules
from screening.registry.keys import make_round_key
from screening.registry.queries import get_policy
from screening.registry.rules import COHORTS, LIMITS, MOST_IN_A_TUBE, ZONE_KINDS, PoolRule
from screening.registry.service.rounds.acts import labs_of
from screening.registry.service.rounds.frame import lock_rounds, lock_state, told
from screening.registry.service.rounds.problems import (
    BadLimit,
    BadPoolRule,
    CohortMissing,
    NotNarrower,
    RoundName,
    RoundTimes,
    RoundWithoutArea,
    SiteNotInRound,
    UnknownCohort,
)


class Draft(NamedTuple):
    """What a round is made of. `sites` maps site to its laboratory (None: decided on the day);
    no sites: every site of the areas. Empty `limits` and `pool_rules` take the defaults."""

    name: str
    starts_at: datetime
    ends_at: datetime
    area_ids: Sequence[int]
    kind: str = "mass"
    cohorts: Sequence[str] = ()
    sites: Mapping[int, int | None] = {}
    limits: Mapping[str, int] = {}
    pool_rules: Sequence[PoolRule] = ()
    drill: bool = False


def draft(given: Draft, *, by: Actor, cloned_from: int | None = None) -> int:
    """A new round in state draft; its id. Raises Faults."""
    check(given)
    lock_rounds()
    round_id = fetch("SELECT max(round_id) + 1 FROM round")[0][0]
    insert(
        "round",
        ("round_id", "name", "kind", "state", "starts_at", "ends_at", "limits", "pool_rules",
         "made_by", "drill", "cloned_from"),
        [(round_id, given.name.strip(), given.kind, rules.RoundState.DRAFT, given.starts_at,
          given.ends_at, *_json(given), by.staff_id, given.drill, cloned_from)],
    )  # fmt: skip
    _write_scope(round_id, given)
    make_round_key(round_id)
    told("round_drafted", round_id)
    return round_id


def edit(round_id: int, given: Draft) -> None:
    """Replace a draft's settings. Raises Faults, WrongRoundState."""
    check(given)
    lock_state(round_id, "edit")
    limits, pool_rules = _json(given)
    run(
        "UPDATE round SET name = %s, kind = %s, starts_at = %s, ends_at = %s, limits = %s, "
        "pool_rules = %s, drill = %s WHERE round_id = %s",
        (given.name.strip(), given.kind, given.starts_at, given.ends_at, limits, pool_rules,
         given.drill, round_id),
    )  # fmt: skip
    for table in ("round_area", "round_cohort", "round_site"):
        run(f"DELETE FROM {table} WHERE round_id = %s", (round_id,))
    _write_scope(round_id, given)
    told("round_edited", round_id)


def _json(given: Draft) -> tuple[Jsonb, Jsonb]:
    chosen = given.pool_rules or rules.DEFAULT_POOL_RULES
    limits = rules.limits_of(given.limits)
    return Jsonb(limits), Jsonb(rules.write_pool_rules(chosen))


def _write_scope(round_id: int, given: Draft) -> None:
    insert(
        "round_area", ("round_id", "area_id"), [(round_id, a) for a in sorted(set(given.area_ids))]
    )
    insert(
        "round_cohort", ("round_id", "cohort"), [(round_id, c) for c in sorted(set(given.cohorts))]
    )
    insert(
        "round_site",
        ("round_id", "site_id", "lab_id"),
        [(round_id, s, lab) for s, lab in sorted(given.sites.items())],
    )


def check(given: Draft) -> None:
    """Every fault of a round's settings at once. Raises Faults."""
    faults = [
        *_shape_faults(given),
        *(Fault(BadLimit(stage=s), field=f"limits.{s}") for s, m in given.limits.items()
          if s not in LIMITS or not 1 <= m <= 10080),
        *(Fault(BadPoolRule(most=MOST_IN_A_TUBE), field=f"pool_rules.{i}")
          for i, r in enumerate(given.pool_rules) if not _rule_ok(r)),
        *(Fault(places.NoSuchPlace(), field="area_ids")
          for a in given.area_ids if places.find_area(a) is None),
    ]  # fmt: skip
    if given.sites:
        known = fetch("SELECT site_id FROM site WHERE site_id = ANY(%s)", (list(given.sites),))
        if len(known) < len(given.sites):
            faults.append(Fault(SiteNotInRound(), field="sites"))
    if faults:
        raise Faults(faults)


def _shape_faults(given: Draft) -> Iterable[Fault]:
    if not given.name.strip():
        yield Fault(RoundName(), field="name")
    if given.ends_at <= given.starts_at:
        yield Fault(RoundTimes(), field="ends_at")
    if not given.area_ids:
        yield Fault(RoundWithoutArea(), field="area_ids")
    if given.kind == "cohort" and not given.cohorts:
        yield Fault(CohortMissing(), field="cohorts")
    for cohort in given.cohorts:
        if cohort not in COHORTS:
            yield Fault(UnknownCohort(cohort=cohort), field="cohorts")


def _rule_ok(rule: PoolRule) -> bool:
    least_most = (1, 1) if rule.mode is rules.Mode.SINGLE else (2, MOST_IN_A_TUBE)
    named = (rule.zone is None or rule.zone in ZONE_KINDS) and (
        rule.cohort is None or rule.cohort in COHORTS
    )
    return named and least_most[0] <= rule.capacity <= least_most[1]


def clone(round_id: int, given: Draft, *, by: Actor) -> int:
    """A new draft after an old round, its areas and cohorts no wider. Raises NotNarrower."""
    old = get_policy(round_id)
    paths = [places.area_path(a) for a in given.area_ids]
    inside = all(any(p.startswith(o) for o in old.area_paths) for p in paths)
    if (
        not inside
        or (old.cohorts and not set(given.cohorts) <= old.cohorts)
        or (old.cohorts and not given.cohorts)
    ):
        raise NotNarrower()
    filled = given._replace(
        limits=given.limits or old.limits,
        pool_rules=given.pool_rules or old.pool_rules,
        sites=given.sites or labs_of(round_id),
        drill=old.drill,
    )
    return draft(filled, by=by, cloned_from=round_id)
