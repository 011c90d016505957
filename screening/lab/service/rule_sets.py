"""Rule sets as versions: seeded, proposed by one person, approved by another, in force by date."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.crypto import hash_id
from screening.db import fetch, insert, new_id, run
from screening.errors import Conflict, NotFound, Problem
from screening.lab.judgement.dry_run import GOOD_FOR
from screening.lab.plates import plate_plan
from screening.lab.queries import dry_runs
from screening.lab.rules import rule_sets as pure
from screening.lab.rules.rule_sets import DEFAULTS, RuleSet
from screening.registry.rules import COHORTS

RULE_LOCK = 720_261_130  # advisory lock: version numbers of rule sets


class NoSuchRuleSet(NotFound):
    code = "no_such_rule_set"
    zh = "没有这套判读规则。"
    en = "There is no such rule set."


class NotInForce(Conflict):
    code = "rule_not_in_force"
    zh = "判读规则“{name}”第 {version} 版目前没有生效。"
    en = "Version {version} of the rule set “{name}” is not in force."


class AlreadyApproved(Conflict):
    code = "rule_approved"
    zh = "这一版判读规则已经批准。"
    en = "This version of the rule set is approved already."


class OwnProposal(Problem):
    status = 403
    code = "own_proposal"
    zh = "判读规则须由提出人以外的人批准。"
    en = "A rule set is approved by somebody other than its proposer."


class StartsInThePast(Problem):
    status = 422
    code = "rule_starts_in_past"
    zh = "生效时间不能早于现在，已上机的板不受影响。"
    en = "A rule set cannot take effect in the past."


class DryRunFirst(Conflict):
    code = "dry_run_first"
    zh = "批准前须先用过去的结果试判这一版，并注明依据的是哪一次试判。"
    en = (
        "Before an approval the version is tried on past runs, and the approval names that dry run."
    )


class DryRunStale(Conflict):
    code = "dry_run_stale"
    zh = "这次试判已过时（超过 24 小时，或之后有了更新的试判或版本），请重新试判。"
    en = "That dry run is out of date (24 hours, a newer one, or a newer version); make it again."


class AnotherKit(Conflict):
    code = "rule_other_wells"
    zh = "“{name}”每管用 {old} 孔，新版本用 {new} 孔；另一种布板须另起名称。"
    en = "“{name}” takes {old} wells a tube, this version {new}; other wells need another name."


class Version(NamedTuple):
    """A stored version. Approved when `valid_from` is set; in force from then until `valid_to`."""

    rule_id: int
    name: str
    version: int
    body: dict[str, Any]
    made_by: int | None
    made_at: datetime
    approved_by: int | None
    valid_from: datetime | None
    valid_to: datetime | None

    @property
    def rule(self) -> RuleSet:
        return pure.from_dict(self.body)

    def in_force(self, at: datetime) -> bool:
        return (
            self.valid_from is not None
            and self.valid_from <= at
            and (self.valid_to is None or at < self.valid_to)
        )


_COLUMNS = Version._fields
_READ = f"SELECT {', '.join(_COLUMNS)} FROM rule_set"


def ensure_defaults(*, at: datetime) -> None:
    """Put the documented default rule sets in place, approved; those that exist stay as they are.

    They carry nobody's name: their `source` says where the numbers come from."""
    rows = [
        (hash_id("rule_set", name, rule.version), name, rule.version,
         Jsonb(pure.to_dict(rule)), None, at, None, at, None)
        for name, rule in DEFAULTS.items()
    ]  # fmt: skip
    insert("rule_set", _COLUMNS, rows, "ON CONFLICT DO NOTHING")


def list_versions() -> list[Version]:
    """Every version of every rule set, the newest of each name first."""
    return [Version(*r) for r in fetch(f"{_READ} ORDER BY name, version DESC")]


def list_in_force(*, at: datetime) -> list[Version]:
    """The versions that a plate may be made with now."""
    return [v for v in list_versions() if v.in_force(at)]


def get_version(rule_id: int) -> Version:
    """Raises NoSuchRuleSet."""
    rows = fetch(f"{_READ} WHERE rule_id = %s", (rule_id,))
    if not rows:
        raise NoSuchRuleSet()
    return Version(*rows[0])


def in_kit_order(rule_id: int, targets: Iterable[str]) -> list[str]:
    """As the kit of the rule set lists them, its internal control last; strangers behind."""
    rows = fetch(f"{_READ} WHERE rule_id = %s", (rule_id,))
    own = Version(*rows[0]).rule.every_target if rows else []
    place = {t.name: n for n, t in enumerate(own)}
    return sorted(targets, key=lambda t: (place.get(t, len(place)), t))


