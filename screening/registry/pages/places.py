"""Setting up areas, sites and laboratories."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for

from screening import clock
from screening.accounts import guard
from screening.accounts.doors import door
from screening.accounts.guard import CITY, OWN_ROWS, current_actor, require
from screening.accounts.roles import EVERYWHERE, Role
from screening.errors import Problem
from screening.forms import refused, text
from screening.places import queries as places
from screening.places.rules import BUILDING, GRID, SITE_KINDS
from screening.registry.api.imports import uploaded
from screening.registry.pages.choices import area_choices, full_name, level_name, words
from screening.registry.pages.frame import PAGE, answerable, as_form, bp, whole, word
from screening.registry.scopes import SETTERS
from screening.registry.service import setting_up

SEERS = (*SETTERS, Role.DISPATCHER, Role.COMMUNITY_WORKER)


def holds(area_id: int) -> bool:
    """Whether the reader may change things in this area."""
    return current_actor().may(SETTERS, places.place_of_area(area_id))


# --- areas ------------------------------------------------------------------------------------


@bp.get("/areas")
@require(*SEERS, at=OWN_ROWS)
def list_areas() -> Any:
    """The tree of areas, one level at a time."""
    return render_template("places/areas.html", **areas_view(request.args.get("parent", type=int)))


def areas_view(parent_id: int | None) -> dict[str, Any]:
    held = current_actor().places(SEERS)
    name = request.args.get("name", "").strip()[:60]
    after = request.args.get("after", 0, type=int)
    parent = places.find_area(parent_id) if parent_id else None
    rows = places.list_areas(held, parent_id=parent_id, name=name, after=after, limit=PAGE)
    visible = parent if parent and visible_to(parent.path) else None
    return {
        "parent": visible,
        "trail": [
            (n.name, url_for(".list_areas", parent=n.area_id))
            for n in (places.line_above(visible) if visible else [])
        ],
        "rows": [area_line(n) for n in rows],
        "name": name,
        "next": rows[-1].area_id if len(rows) == PAGE else None,
        "after": after,
        "may_change": bool(visible) and holds(visible.area_id) if visible else False,
        "may_import": current_actor().may((Role.ADMINISTRATOR,), EVERYWHERE),
        "levels": [(i, level_name(i)) for i in range(visible.level + 1 if visible else 1, 7)],
    }


def visible_to(path: str) -> bool:
    held = current_actor().places(SEERS)
    return any(p.kind == "all" or path.startswith(p.path) or p.path.startswith(path) for p in held)


def area_line(node: places.Node) -> dict[str, Any]:
    return {
        "code": node.code,
        "name": node.name,
        "level": level_name(node.level),
        "href": url_for(".list_areas", parent=node.area_id) if node.level < BUILDING else "",
    }


@bp.post("/areas")
@require(*SETTERS, at=guard.area("parent_id"))
def add_area() -> Any:
    """A new area below another; grids and buildings get a local code."""
    parent_id = int(request.form["parent_id"])
    try:
        level = whole("level", 1, BUILDING)
        parent = places.find_area(parent_id)
        code = text("code", 60)
        if level >= GRID and parent and not code:
            code = f"{parent.code}/{text('name', 60)}"
        setting_up.add_area(parent_id, code, text("name", 60), level, on=clock.now().date())
    except Problem as problem:
        return refused(problem, "places/areas.html", **areas_view(parent_id))
    return redirect(url_for(".list_areas", parent=parent_id), 303)


@bp.post("/areas/<int:area_id>/name")
@require(*SETTERS, at=guard.area())
def rename_area(area_id: int) -> Any:
    """The area has a new name from today; the old one stays dated."""
    setting_up.change_area(area_id, {"name": text("name", 60)}, on=clock.now().date())
    return redirect(url_for(".list_areas", parent=area_id), 303)


@bp.post("/areas/<int:area_id>/close")
@require(*SETTERS, at=guard.area())
def close_area(area_id: int) -> Any:
    """The area and all below it end today."""
    node = places.find_area(area_id)
    setting_up.close_area(area_id, on=clock.now().date())
    return redirect(url_for(".list_areas", parent=node.parent_id if node else None), 303)


@bp.post("/areas/import")
@require(Role.ADMINISTRATOR, at=CITY)
def import_areas() -> Any:
    """Bring the tree in line with a file of the statistical office."""
    try:
        report = setting_up.import_areas(uploaded(), on=clock.now().date())
    except Problem as problem:
        return refused(problem, "places/areas.html", **areas_view(None))
    return render_template("places/areas.html", report=report, **areas_view(None))


# --- sites ------------------------------------------------------------------------------------


@bp.get("/sites")
@require(*SEERS, Role.SITE_SUPERVISOR, at=OWN_ROWS)
def list_sites() -> Any:
    """Collection sites within the own scope."""
    held = current_actor().places((*SEERS, Role.SITE_SUPERVISOR))
    after = request.args.get("after", 0, type=int)
    rows = places.list_sites(held, after=after, limit=PAGE, closed=True)
    return render_template(
        "places/sites.html",
        rows=[site_line(r) for r in rows],
        next=rows[-1].site_id if len(rows) == PAGE else None,
        after=after,
        may_make=bool(current_actor().places(SETTERS)),
    )


def site_line(row: places.SiteRow) -> dict[str, Any]:
    from screening.i18n import _

    return {
        "code": row.code,
        "name": row.name,
        "kind": word(SITE_KINDS[row.kind]),
        "area": row.area_name,
        "tables": row.tables,
        "opens": row.opens,
        "state": {"tone": "unknown", "text": _("已关闭")} if row.closed
        else {"tone": "ok", "text": _("启用")},
        "href": door("registry_pages.show_site", site_id=row.site_id),
    }  # fmt: skip


def site_form() -> dict[str, Any]:
    return {"kinds": words(SITE_KINDS), "areas": area_choices(SETTERS)}


@bp.get("/sites/new")
@require(*SETTERS, at=OWN_ROWS)
def new_site() -> Any:
    """The form of a new site."""
    return render_template("places/site.html", site=None, form={}, **site_form())


@bp.post("/sites")
@require(*SETTERS, at=guard.area())
def add_site() -> Any:
    """A new site in an area."""
    try:
        setting_up.add_site(text("code", 20), int(request.form["area_id"]), site_values())
    except Problem as problem:
        return refused(problem, "places/site.html", site=None, form=request.form, **site_form())
    return redirect(url_for(".list_sites"), 303)


def site_values() -> dict[str, Any]:
    return {
        "name": text("name", 60),
        "kind": text("kind", 20),
        "tables": whole("tables", 1, 200),
        "phone": text("phone", 20) or None,
        "opens": text("opens", 40) or None,
        **answerable(),
    }


@bp.get("/sites/<int:site_id>")
@require(*SETTERS, Role.SITE_SUPERVISOR, at=guard.site())
def show_site(site_id: int) -> Any:
    """One site and its settings."""
    site = places.get_site(site_id)
    return render_template("places/site.html", site=site, form=as_form(site), **site_form())


@bp.post("/sites/<int:site_id>")
@require(*SETTERS, Role.SITE_SUPERVISOR, at=guard.site())
def change_site(site_id: int) -> Any:
    """Change a site's settings."""
    try:
        setting_up.change_site(site_id, site_values())
    except Problem as problem:
        site = places.get_site(site_id)
        return refused(problem, "places/site.html", site=site, form=request.form, **site_form())
    return redirect(url_for(".list_sites"), 303)


@bp.post("/sites/<int:site_id>/close")
@require(*SETTERS, at=guard.site())
def close_site(site_id: int) -> Any:
    """The site takes no more people."""
    setting_up.close_site(site_id, at=clock.now())
    return redirect(url_for(".list_sites"), 303)


# --- laboratories -----------------------------------------------------------------------------


@bp.get("/labs")
@require(*SEERS, Role.LAB_REVIEWER, at=OWN_ROWS)
def list_labs() -> Any:
    """Laboratories within the own scope."""
    held = current_actor().places((*SEERS, Role.LAB_REVIEWER))
    return render_template(
        "places/labs.html",
        rows=[lab_line(r) for r in places.list_labs(held, limit=500)],
        may_make=bool(current_actor().places(SETTERS)),
    )


def lab_line(row: places.LabRow) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "area": full_name(places.find_area(row.area_id)) if holds_any() else row.area_name,
        "capacity": row.capacity,
        "own_lis": row.own_lis,
        "href": url_for(".show_lab", lab_id=row.lab_id) if holds_any() else "",
    }


def holds_any() -> bool:
    return bool(current_actor().places(SETTERS))


@bp.get("/labs/new")
@require(*SETTERS, at=OWN_ROWS)
def new_lab() -> Any:
    """The form of a new laboratory."""
    return render_template("places/lab.html", lab=None, form={}, areas=area_choices(SETTERS))


@bp.post("/labs")
@require(*SETTERS, at=guard.area())
def add_lab() -> Any:
    """A new laboratory in an area."""
    try:
        setting_up.add_lab(text("code", 20), int(request.form["area_id"]), lab_values())
    except Problem as problem:
        return refused(problem, "places/lab.html", lab=None, form=request.form,
                       areas=area_choices(SETTERS))  # fmt: skip
    return redirect(url_for(".list_labs"), 303)


def lab_values() -> dict[str, Any]:
    return {
        "name": text("name", 60),
        "capacity": whole("capacity", 1, 10_000_000),
        "own_lis": request.form.get("own_lis") == "1",
        **answerable(),
    }


@bp.get("/labs/<int:lab_id>")
@require(*SETTERS, at=guard.lab())
def show_lab(lab_id: int) -> Any:
    """One laboratory and its settings."""
    lab = places.get_lab(lab_id)
    return render_template("places/lab.html", lab=lab, form=as_form(lab), areas=[])


@bp.post("/labs/<int:lab_id>")
@require(*SETTERS, at=guard.lab())
def change_lab(lab_id: int) -> Any:
    """Change a laboratory's settings."""
    try:
        setting_up.change_lab(lab_id, lab_values())
    except Problem as problem:
        lab = places.get_lab(lab_id)
        return refused(problem, "places/lab.html", lab=lab, form=request.form, areas=[])
    return redirect(url_for(".list_labs"), 303)
