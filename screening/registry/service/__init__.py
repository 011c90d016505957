"""What can be done with the register: one use case a function, grouped by its noun."""

from screening.registry.service import exemptions, persons, rounds, zones
from screening.registry.service.changes import on_change
from screening.registry.service.exemptions import await_recheck, end_await_recheck, exempt
from screening.registry.service.persons import Newcomer, make_provisional

__all__ = [
    "Newcomer",
    "await_recheck",
    "end_await_recheck",
    "exempt",
    "exemptions",
    "make_provisional",
    "on_change",
    "persons",
    "rounds",
    "zones",
]
