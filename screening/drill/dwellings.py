"""Made grids, buildings and rooms of a community: the houses the made people live in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, pairwise
from math import ceil
from random import Random

from screening.drill.city import AreaRow

GRID_PEOPLE = 400  # a grid worker answers for 300 to 500 people
ROOM_PEOPLE = 2.1  # fewer than a household has on average, so that some rooms stand empty
DORMITORY_SHARE = 0.03  # of a community's people
DORMITORY_ROOM = (4, 8)  # people of one dormitory room
# units, floors, rooms on a floor: old walk-ups, slabs, towers
SHAPES = ((3, 6, 2), (4, 6, 2), (5, 6, 2), (2, 11, 2), (3, 11, 2), (1, 18, 4), (2, 18, 2))


@dataclass(frozen=True, slots=True)
class Building:
    """One building; `units` doors, each with `floors` floors of `flats` rooms.

    `beds` is the number of people of a dormitory, 0 for an ordinary house.
    """

    name: str
    grid: str
    units: int
    floors: int
    flats: int
    beds: int = 0

    def rooms(self) -> Iterator[tuple[str, str]]:
        """(unit, room) of every room, door by door and floor by floor."""
        for unit in range(1, self.units + 1):
            for floor in range(1, self.floors + 1):
                for flat in range(1, self.flats + 1):
                    yield f"{unit}单元", f"{floor}{flat:02d}"

    @property
    def size(self) -> int:
        return self.units * self.floors * self.flats


@dataclass(frozen=True, slots=True)
class Grid:
    """A grid of a community with the people it is meant for."""

    community: str
    number: str
    name: str
    people: int
    buildings: tuple[Building, ...]


def grids(community: AreaRow, people: int = 2000, seed: int = 7) -> list[Grid]:
    """The grids of a community of so many people, with buildings for all of them.

    Grids hold about GRID_PEOPLE each; building numbers run through the whole community. The
    last grid of a community of 500 people or more has a dormitory.
    """
    rng = Random(f"houses {seed} {community.code12}")
    count = max(1, round(people / GRID_PEOPLE))
    made: list[Grid] = []
    next_number = 1
    for index, share in enumerate(split(rng, people, count)):
        number = f"{index + 1:02d}"
        beds = round(people * DORMITORY_SHARE) if index == count - 1 and people >= 500 else 0
        houses = buildings(rng, number, share - beds, next_number)
        next_number += len(houses)
        if beds:
            houses.append(dormitory(number, beds, next_number))
        name = f"第{index + 1}网格"
        made.append(Grid(community.code12, number, name, share, tuple(houses)))
    return made


def split(rng: Random, people: int, count: int) -> list[int]:
    """`people` in `count` unequal parts, none further than an eighth from the middle or so."""
    marks = [0.0, *accumulate(rng.uniform(0.88, 1.12) for _ in range(count))]
    ends = [round(people * mark / marks[-1]) for mark in marks]
    return [end - start for start, end in pairwise(ends)]


def buildings(rng: Random, grid: str, people: int, first_number: int) -> list[Building]:
    """Ordinary buildings with rooms enough for `people`, numbered from `first_number`."""
    wanted = ceil(people / ROOM_PEOPLE)
    made: list[Building] = []
    while wanted > 0:
        shape = rng.choice([s for s in SHAPES if s[0] * s[1] * s[2] <= wanted] or [(1, 6, 2)])
        made.append(Building(f"{first_number + len(made)}号楼", grid, *shape))
        wanted -= made[-1].size
    return made


def dormitory(grid: str, beds: int, number: int) -> Building:
    """A house of one door and eight rooms a floor, large enough even if no room is full."""
    floors = ceil(beds / DORMITORY_ROOM[0] / 8)
    return Building(f"{number}号楼(宿舍)", grid, 1, floors, 8, beds)
