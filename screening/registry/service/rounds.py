"""Rounds: drafted, approved, started, stopped, cancelled, cloned. Sign-off belongs to the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.accounts.roles import Actor
from screening.db import fetch, ident, insert, raw, run
from screening.errors import Conflict, Fault, Faults, Problem
from screening.places import queries as places
from screening.registry import rules
from screening.registry.keys import make_round_key
from screening.registry.queries import ROUNDS, RoundPolicy, get_policy
from screening.registry.rules import COHORTS, LIMITS, MOST_IN_A_TUBE, ZONE_KINDS, PoolRule
from screening.registry.rules_schedule import Beside, beside

ROUND_LOCK = 720_261_123  # advisory lock: numbers of rounds and the check that scopes do not meet
BY_ROUND = ("tube", "specimen", "custody")
FILL = {"tube": "85", "specimen": "95", "custody": "100"}  # rewritten often, seldom, never


class BadRound(Problem):
    status = 422
    code = "bad_round"
    zh = "轮次的设置有误。"
    en = "The settings of the round are not right."


class RoundWithoutArea(BadRound):
    code = "round_without_area"
    zh = "请至少选择一个区域。"
    en = "Choose at least one area."


class RoundTimes(BadRound):
    code = "round_times"
    zh = "结束时间要晚于开始时间。"
    en = "The end must be later than the start."


class RoundName(BadRound):
    code = "round_name"
    zh = "请填写轮次名称。"
    en = "The round needs a name."


class UnknownCohort(BadRound):
    code = "unknown_cohort"
    zh = "不认识人群“{cohort}”。"
    en = "The cohort “{cohort}” is not known."


class CohortMissing(BadRound):
    code = "cohort_missing"
    zh = "重点人群轮次要选择人群。"
    en = "A cohort round needs its cohorts."


class BadPoolRule(BadRound):
    code = "bad_pool_rule"
    zh = "混采规则有误：人数应为 1 到 {most}，单采为 1。"
    en = "A pool rule is not right: 1 to {most} persons, 1 for a single tube."


class BadLimit(BadRound):
    code = "bad_limit"
    zh = "时限应为 1 到 10080 分钟。"
    en = "A limit is 1 to 10080 minutes."


class NotNarrower(BadRound):
    code = "not_narrower"
    zh = "复制轮次时只能缩小范围。"
    en = "A cloned round may only be narrower."


class SiteNotInRound(BadRound):
    code = "unknown_site_in_round"
    zh = "所选采样点不存在。"
    en = "A chosen site does not exist."


class ScopeTaken(Conflict):
    code = "scope_in_open_round"
    zh = "同一区域和人群已在“{name}”中采样，同时只能参加一轮。"
    en = "The area and cohort are in the open round “{name}”; they may be in one round only."


class NeedsOwnSites(Conflict):
    code = "round_needs_own_sites"
    zh = "“{name}”正在同一区域采样；重点人群轮次要指定自己的采样点，才能同时进行。"
    en = "“{name}” samples in the same area; beside it a cohort round must name sites of its own."


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
    _lock()
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
    _told("round_drafted", round_id)
    return round_id


def edit(round_id: int, given: Draft) -> None:
    """Replace a draft's settings. Raises Faults, WrongRoundState."""
    check(given)
    _lock_state(round_id, "edit")
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
    _told("round_edited", round_id)


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


# --- acts -----------------------------------------------------------------------------------


def approve(round_id: int, *, by: Actor) -> None:
    """draft → scheduled; its partitions are made now, hours before anybody scans."""
    to = _lock_state(round_id, "approve")
    run(
        "UPDATE round SET state = %s, approved_by = %s WHERE round_id = %s",
        (to, by.staff_id, round_id),
    )
    make_partitions(round_id)
    _told("round_approved", round_id)


def start(round_id: int, *, at: datetime) -> None:
    """scheduled → sampling. Raises ScopeTaken, WrongRoundState."""
    _lock()
    to = _lock_state(round_id, "start")
    _check_free(get_policy(round_id))
    make_partitions(round_id)
    run("UPDATE round SET state = %s, started_at = %s WHERE round_id = %s", (to, at, round_id))
    _told("round_started", round_id)


