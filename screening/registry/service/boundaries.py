"""Boundaries brought in by an administrator for the own area, with a line of audit."""

from __future__ import annotations

from datetime import datetime

from screening.accounts.audit import note
from screening.accounts.roles import Actor
from screening.places import boundaries
from screening.places.boundaries import Report
from screening.places.queries import Node
from screening.places.readers.boundaries import read_boundaries


def load(content: bytes, root: Node, *, by: Actor, at: datetime) -> Report:
    """Keep the shapes of a GeoJSON file for areas under `root`. Raises BadBoundaries, Faults."""
    report = boundaries.save(read_boundaries(content), root, by=by.staff_id, at=at)
    counts = {"areas": len(report.by_code) + len(report.by_name), "left": len(report.unmatched)}
    note("boundaries_loaded", "area", root.area_id, detail=counts)
    return report
