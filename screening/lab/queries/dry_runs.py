"""Reading what a dry run needs: past runs of some rule versions, and the dry runs that were made."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from screening.db import fetch
from screening.lab.judgement.dry_run import Report
from screening.lab.queries.labs import LabRow
from screening.lab.queries.runs import RunRow


class TrialRow(NamedTuple):
    """A dry run as kept. `against`: the version that was in force then, None for a new name."""

    trial_id: int
    rule_id: int
    against: int | None
    made_by: int
    made_at: datetime
    since: datetime
    body: dict[str, Any]

    @property
    def report(self) -> Report:
        return msgspec.convert(self.body, Report)


_TRIAL = f"SELECT {', '.join(TrialRow._fields)} FROM rule_trial"
_RUN = ", ".join(RunRow._fields)


def list_trials(rule_id: int) -> list[TrialRow]:
    """The dry runs of a version, newest first."""
    rows = fetch(f"{_TRIAL} WHERE rule_id = %s ORDER BY trial_id DESC", (rule_id,))
    return [TrialRow(*r) for r in rows]


def all_labs() -> dict[int, LabRow]:
    """Every laboratory: a rule set belongs to no place."""
    fields = ", ".join(LabRow._fields)
    return {r[0]: LabRow(*r) for r in fetch(f"SELECT {fields} FROM lab")}


def runs_judged_by(
    rule_ids: Collection[int], cells: Collection[int], since: datetime, limit: int
) -> tuple[list[RunRow], int]:
    """Adopted runs of plates judged by these versions, the newest first, and how many more there
    are. A list of results has no plate and no readings that could be judged again."""
    where = (
        "FROM run r WHERE cell_id = ANY(%s) AND rule_id = ANY(%s) AND imported_at >= %s "
        "AND state IN ('evaluated', 'invalid') AND EXISTS (SELECT 1 FROM plate p "
        "WHERE p.cell_id = r.cell_id AND p.plate_id = r.plate_id)"
    )
    params = (sorted(cells), sorted(rule_ids), since)
    total = fetch(f"SELECT count(*) {where}", params)[0][0]
    rows = fetch(
        f"SELECT {_RUN} {where} ORDER BY imported_at DESC, run_id DESC LIMIT %s", (*params, limit)
    )
    return [RunRow(*r) for r in rows], total - len(rows)
