"""What a correction does to proofs that people carry."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from screening.db import run
from screening.lab.rules.well_rules import Outcome
from screening.tube.queries import Key


# Proofs stand above this floor: their table is written here as it is, so that a correction and
# what it withdraws are one transaction.
def withdraw(
    key: Key, homes: Iterable[int], outcome: int, members: Collection[int], *, at: datetime
) -> int:
    """Withdraw the tube's proofs, but those of members of a version that is negative again."""
    kept = list(members) if outcome == Outcome.NEGATIVE else []
    return run(
        "UPDATE proof SET withdrawn_at = %s WHERE cell_id = ANY(%s) AND round_id = %s "
        "AND barcode = %s AND withdrawn_at IS NULL AND NOT specimen_id = ANY(%s)",
        (at, sorted(set(homes)), key.round_id, key.barcode, kept),
    )
