"""What the pages of the ledger share: the blueprint, the head, the way to other desks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint

from screening import clock
from screening.i18n import current_lang
from screening.registry.queries import RoundPolicy

bp = Blueprint("ledger_pages", __name__)
PAGE = 200


def lang() -> int:
    return 1 if current_lang() == "en" else 0


def frame(policy: RoundPolicy | None, rounds: Sequence[RoundPolicy]) -> dict[str, Any]:
    """What the head of every page of the ledger needs."""
    return {
        "policy": policy,
        "as_of": clock.now(),
        "round_choices": [{"id": p.round_id, "name": p.name} for p in rounds],
        "current_round": {"id": policy.round_id, "name": policy.name} if policy else None,
    }
