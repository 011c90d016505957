"""Reading what sampling needs: sites as the hot path wants them."""

from __future__ import annotations

from typing import NamedTuple

from screening.db import fetch
from screening.places.rules import SITE_KINDS
from screening.places.snapshots import Snapshot


class SiteRow(NamedTuple):
    site_id: int
    cell_id: int
    area_id: int
    path: str
    kind: str

    @property
    def channel(self) -> str:
        return SITE_KINDS[self.kind][3] if self.kind in SITE_KINDS else "community"


def _load() -> dict[int, SiteRow]:
    rows = fetch(
        "SELECT s.site_id, s.cell_id, s.area_id, a.path, s.kind FROM site s JOIN area a USING (area_id)"
    )
    return {r[0]: SiteRow(*r) for r in rows}


SITES: Snapshot[dict[int, SiteRow]] = Snapshot(_load)


def find_site(site_id: int | None) -> SiteRow | None:
    """A site from memory (a second old at most)."""
    if site_id is None:
        return None
    row = SITES.get().get(site_id)
    return row if row is not None else SITES.fresh().get(site_id)