def _check_free(mine: RoundPolicy) -> None:
    for other in ROUNDS.fresh().values():
        if other.state != rules.RoundState.SAMPLING or other.round_id == mine.round_id:
            continue
        if other.drill != mine.drill or not rules.scopes_meet(
            mine.area_paths, mine.cohorts, other.area_paths, other.cohorts
        ):
            continue
        said = beside((mine.kind, mine.site_ids), (other.kind, other.site_ids))
        if said is Beside.NEEDS_SITES:
            raise NeedsOwnSites(name=other.name, round_id=other.round_id)
        if said is Beside.NO:
            raise ScopeTaken(name=other.name, round_id=other.round_id)


def extend(
    round_id: int,
    *,
    ends_at: datetime | None = None,
    area_ids: Collection[int] = (),
    sites: Mapping[int, int | None] | None = None,
) -> None:
    """More time, areas or sites while sampling goes on; the audit holds each version."""
    _lock()
    _lock_state(round_id, "extend")
    if ends_at is not None:
        run("UPDATE round SET ends_at = %s WHERE round_id = %s", (ends_at, round_id))
    if any(places.find_area(a) is None for a in area_ids):
        raise places.NoSuchPlace()
    insert(
        "round_area",
        ("round_id", "area_id"),
        [(round_id, a) for a in sorted(area_ids)],
        "ON CONFLICT DO NOTHING",
    )
    insert(
        "round_site",
        ("round_id", "site_id", "lab_id"),
        [(round_id, s, lab) for s, lab in sorted((sites or {}).items())],
        "ON CONFLICT (round_id, site_id) DO UPDATE SET lab_id = EXCLUDED.lab_id",
    )
    ROUNDS.forget()
    _check_free(get_policy(round_id))
    detail = {"areas": sorted(area_ids), "sites": sorted(sites or {}), "ends_at": str(ends_at)}
    _told("round_extended", round_id, detail)


def stop(round_id: int, *, at: datetime) -> None:
    """sampling → finishing: no new binds except rechecks and door lists."""
    to = _lock_state(round_id, "stop")
    run("UPDATE round SET state = %s, stopped_at = %s WHERE round_id = %s", (to, at, round_id))
    _told("round_stopped", round_id)


def cancel(round_id: int) -> None:
    """A round that never started is given up."""
    to = _lock_state(round_id, "cancel")
    run("UPDATE round SET state = %s WHERE round_id = %s", (to, round_id))
    _told("round_cancelled", round_id)


def sign_off(round_id: int, *, at: datetime) -> None:
    """finishing → closed. Only the ledger calls it, after its own check of the balance."""
    to = _lock_state(round_id, "sign_off")
    run("UPDATE round SET state = %s, signed_at = %s WHERE round_id = %s", (to, at, round_id))
    _told("round_signed_off", round_id)


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


def labs_of(round_id: int) -> dict[int, int | None]:
    """{site: laboratory of its boxes} of a round that names its sites."""
    return dict(fetch("SELECT site_id, lab_id FROM round_site WHERE round_id = %s", (round_id,)))


# --- partitions -----------------------------------------------------------------------------


def make_partitions(round_id: int) -> None:
    """Tables of the round's own rows, made once.

    Made apart and then attached: that waits for no transaction of the hot path, whereas CREATE …
    PARTITION OF would lock the parent against all of them."""
    conn = raw()
    for parent in BY_ROUND:
        name = f"{parent}_r{int(round_id)}"
        if fetch("SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass(%s)", (name,)):
            continue
        conn.execute(
            b"CREATE TABLE IF NOT EXISTS "
            + ident(name).as_bytes(conn)
            + b" (LIKE "
            + ident(parent).as_bytes(conn)
            + b" INCLUDING DEFAULTS) WITH (fillfactor="
            + FILL[parent].encode()
            + b")"
        )
        conn.execute(
            f"ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES IN ({int(round_id)})".encode()
        )


def _lock() -> None:
    fetch("SELECT pg_advisory_xact_lock(%s)", (ROUND_LOCK,))


def _lock_state(round_id: int, act: str) -> str:
    rows = fetch("SELECT state FROM round WHERE round_id = %s FOR UPDATE", (round_id,))
    if not rows:
        get_policy(round_id)  # raises
    return rules.check_act(rows[0][0], act) or rows[0][0]


def _told(action: str, round_id: int, detail: dict[str, Any] | None = None) -> None:
    ROUNDS.forget()
    note(action, "round", round_id, detail=detail)
