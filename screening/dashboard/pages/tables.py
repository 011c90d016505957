"""An area's tables, link by link: every column that leaders ask for, now, on the page and as a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import orjson
from flask import Response, render_template, url_for

from screening import clock
from screening.accounts.doors import door
from screening.accounts.guard import area, current_actor, require
from screening.bulletins.printers import xlsx
from screening.dashboard import tables
from screening.dashboard.drawn import Drawings
from screening.dashboard.pages.command import trail
from screening.dashboard.pages.frame import SEERS, bp, chosen, head, started
from screening.dashboard.told import lang
from screening.errors import NotFound
from screening.figures.queries import Scene
from screening.figures.queries.marks import mark_of
from screening.i18n import _, local
from screening.places import queries as places
from screening.places.rules import COMMUNITY
from screening.registry.queries import NoSuchRound

COUNTED = Drawings()  # blocks as JSON: counted once a minute for whoever looks


def _scene(area_id: int, tab: str) -> tuple[Scene, list]:
    if tab not in tables.TABS:
        raise NotFound()
    rounds = started(current_actor().places(SEERS))
    policy = chosen(rounds)
    if policy is None:
        raise NoSuchRound()
    return Scene(policy.round_id, area_id, at=clock.now()), rounds


def _counted(scene: Scene, tab: str) -> tuple[list[dict[str, Any]], datetime]:
    """The blocks and when they were counted: at most a minute ago, and nothing moved since."""
    minute = int(scene.at.timestamp() // 60)
    tag = (
        f"{tab} {scene.area_id} {scene.round_id} {minute} {mark_of(scene.round_id, scene.area_id)}"
    )
    made = COUNTED.draw(tag, lambda: orjson.dumps(
        {"at": scene.at, "blocks": tables.blocks_of(scene, tab)}
    ).decode())  # fmt: skip
    found = orjson.loads(made.plain)
    return found["blocks"], datetime.fromisoformat(found["at"])


@bp.get("/command/<int:area_id>/tables")
@bp.get("/command/<int:area_id>/tables/<tab>")
@require(*SEERS, at=area())
def area_tables(area_id: int, tab: str = "collect") -> Any:
    """One link of the chain by the areas below, with a total line."""
    scene, rounds = _scene(area_id, tab)
    blocks, at = _counted(scene, tab)
    asked: dict[str, Any] = {"area_id": area_id, "round": scene.round_id}
    below = {
        n.name: door("dashboard_pages.area_tables", area_id=n.area_id, tab=tab, round=scene.round_id)
        for n in places.TREE.get().by_id.values()
        if n.parent_id == area_id and n.level <= COMMUNITY
    }  # fmt: skip
    own = url_for(".command_area", **asked)
    return render_template(
        "dashboard/tables.html", **head(scene.policy, rounds), node=scene.node, as_of=at,
        trail=[*trail(current_actor(), scene.node, scene.policy), (scene.node.name, own)],
        tabs=[
            {"label": (t.zh, t.en)[lang()], "href": url_for(".area_tables", tab=key, **asked),
             "active": key == tab}
            for key, t in tables.TABS.items()
        ],
        grids=[tables.grid(b, below) for b in blocks],
        file=url_for(".tables_file", tab=tab, **asked),
    )  # fmt: skip


@bp.get("/command/<int:area_id>/tables/<tab>.xlsx")
@require(*SEERS, at=area())
def tables_file(area_id: int, tab: str) -> Response:
    """The same as a workbook: a sheet for each table, numbers as numbers."""
    scene, _rounds = _scene(area_id, tab)
    blocks, at = _counted(scene, tab)
    t = tables.TABS[tab]
    told = _("截至 %(at)s", at=f"{local(at):%Y-%m-%d %H:%M:%S}")
    title = f"{scene.node.name} {scene.policy.name} {(t.zh, t.en)[lang()]}"
    body = xlsx.write(tables.paper_of(title, told, blocks, at))
    name = f"tables-{tab}-{scene.round_id}-{area_id}.xlsx"
    return Response(
        body, mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip
