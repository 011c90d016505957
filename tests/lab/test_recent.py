"""What is held in memory for many who ask the same: how long, and what is counted."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from screening.lab.watch.recent import Recent

AT = datetime(2026, 3, 1, 9, tzinfo=UTC)
LAG = timedelta(seconds=30)


class Desk:
    """Counts, and knows what it was asked; `ticks` is the machine's clock."""

    def __init__(self) -> None:
        self.ticks = 0.0
        self.asked: list[list[int]] = []
        self.recent: Recent[int] = Recent(lambda: self.ticks)

    def get(self, *keys: int, after: float = 0) -> dict[int, int]:
        return self.recent.get(keys, AT + timedelta(seconds=after), LAG, self._count)

    def _count(self, keys: list[int]) -> dict[int, int]:
        self.asked.append(keys)
        return {k: k * 100 + len(self.asked) for k in keys}


def test_what_is_held_is_not_counted_again_and_the_rest_together() -> None:
    desk = Desk()
    assert desk.get(1) == {1: 101}
    assert desk.get(1, 2, 3, after=30) == {1: 101, 2: 202, 3: 302}
    assert desk.asked == [[1], [2, 3]]


def test_nothing_outlives_its_lag_by_either_clock() -> None:
    desk = Desk()
    desk.get(1)
    assert desk.get(1, after=31) == {1: 102}
    desk.ticks = 31
    assert desk.get(1, after=31) == {1: 103}


def test_an_earlier_moment_is_counted_for_itself() -> None:
    desk = Desk()
    desk.get(1)
    assert desk.get(1, after=-1) == {1: 102}


def test_who_asks_of_nothing_counts_nothing() -> None:
    desk = Desk()
    assert desk.get() == {}
    assert desk.asked == []
