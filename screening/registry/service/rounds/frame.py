"""What the acts on rounds share: the lock, the state, the line in the audit."""

from __future__ import annotations

from typing import Any

from screening.accounts.audit import note
from screening.db import fetch
from screening.registry import rules
from screening.registry.queries import ROUNDS, get_policy

ROUND_LOCK = 720_261_123  # advisory lock: numbers of rounds and the check that scopes do not meet


def lock_rounds() -> None:
    """No other round is numbered, started or widened until this transaction ends."""
    fetch("SELECT pg_advisory_xact_lock(%s)", (ROUND_LOCK,))


def lock_state(round_id: int, act: str) -> str:
    """The state after an act; the row is locked. Raises WrongRoundState."""
    rows = fetch("SELECT state FROM round WHERE round_id = %s FOR UPDATE", (round_id,))
    if not rows:
        get_policy(round_id)  # raises
    return rules.check_act(rows[0][0], act) or rows[0][0]


def told(action: str, round_id: int, detail: dict[str, Any] | None = None) -> None:
    """Note an act, and let everybody read the round anew."""
    ROUNDS.forget()
    note(action, "round", round_id, detail=detail)
