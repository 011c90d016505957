"""What can be done with the register: one use case a function, grouped by its noun."""

from screening.registry.service.persons import Newcomer, make_provisional, note_move

__all__ = ["Newcomer", "make_provisional", "note_move"]
