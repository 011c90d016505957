"""Pages of coverage: an area, its rounds compared, exemptions granted after the start."""

from screening.coverage.pages import area, grants, groups, rounds
from screening.coverage.pages.frame import bp

__all__ = ["area", "bp", "grants", "groups", "rounds"]