def get_in_force(rule_id: int, *, at: datetime) -> Version:
    """A version that holds at `at`. Raises NotInForce for proposed, future and replaced ones."""
    found = get_version(rule_id)
    if not found.in_force(at):
        raise NotInForce(name=found.name, version=found.version)
    return found


def propose(body: Mapping[str, Any], *, by: int, at: datetime) -> Version:
    """Store the next version of a rule set; it does nothing until somebody else approves it.

    The version number is given here, whatever the body says. Raises BadRuleSet."""
    fetch("SELECT pg_advisory_xact_lock(%s)", (RULE_LOCK,))
    draft = pure.from_dict({**body, "version": 1})
    if unknown := sorted(draft.cohort_cutoffs.keys() - COHORTS.keys()):
        raise pure.BadRuleSet(why=f"人群 / cohort {unknown[0][:40]}")
    last = fetch("SELECT max(version) FROM rule_set WHERE name = %s", (draft.name,))[0][0] or 0
    rule = msgspec.structs.replace(draft, version=last + 1)
    _check_wells(rule)
    rule_id = new_id()
    insert(
        "rule_set",
        _COLUMNS,
        [(rule_id, rule.name, rule.version, Jsonb(pure.to_dict(rule)), by, at, None, None, None)],
    )
    note("rule_set_proposed", "rule_set", rule_id, staff_id=by)
    return get_version(rule_id)


def _check_wells(rule: RuleSet) -> None:
    """A plate that was filled before its version took effect must fit the new one too."""
    for known in list_versions():
        old, new = (plate_plan.wells_per_tube(r) for r in (known.rule, rule))
        if known.name == rule.name and known.valid_from is not None and old != new:
            raise AnotherKit(name=rule.name, old=old, new=new)


def approve(
    rule_id: int, *, by: int, at: datetime, trial_id: int | None, valid_from: datetime | None = None
) -> Version:
    """Put a proposed version into force (now, or from a later time); the one before it ends then.

    `trial_id`: the dry run that the approver has seen. Plates that have started keep the version
    that held then. Raises AlreadyApproved, OwnProposal, DryRunFirst, DryRunStale."""
    fetch("SELECT pg_advisory_xact_lock(%s)", (RULE_LOCK,))
    found = get_version(rule_id)
    if found.valid_from is not None:
        raise AlreadyApproved()
    if found.made_by == by:
        raise OwnProposal()
    _check_trial(found, trial_id, at)
    start = valid_from or at
    if start < at:
        raise StartsInThePast()
    run(
        "UPDATE rule_set SET valid_to = %s WHERE name = %s AND valid_from IS NOT NULL "
        "AND (valid_to IS NULL OR valid_to > %s)",
        (start, found.name, start),
    )
    run(
        "UPDATE rule_set SET approved_by = %s, valid_from = %s WHERE rule_id = %s",
        (by, start, rule_id),
    )
    note("rule_set_approved", "rule_set", rule_id, staff_id=by, detail={"trial": str(trial_id)})
    return get_version(rule_id)


def replaced_by(found: Version, at: datetime) -> int | None:
    """The version in force that this one would take the place of."""
    named = [v.rule_id for v in list_in_force(at=at) if v.name == found.name]
    return named[0] if named else None


def _check_trial(found: Version, trial_id: int | None, at: datetime) -> None:
    """An approval rests on the newest dry run, of the day, against what is in force still."""
    if trial_id is None or trial_id not in {
        t.trial_id for t in dry_runs.list_trials(found.rule_id)
    }:
        raise DryRunFirst()
    if not is_fresh(found, trial_id, at):
        raise DryRunStale()


def is_fresh(found: Version, trial_id: int, at: datetime) -> bool:
    """Whether an approval may still rest on this dry run."""
    newest = dry_runs.list_trials(found.rule_id)[0]
    same_base = newest.against == replaced_by(found, at)
    return newest.trial_id == trial_id and same_base and at - newest.made_at <= GOOD_FOR


def at_start(rule_id: int, at: datetime) -> Version:
    """The version by which a plate made under `rule_id` is judged if it starts at `at`: the one of
    that name that holds then; its own where none does."""
    found = get_version(rule_id)
    held = [v for v in list_versions() if v.name == found.name and v.in_force(at)]
    return held[0] if held else found
