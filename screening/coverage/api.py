"""Coverage over HTTP: any area with what lies below it, as JSON and CSV; frozen numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response

from screening import clock
from screening.accounts.guard import area, current_actor, require
from screening.accounts.roles import WATCHERS, Role
from screening.coverage import queries, service
from screening.coverage import schemas as s
from screening.coverage.groups import count_groups
from screening.coverage.rules import REASONS, RESIDENCE_PARTS, CoverageRow
from screening.errors import NotFound
from screening.i18n import _, current_lang, local
from screening.openapi import gives, takes
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.readers.tables import write_csv
from screening.registry.queries import get_policy
from screening.registry.scopes import ROUND

bp = Blueprint("coverage_api", __name__, url_prefix="/api/v1")

SEERS = (*WATCHERS, Role.AUDITOR)
FREEZERS = (Role.DISPATCHER, Role.ADMINISTRATOR, Role.DISTRICT_HEAD)


class NoSuchCut(NotFound):
    code = "no_such_cut"
    zh = "没有这个时点的冻结数。"
    en = "There are no frozen numbers of that moment."


def told(node: Node | None, row: CoverageRow) -> dict[str, Any]:
    """A row with the name of its area."""
    known = {"code": node.code, "name": node.name, "level": node.level} if node else {}
    return {**row._asdict(), **known}


@bp.get("/coverage")
@require(*SEERS, at=area("area"))
@takes(s.CoverageAskSchema, "query")
@gives(s.CoverageSchema)
def get_coverage(args: dict[str, Any]) -> Any:
    """The equation of an area and of what lies directly below it, those who lag first."""
    round_id, now = get_policy(args["round"]).round_id, clock.now()
    row = queries.coverage_of(args["area"], round_id, at=now)
    below = queries.children_of(args["area"], round_id, at=now)
    return {
        **told(queries.get_node(args["area"]), row),
        "round": round_id,
        "children": [told(n, r) for n, r in below],
    }


@bp.get("/coverage/groups")
@require(*SEERS, at=area("area"))
@takes(s.CoverageAskSchema, "query")
@gives(s.CoverageGroupsSchema)
def get_groups(args: dict[str, Any]) -> Any:
    """The equation of an area by industry (key group) and by employer, counted now."""
    node = queries.get_node(args["area"])
    found = count_groups(node, get_policy(args["round"]).round_id, at=clock.now())
    return {
        **told(node, found.whole),
        "industries": [{**r._asdict(), "group": g} for g, r in found.industries],
        "employers": [{**r._asdict(), "group": g, "employer": e} for g, e, r in found.employers],
    }


@bp.get("/coverage.csv")
@require(*SEERS, at=area("area"))
@takes(s.CoverageAskSchema, "query")
def export_coverage(args: dict[str, Any]) -> Response:
    """The same as a table for a spreadsheet: what lies below, and the area itself last."""
    round_id, now = get_policy(args["round"]).round_id, clock.now()
    below = queries.children_of(args["area"], round_id, at=now)
    own = (queries.get_node(args["area"]), queries.coverage_of(args["area"], round_id, at=now))
    lines = [*below, own] if below else [own]
    name = f"coverage-{round_id}-{args['area']}.csv"
    return Response(
        list(write_csv(header(), _lines(lines))),
        mimetype="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def header() -> list[str]:
    english = 1 if current_lang() == "en" else 0
    reasons = [zh_en[english] for _part, *zh_en in REASONS]
    return [
        _("代码"), _("辖区"), _("底数"),
        *(zh_en[english] for _part, *zh_en in RESIDENCE_PARTS), _("豁免"), _("应检"), _("已检"), _("送达"), _("检出"),
        _("已出结果"), _("未检"), *reasons, _("开始后新增"), _("开始后豁免"), _("统计时间"),
    ]  # fmt: skip


def _lines(rows: list[tuple[Node, CoverageRow]]) -> Iterator[list[str]]:
    for node, r in rows:
        numbers = [
            r.register, *(getattr(r, part) for part, _zh, _en in RESIDENCE_PARTS),
            r.exempt, r.due, r.reached, r.delivered, r.tested, r.resulted, r.missed,
            *(getattr(r, part) for part, _zh, _en in REASONS), r.added, r.exempt_added,
        ]  # fmt: skip
        at = f"{local(r.as_of):%Y-%m-%d %H:%M:%S}" if r.as_of else ""
        yield [node.code, node.name, *map(str, numbers), at]


# --- frozen numbers -----------------------------------------------------------------------------


@bp.post("/coverage/cuts")
@require(*FREEZERS, at=ROUND)
@takes(s.FreezeSchema)
@gives(s.CoverageCutSchema, 201)
def freeze(args: dict[str, Any]) -> Any:
    """Count a round whole and keep its numbers under this moment."""
    now = clock.now()
    rows = service.freeze(args["round_id"], now, by=current_actor().staff_id)
    return _cut(args["round_id"], now, rows)


@bp.get("/coverage/cuts")
@require(*SEERS, at=ROUND)
@takes(s.CoverageCutAskSchema, "query")
@gives(s.CoverageCutSchema)
def get_cut(args: dict[str, Any]) -> Any:
    """The numbers frozen at `cut_off`, or the latest ones. They never change."""
    found = queries.find_cut(args["round_id"], args.get("cut_off"))
    if found is None:
        raise NoSuchCut()
    return _cut(args["round_id"], found[0], service.freeze(args["round_id"], found[0]))


def _cut(round_id: int, cut_off: Any, rows: list[CoverageRow]) -> dict[str, Any]:
    lines = [told(places.find_area(r.area_id), r) for r in rows]
    return {"round_id": round_id, "cut_off": cut_off, "rows": lines}
