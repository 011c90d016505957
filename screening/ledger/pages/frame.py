"""What the pages of the ledger share: the blueprint, the head, the way to other desks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, current_app, url_for

from screening import clock
from screening.i18n import current_lang
from screening.registry.queries import RoundPolicy

bp = Blueprint("ledger_pages", __name__)
PAGE = 200


def lang() -> int:
    return 1 if current_lang() == "en" else 0


def door(endpoint: str, **values: Any) -> str:
    """The address of another desk's page, empty where that desk is not there."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else ""


def frame(policy: RoundPolicy | None, rounds: Sequence[RoundPolicy]) -> dict[str, Any]:
    """What the head of every page of the ledger needs."""
    return {
        "policy": policy,
        "as_of": clock.now(),
        "round_choices": [{"id": p.round_id, "name": p.name} for p in rounds],
        "current_round": {"id": policy.round_id, "name": policy.name} if policy else None,
    }
