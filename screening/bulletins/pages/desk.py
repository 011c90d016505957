"""The list of bulletins, and the form that asks for one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import (
    flash,
    redirect,
    render_template,
    request,
    url_for,
)

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.bulletins import paper, queries, rules, service
from screening.bulletins.pages.frame import PAGE, bp, lang, refused
from screening.bulletins.rules import Kind
from screening.bulletins.scopes import (
    AREA,
    MAKERS,
    OPENERS,
    READERS,
)
from screening.errors import Problem
from screening.i18n import ZONE, _
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY, Place
from screening.registry import desk_queries as desk
from screening.registry.queries import RoundPolicy, find_policy


@bp.get("/bulletins", endpoint="list")
@require(*READERS, at=OWN_ROWS)
def list_bulletins() -> Any:
    """Reports of the own areas, those that are being made, and the form that asks for one."""
    return render_template("bulletins/list.html", **list_page())


def list_page() -> dict[str, Any]:
    actor = current_actor()
    held = actor.places(READERS)
    rounds = [p for p in desk.list_rounds(held) if p.started_at is not None]
    policy = _chosen(rounds)
    before = request.args.get("before", type=int)
    found = queries.list_bulletins(
        held, openers=actor.places(OPENERS), round_id=policy.round_id if policy else None,
        before=before, limit=PAGE,
    )  # fmt: skip
    makes = actor.places(MAKERS)
    areas = areas_of(makes, policy) if policy else []
    more: dict[str, Any] = {"round": policy.round_id} if policy else {}
    return {
        "policy": policy,
        "round_choices": [{"id": p.round_id, "name": p.name} for p in rounds],
        "current_round": {"id": policy.round_id, "name": policy.name} if policy else None,
        "rows": [line(r) for r in found],
        "next": url_for(".list", before=found[-1].bulletin_id, **more)
        if len(found) == PAGE
        else "",
        "first": url_for(".list", **more) if before else "",
        "areas": areas,
        "kinds": [(str(k), rules.KINDS[k][lang()]) for k in (Kind.DAILY, Kind.CLOSING)],
        "may_open": bool(actor.roles & set(OPENERS)),
        "asked": [_asked(a) for a in queries.list_asked(_ids(held)[:5000])],
        "form": request.form,
    }


def _chosen(rounds: Sequence[RoundPolicy]) -> RoundPolicy | None:
    asked = request.args.get("round", type=int) or request.form.get("round_id", type=int)
    return next((p for p in rounds if p.round_id == asked), rounds[0] if rounds else None)


def _ids(held: Sequence[Place]) -> list[int]:
    nodes = [n for n in places.TREE.get().by_id.values() if n.level <= COMMUNITY]
    return [n.area_id for n in sorted(nodes, key=lambda n: n.level) if _within(n, held)]


def _within(node: Node, held: Sequence[Place]) -> bool:
    return any(p.kind == "all" or (p.kind == "area" and node.path.startswith(p.path)) for p in held)


def areas_of(held: Sequence[Place], policy: RoundPolicy | None = None) -> list[tuple[int, str]]:
    """Areas of the own scope (that the round touches), from the top down, in code order."""
    nodes = [
        n for n in places.TREE.get().by_id.values()
        if n.level <= COMMUNITY and _within(n, held)
        and (policy is None
             or any(n.path.startswith(p) or p.startswith(n.path) for p in policy.area_paths))
    ]  # fmt: skip
    top = min((n.level for n in nodes), default=0)
    most = sorted(nodes, key=lambda n: n.path)
    return [(n.area_id, "　" * (n.level - top) + n.name) for n in most]


def line(r: queries.BulletinRow) -> dict[str, Any]:
    node, policy = places.find_area(r.area_id), find_policy(r.round_id)
    return {
        "href": url_for(".show", bulletin_id=r.bulletin_id),
        "kind": rules.KINDS[Kind(r.kind)][lang()] + (f" {r.subject}" if r.subject else ""),
        "number": r.number,
        "area": node.name if node else "",
        "round": policy.name if policy else "",
        "cut_off": r.cut_off,
    }


def _asked(a: queries.Asked) -> dict[str, Any]:
    node = places.find_area(a.area_id)
    title = f"{node.name if node else ''} {rules.KINDS[Kind(a.kind)][lang()]}"
    state = "failed" if a.failed else "waiting"
    return {"id": a.job_id, "title": title, "state": state, "done": 0, "total": 0,
            "note": _("到 %(at)s 冻结", at=paper.dt(a.due_at)) if a.due_at > clock.real_now() else ""}  # fmt: skip


@bp.post("/bulletins")
@require(*MAKERS, at=AREA)
def ask() -> Any:
    """Have a report frozen, now or at a later moment."""
    now = clock.now()
    try:
        kind = Kind(request.form.get("kind", "daily"))
        service.ask(
            Kind.DAILY if kind == Kind.POOL else kind, request.form.get("round_id", 0, type=int),
            request.form.get("area_id", 0, type=int), by=current_actor().staff_id, at=now,
            cut_off=_typed(request.form.get("cut_off", "")),
        )  # fmt: skip
    except Problem as problem:
        return refused(problem, "bulletins/list.html", list_page)
    flash(_("已交给后台，冻结后列在下面。"), "ok")
    return redirect(url_for(".list", round=request.form.get("round_id", type=int)), 303)


def _typed(text: str) -> datetime | None:
    """The wall clock that a form gives; nothing for now."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=ZONE)
    except ValueError:
        return None
