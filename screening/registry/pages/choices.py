"""What forms let people choose from: areas of their own scope, sites, laboratories, codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from screening.accounts.guard import current_actor
from screening.accounts.roles import Role
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY, LEVEL_NAMES, PROVINCE
from screening.registry.pages.frame import word


class Branch(NamedTuple):
    """An area to tick, with those below it."""

    node: Node
    below: list[Branch]


def own_areas(roles: Iterable[Role], deepest: int = COMMUNITY) -> list[Node]:
    """The living areas within the actor's scope, from the top down to `deepest`, in code order."""
    held = current_actor().places(roles)
    everywhere = any(p.kind == "all" for p in held)
    paths = tuple(p.path for p in held)
    return [
        n
        for n in places.TREE.get().by_id.values()
        if PROVINCE < n.level <= deepest and (everywhere or n.path.startswith(paths))
    ]


def area_tree(roles: Iterable[Role]) -> list[Branch]:
    """The same as a tree: each area hangs below its parent where that is within the scope."""
    nodes = own_areas(roles)
    branches = {n.area_id: Branch(n, []) for n in nodes}
    roots: list[Branch] = []
    for node in nodes:
        above = branches.get(node.parent_id or 0)
        (above.below if above else roots).append(branches[node.area_id])
    return roots


def area_choices(roles: Iterable[Role], deepest: int = COMMUNITY) -> list[tuple[int, str]]:
    """(id, full name) for a select field: 小店区 / 坞城街道 / 一社区."""
    nodes = own_areas(roles, deepest)
    return [(n.area_id, full_name(n)) for n in sorted(nodes, key=lambda n: n.code)]


def full_name(node: Node | None) -> str:
    """The name with the areas above it, county first."""
    if node is None:
        return ""
    above = [n.name for n in places.line_above(node) if n.level > 1]
    return " / ".join([*above, node.name])


def area_name(area_id: int | None) -> str:
    return full_name(places.find_area(area_id)) if area_id else ""


def level_name(level: int) -> str:
    return word(LEVEL_NAMES[level])


def words(table: Mapping[Any, Any]) -> list[tuple[str, str]]:
    """(code, word) of a table of words, for a select field."""
    return [(str(code), word(entry)) for code, entry in table.items()]
