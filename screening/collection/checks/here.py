"""Where and when somebody asks, and what the round's rules allow there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from screening.collection import service
from screening.collection.checks.answers import say
from screening.collection.queries import SiteRow
from screening.registry import queries as registry
from screening.registry import rules as registry_rules
from screening.tube import entries as e
from screening.tube.answers import Answer


class At(NamedTuple):
    """Where and when somebody asks."""

    site: SiteRow
    round_id: int
    at: datetime
    practice: bool = False


def round_asks(where: At) -> list[Answer]:
    probe = e.ShiftStart(seq=1, at=0, staff=0, round=where.round_id, salt="")
    if where.practice or service.round_of(probe, where.at):
        return []
    return [say("round_not_open")]


def rule_at(where: At, cohorts: Collection[str] = ()) -> registry_rules.Pool | None:
    policy = registry.find_policy(where.round_id)
    if policy is None or where.round_id == 0:
        return None
    return service.allowed(policy, where.site, cohorts, where.at)


RANK = {"single": 0, "household": 1, "pooled": 2}


def looser(mode: str, size: int, rule: registry_rules.Pool) -> bool:
    return RANK[mode] > RANK[rule.mode.value] or size > rule.capacity


def pool_words(rule: registry_rules.Pool) -> dict[str, Any]:
    word = registry_rules.MODES[rule.mode]
    return {
        "mode": word.zh,
        "mode_en": word.en,
        "size": rule.capacity,
        "allowed": {"mode": rule.mode.value, "size": rule.capacity},
    }


def zone_words(where: At) -> dict[str, str]:
    """Why: the zones that lie over the site, else its kind or the round's rule."""
    kinds = sorted(registry.zone_kinds(where.site.path, where.at))
    known = [registry_rules.ZONE_KINDS[k] for k in kinds if k in registry_rules.ZONE_KINDS]
    if known:
        return {"why": "、".join(z.zh for z in known), "why_en": ", ".join(z.en for z in known)}
    return {"why": "本轮规则", "why_en": "the round's rule"}
