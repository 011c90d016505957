"""The tables that leaders ask for, of one area now: the functions of a bulletin, over the rollup
of coverage instead of every person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from screening.bulletins import paper, shape
from screening.bulletins.gathering import Frame, chain, level_allowed, people, results
from screening.bulletins.gathering.frame import Group
from screening.bulletins.rules import HOUR
from screening.bulletins.service import AreaTooSmall, OutsideRound
from screening.coverage.queries import children_of, coverage_of
from screening.coverage.rules import CoverageRow
from screening.coverage.swab_counts import list_swabs
from screening.dashboard.told import lang
from screening.db import fetch
from screening.figures.queries import Scene
from screening.i18n import current_lang


class Tab(NamedTuple):
    """Blocks that are looked at together; `link` is the colour of the chain's link."""

    zh: str
    en: str
    blocks: tuple[str, ...]
    link: str = ""


TABS: dict[str, Tab] = {
    "collect": Tab("采：覆盖与采样点", "collect", ("coverage", "exempt", "sites"), "collect"),
    "deliver": Tab("送：转运", "deliver", ("transport",), "deliver"),
    "test": Tab("检：实验室", "test", ("labs", "rejected"), "test"),
    "report": Tab("报：结果", "report", ("results",), "report"),
    "groups": Tab("重点人群", "key groups", ("due",)),
    "quality": Tab("质量", "quality", ("quality", "bands")),
    "reminders": Tab("催检", "reminders", ("reminders",)),
}
NATIVE = ("num", "rate", "age", "code")  # kinds that the screen's tables draw themselves
NO_SUM = ("labs", "quality", "bands")  # a laboratory works for others too; shares do not add up


class NowFrame(Frame):
    """The frame of an area over rollups: what its sites' tubes came to when they were last counted."""

    @cached_property
    def groups(self) -> list[Group]:
        rows = fetch(
            "SELECT nullif(site_id, 0), nullif(lab_id, 0), stage, tubes, late, oldest, negative, "
            "invalid, corrected FROM stage_count WHERE cell_id = ANY(%s) AND round_id = %s "
            "/* fan-out: a few small rows a site */",
            (self.cells, self.round_id),
        )
        return [g for g in map(Group._make, rows) if self.owns(g.site_id)]


class Now(people.People):
    """The people of an area as the rollups have them."""

    def _swabs(self) -> list[Any]:
        f = self.frame
        return list_swabs(
            f.round_id, f.every_cell, sites=f.sites, communities=f.communities, since=f.at - HOUR
        )

    def _count(self) -> dict[str, CoverageRow]:
        f = self.frame
        found = children_of(f.node.area_id, f.round_id, at=f.at)
        rows = {n.name: r for n, r in found if n.name in f.names or f.names == [f.node.name]}
        if len(rows) == len(found) and rows:
            return rows
        return {f.node.name: coverage_of(f.node.area_id, f.round_id, at=f.at)}


GATHER: dict[str, Callable[[Now], list[dict[str, Any]]]] = {
    "coverage": people.coverage,
    "exempt": people.exempt,
    "sites": chain.sites,
    "transport": lambda p: chain.transport(p.frame),
    "labs": lambda p: chain.labs(p.frame, lagging=True),
    "rejected": lambda p: chain.rejected(p.frame),
    "results": lambda p: results.results(results.Results(p)),
    "due": lambda p: people.due(p.frame),
    "quality": chain.quality,
    "bands": lambda p: chain.bands(p.frame),
    "reminders": people.reminders,
}


def blocks_of(scene: Scene, tab: str) -> list[dict[str, Any]]:
    """The blocks of a tab, counted now. Raises AreaTooSmall, OutsideRound."""
    frame = NowFrame(scene.policy, scene.node, scene.at)
    if not level_allowed(scene.node.level):
        raise AreaTooSmall()
    if not frame.touched(scene.node.path):
        raise OutsideRound()
    now = Now(frame)
    return [shape.block(b, GATHER[b](now), total=b not in NO_SUM) for b in TABS[tab].blocks]


def grid(block: dict[str, Any], doors: dict[str, str]) -> dict[str, Any]:
    """A block as the screen's tables take it; `doors` leads from the name of an area to its page."""
    t = paper.table(block)
    columns = [
        {"key": key, "label": head, "kind": kind if kind in NATIVE else "text"}
        for key, head, kind in zip(block["columns"], t.heads, t.kinds, strict=True)
    ]
    kinds = dict(zip(block["columns"], t.kinds, strict=True))
    rows = [_line(kinds, row, row) for row in t.rows]
    for row in rows:
        if (name := row.get("area")) and (href := doors.get(name["text"])):
            name["href"] = href
    total = _line(kinds, t.total, []) if t.total else None
    if total and t.rows:
        total[block["columns"][0]] = {"text": shape.TOTAL[lang()]}
    return {"key": t.key, "title": t.title, "columns": columns, "rows": rows, "sum": total}


def _line(kinds: dict[str, str], values: list[Any], whole: list[Any]) -> dict[str, Any]:
    return {
        key: {
            "text": value if kind in NATIVE else paper.shown(kind, value, whole or None),
            "sort": _sort(kind, value),
        }
        for (key, kind), value in zip(kinds.items(), values, strict=True)
    }


def _sort(kind: str, value: Any) -> Any:
    if kind == "rate":
        return value[0] / value[1] if value and value[1] else -1
    return value if kind in ("num", "age") and value is not None else ""


def paper_of(title: str, head: str, blocks: list[dict[str, Any]], at: datetime) -> paper.Paper:
    """The same tables as a workbook takes them."""
    tables = [paper.table(b) for b in blocks]
    return paper.Paper(title, head, [], tables, [], "", head, at, current_lang())
