"""Bringing in the boundaries of an area's parts, so that a map can be drawn of them."""

from __future__ import annotations

from typing import Any

from flask import g, render_template, request, url_for

from screening import clock
from screening.accounts.guard import area, current_actor, require
from screening.accounts.roles import Role
from screening.dashboard.pages.district_map import below
from screening.dashboard.pages.frame import bp
from screening.db import db
from screening.errors import Fault, Faults, Problem
from screening.i18n import _, current_lang
from screening.places import boundaries
from screening.places import queries as places
from screening.places.boundaries import Report
from screening.places.queries import Node
from screening.registry.service.boundaries import load


class NoFile(Problem):
    status = 422
    code = "boundaries_no_file"
    zh = "请选择一个 GeoJSON 文件。"
    en = "Choose a GeoJSON file."


def _node(area_id: int) -> Node:
    node = places.find_area(area_id)
    if node is None:
        raise places.NoSuchPlace()
    return node


@bp.get("/command/<int:area_id>/boundaries")
@require(Role.ADMINISTRATOR, at=area())
def show_boundaries(area_id: int) -> Any:
    """Which areas directly below have a boundary, and the form to bring one in."""
    return render_template("dashboard/boundaries.html", **_boundaries(area_id))


@bp.post("/command/<int:area_id>/boundaries")
@require(Role.ADMINISTRATOR, at=area())
def load_boundaries(area_id: int) -> Any:
    """Bring in the boundaries of a GeoJSON file for this area and all below it."""
    file = request.files.get("file")
    try:
        if file is None or not file.filename:
            raise Faults([Fault(NoFile(), field="file")])
        report = load(file.read(), _node(area_id), by=current_actor(), at=clock.now())
    except Problem as problem:
        g.failed = True
        db.session.rollback()
        faults = problem.faults if isinstance(problem, Faults) else []
        page = render_template(
            "dashboard/boundaries.html", faults=faults, **_boundaries(area_id),
            sentence=problem.sentence(current_lang()),
        )  # fmt: skip
        return page, problem.status
    return render_template(
        "dashboard/boundaries.html", report=_told(report), **_boundaries(area_id)
    )


def _boundaries(area_id: int) -> dict[str, Any]:
    node = _node(area_id)
    parts = below(node)
    held = boundaries.with_shape([n.area_id for n in parts])
    return {
        "node": node,
        "as_of": boundaries.newest([n.area_id for n in parts]),
        "held": len(held),
        "rows": [
            {"code": n.code, "name": n.name,
             "state": {"tone": "ok", "text": _("有边界")} if n.area_id in held
             else {"tone": "look", "text": _("没有边界")}}
            for n in parts
        ],
        "back": url_for(".district_map", area_id=area_id),
    }  # fmt: skip


def _told(report: Report) -> dict[str, Any]:
    why = {
        "unknown": _("没有这个代码，也没有这个名称的辖区"),
        "several": _("有几个同名的辖区，请在文件里写代码"),
        "outside": _("不在本辖区之内"),
    }
    return {
        "matched": len(report.by_code) + len(report.by_name),
        "by_name": len(report.by_name),
        "slivers": report.slivers,
        "given": report.given, "kept": report.kept,
        "left": [{"number": u.number, "code": u.code or "—", "name": u.name or "—",
                  "why": why[u.why]} for u in report.unmatched],
        "without": [{"code": n.code, "name": n.name} for n in report.without],
    }  # fmt: skip
