"""The map of an area: one figure of each sub-area in steps of one colour, and the same as a table.

Numbers of areas only: no person, device or box stands on it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from flask import render_template, request, url_for

from screening import clock
from screening.accounts.doors import door
from screening.accounts.guard import area, current_actor, require
from screening.coverage.queries import children_of
from screening.coverage.rules import CoverageRow
from screening.dashboard.map_rules import NOTHING, RATES, Step, count_steps, permille, step_of
from screening.dashboard.pages.command import trail
from screening.dashboard.pages.frame import SEERS, bp, chosen, head, started
from screening.dashboard.told import lang
from screening.figures.queries import FIGURES, Scene
from screening.figures.rules import DEFINITIONS
from screening.i18n import _, thousands
from screening.places import boundaries
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY, LEVEL_NAMES
from screening.places.shapes import astray, draw
from screening.registry.queries import NoSuchRound, RoundPolicy

ROOM = 13  # units of the drawing that one character of a name takes


class Shown(NamedTuple):
    """One sub-area on the map: its number, of how many, and where a press leads."""

    node: Node
    value: int
    of: int | None


class Kind(NamedTuple):
    """A figure that a map can show: rates have a whole, counts have none."""

    label: Callable[[], str]
    rate: bool
    tone: str


KINDS: dict[str, Kind] = {
    "reached": Kind(lambda: _("已采 / 应检"), True, "look"),
    "resulted": Kind(lambda: _("已出 / 已采"), True, "look"),
    "missed": Kind(lambda: _word("missed"), False, "look"),
    "positive_tubes": Kind(lambda: _word("positive_tubes"), False, "stop"),
    "unaccounted": Kind(lambda: _word("unaccounted"), False, "look"),
}
PARTS = ("reached", "resulted", "missed")  # of the equation of coverage


def kinds_for(node: Node) -> dict[str, Kind]:
    """Tubes belong to sites, and sites stand in communities: below one only persons are counted."""
    return KINDS if node.level < COMMUNITY else {k: KINDS[k] for k in PARTS}


def _word(key: str) -> str:
    return (DEFINITIONS[key].zh, DEFINITIONS[key].en)[lang()]


@bp.get("/command/<int:area_id>/map")
@require(*SEERS, at=area())
def district_map(area_id: int) -> Any:
    """The sub-areas of an area by one figure: drawn, with a legend, and as a table."""
    actor = current_actor()
    rounds = started(actor.places(SEERS))
    policy, node = chosen(rounds), _node(area_id)
    if policy is None:
        raise NoSuchRound()
    kinds = kinds_for(node)
    key = request.args.get("figure", "reached")
    key = key if key in kinds else "reached"
    at = clock.now()
    found = shown(policy, node, key, at)
    own = url_for(".command_area", area_id=area_id, round=policy.round_id)
    return render_template(
        "dashboard/map.html", **head(policy, rounds), node=node, as_of=at, figure=key,
        title=KINDS[key].label(), tone=KINDS[key].tone, rate=KINDS[key].rate,
        trail=[*trail(actor, node, policy), (node.name, own)],
        kinds=[{"label": k.label(), "active": name == key,
                "href": url_for(".district_map", area_id=area_id, round=policy.round_id, figure=name)}
               for name, k in kinds.items()],
        **drawn(policy, node, key, found),
        load_href=door("dashboard_pages.show_boundaries", area_id=area_id),
    )  # fmt: skip


def _node(area_id: int) -> Node:
    node = places.find_area(area_id)
    if node is None:
        raise places.NoSuchPlace()
    return node


def shown(policy: RoundPolicy, node: Node, key: str, at: Any) -> list[Shown]:
    """Each direct sub-area with its figure: the same functions as on every other screen."""
    counted = {n.area_id: r for n, r in children_of(node.area_id, policy.round_id, at=at)}
    parts = below(node)
    known = {n.area_id for n in parts}
    more = [places.TREE.get().by_id[i] for i in counted if i not in known]  # no building known
    out = []
    for n in [*parts, *more]:
        row = counted.get(n.area_id, CoverageRow())
        if key in PARTS:
            whole = {"reached": row.due, "resulted": row.reached, "missed": None}[key]
            out.append(Shown(n, getattr(row, key), whole))
        else:
            out.append(Shown(n, FIGURES[key](Scene(policy.round_id, n.area_id, at=at)).value, None))
    return out


def below(node: Node) -> list[Node]:
    """All living areas directly below, by code."""
    nodes = places.TREE.get().by_id.values()
    return sorted((n for n in nodes if n.parent_id == node.area_id), key=lambda n: n.code)


def drawn(policy: RoundPolicy, node: Node, key: str, found: list[Shown]) -> dict[str, Any]:
    """Map, legend and table of the same numbers; areas without a shape stand in the table alone."""
    rate = KINDS[key].rate
    steps = list(RATES) if rate else count_steps([s.value for s in found])
    shapes = boundaries.list_shapes([s.node.area_id for s in found if s.node != node])
    held = sorted(shapes)
    away = {held[i] for i in astray([shapes[a] for a in held])}
    for area_id in away:
        del shapes[area_id]
    lines = [_line(policy, s, rate, steps, _standing(s.node.area_id, shapes, away)) for s in found]
    with_shape = [i for i, s in enumerate(found) if s.node.area_id in shapes]
    out: dict[str, Any] = {
        "rows": sorted(lines, key=lambda x: (-x["step"], x["name"]["text"])),
        "legend": _legend(steps, rate, any(x["step"] == NOTHING for x in lines)),
        "without": [x["name"] for x in lines if x["drawn"] == "without"],
        "away": [x["name"] for x in lines if x["drawn"] == "away"],
        "level": LEVEL_NAMES[found[0].node.level][lang()] if found else "",
        "map": None,
    }
    if with_shape:
        drawing = draw([shapes[found[i].node.area_id] for i in with_shape])
        out["map"] = {
            "width": drawing.width, "height": drawing.height,
            "areas": [
                {**lines[i], "path": path, "x": x, "y": y,
                 "fits": room >= ROOM * 1.2 * max(len(lines[i]["name"]["text"]), 5)}
                for i, path, (x, y, room) in zip(with_shape, drawing.paths, drawing.labels, strict=True)
            ],
        }  # fmt: skip
    return out


def _standing(area_id: int, shapes: Collection[int], away: Collection[int]) -> str:
    return "drawn" if area_id in shapes else "away" if area_id in away else "without"


def _line(
    policy: RoundPolicy, s: Shown, rate: bool, steps: list[Step], drawn: str
) -> dict[str, Any]:
    step = step_of(permille(s.value, s.of or 0) if rate else s.value, steps)
    return {
        "name": {"text": s.node.name,
                 "href": door("dashboard_pages.command_area", area_id=s.node.area_id,
                              round=policy.round_id)},
        "number": (s.value, s.of) if rate else s.value,
        "value": s.value, "of": s.of, "step": step, "drawn": drawn,
        "band": _band(steps[step], rate) if step != NOTHING else _("没有人"),
        "on_map": {"tone": "ok", "text": _("在图上")} if drawn == "drawn"
        else {"tone": "look", "text": _("离得太远")} if drawn == "away"
        else {"tone": "unknown", "text": _("没有边界")},
    }  # fmt: skip


def _band(step: Step, rate: bool) -> str:
    if not rate:
        low, high = thousands(step.low), thousands(step.high)
        return low if step.low == step.high else f"{low} – {high}"
    if step.low == step.high:
        return "100%"
    return _("不到 %(n)s%%", n=(step.high + 1) // 10) if not step.low else (
        f"{step.low // 10}% – {step.high / 10:g}%"
    )  # fmt: skip


def _legend(steps: list[Step], rate: bool, nothing: bool) -> list[dict[str, Any]]:
    out = [{"step": i, "text": _band(s, rate)} for i, s in enumerate(steps)]
    return out + ([{"step": NOTHING, "text": _("没有人")}] if nothing else [])
