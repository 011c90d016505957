"""The tubes behind a number: each row where it stands, paged by cell and number."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from screening.db import fetch
from screening.errors import NotFound
from screening.figures.queries.scene import Scene
from screening.figures.rules import IN_CHAIN, STAGES
from screening.figures.standing import HELD
from screening.tube.rules import Stage

MORE: dict[str, frozenset[Stage]] = {
    "tubes_late": IN_CHAIN,
    "tubes_held": IN_CHAIN,
    "tubes_waiting": frozenset((Stage.OPEN, Stage.CLOSED, Stage.PACKED)),
    "tubes_undelivered": frozenset(HELD["collect"]),
    "tubes_untested": frozenset(HELD["deliver"]),
    "tubes_unreleased": frozenset(HELD["test"]),
}
ALSO = {  # a number's own condition beside the stage
    "tubes_late": "AND due_at <= %(at)s",
    "tubes_held": "AND holds <> 0",
    "positive_tubes": "AND barcode = ANY(%(barcodes)s)",
}


class NoSuchList(NotFound):
    code = "no_such_list"
    zh = "没有这份清单。"
    en = "There is no such list."


class TubeLine(NamedTuple):
    cell_id: int
    barcode: str
    site_id: int | None
    lab_id: int | None
    stage: int
    since: datetime
    due_at: datetime | None
    members: int
    pool_size: int
    holds: int

    @property
    def cursor(self) -> str:
        return f"{self.cell_id}~{self.barcode}"


def list_tubes(
    scene: Scene,
    what: str,
    *,
    after: str = "",
    site: int | None = None,
    lab: int | None = None,
    limit: int = 200,
) -> list[TubeLine]:
    """The rows behind a figure of tubes. Raises NoSuchList."""
    stages = STAGES.get(what) or MORE.get(what)
    if stages is None and what != "positive_tubes":
        raise NoSuchList()
    cell, _, barcode = after.partition("~")
    begin = int(cell) if cell.isdigit() else -1
    args: dict[str, Any] = {
        "round": scene.round_id, "at": scene.at, "stages": [int(s) for s in stages or Stage],
        "everywhere": scene.sight.everywhere, "sites": scene.sight.sites,
        "labs": scene.sight.labs, "site": site, "lab": lab,
        "barcodes": [t.barcode for t in scene.positives] if what == "positive_tubes" else [],
    }  # fmt: skip
    out: list[TubeLine] = []
    for here in sorted(c for c in scene.sight.cells if c >= begin):  # a page ends after a few cells
        args |= {"cell": here, "after": barcode if here == begin else "", "limit": limit - len(out)}
        out += [TubeLine(*r) for r in fetch(_PAGE.format(also=ALSO.get(what, "")), args)]
        if len(out) == limit:
            break
    return out


_PAGE = (
    "SELECT cell_id, barcode, site_id, lab_id, stage, since, due_at, members, pool_size, holds "
    "FROM tube WHERE cell_id = %(cell)s AND round_id = %(round)s AND stage = ANY(%(stages)s) "
    "AND (%(everywhere)s OR site_id = ANY(%(sites)s) "
    "OR (site_id IS NULL AND lab_id = ANY(%(labs)s))) "
    "AND (%(site)s::int8 IS NULL OR site_id = %(site)s) "
    "AND (%(lab)s::int8 IS NULL OR lab_id = %(lab)s) {also} AND barcode > %(after)s "
    "ORDER BY barcode LIMIT %(limit)s"
)
