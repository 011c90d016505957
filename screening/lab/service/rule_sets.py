"""Rule sets as versions: seeded, proposed by one person, approved by another, in force by date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from psycopg.types.json import Jsonb

from screening.accounts.audit import note
from screening.crypto import hash_id
from screening.db import fetch, insert, new_id, run
from screening.errors import Conflict, NotFound, Problem
from screening.lab import rule_sets as pure
from screening.lab.rule_sets import DEFAULTS, RuleSet

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
    zh = "生效时间不能早于现在，已布的板不受影响。"
    en = "A rule set cannot take effect in the past."


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
    rows = fetch(f"{_READ} WHERE rule_id = %s", (rule_id,))
    if not rows:
        raise NoSuchRuleSet()
    return Version(*rows[0])


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
    last = fetch("SELECT max(version) FROM rule_set WHERE name = %s", (draft.name,))[0][0] or 0
    rule = msgspec.structs.replace(draft, version=last + 1)
    rule_id = new_id()
    insert(
        "rule_set",
        _COLUMNS,
        [(rule_id, rule.name, rule.version, Jsonb(pure.to_dict(rule)), by, at, None, None, None)],
    )
    note("rule_set_proposed", "rule_set", rule_id, staff_id=by)
    return get_version(rule_id)


def approve(rule_id: int, *, by: int, at: datetime, valid_from: datetime | None = None) -> Version:
    """Put a proposed version into force (now, or from a later time); the one before it ends then.

    Plates that exist keep the version they were made with. Raises OwnProposal, AlreadyApproved."""
    fetch("SELECT pg_advisory_xact_lock(%s)", (RULE_LOCK,))
    found = get_version(rule_id)
    if found.valid_from is not None:
        raise AlreadyApproved()
    if found.made_by == by:
        raise OwnProposal()
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
    note("rule_set_approved", "rule_set", rule_id, staff_id=by)
    return get_version(rule_id)
