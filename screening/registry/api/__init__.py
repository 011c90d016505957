"""Places, rounds and the register over HTTP."""

from screening.registry.api import exemptions, imports, persons, places, rounds
from screening.registry.api.frame import bp

__all__ = ["bp", "exemptions", "imports", "persons", "places", "rounds"]
