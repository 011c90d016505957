"""Pages of places, rounds and the register."""

from screening.registry.pages import imports, merges, persons, places, rounds, schedules, zones
from screening.registry.pages.frame import bp

__all__ = ["bp", "imports", "merges", "persons", "places", "rounds", "schedules", "zones"]
