"""The rows behind the numbers of the command page: tubes and devices of an area."""

from __future__ import annotations

from typing import Any

from flask import render_template, request, url_for

from screening import clock
from screening.accounts.doors import door
from screening.accounts.guard import area, current_actor, require
from screening.dashboard.pages.command import trail
from screening.dashboard.pages.frame import SEERS, bp, chosen, head, started
from screening.dashboard.told import lang
from screening.figures.queries import Scene
from screening.figures.queries.tubes import list_tubes
from screening.figures.rules import DEFINITIONS
from screening.figures.standing import minutes_since
from screening.i18n import _, current_lang
from screening.ledger.queries import names_of_places
from screening.registry.queries import NoSuchRound
from screening.tube import words

PAGE = 100


def _scene(area_id: int) -> tuple[Scene, list]:
    rounds = started(current_actor().places(SEERS))
    policy = chosen(rounds)
    if policy is None:
        raise NoSuchRound()
    return Scene(policy.round_id, area_id, at=clock.now()), rounds


def _frame(scene: Scene, rounds: list) -> dict[str, Any]:
    own = url_for(".command_area", area_id=scene.area_id, round=scene.round_id)
    above = trail(current_actor(), scene.node, scene.policy)
    return {
        **head(scene.policy, rounds), "node": scene.node, "as_of": scene.at,
        "trail": [*above, (scene.node.name, own)],
    }  # fmt: skip


@bp.get("/command/<int:area_id>/tubes/<what>")
@require(*SEERS, at=area())
def command_tubes(area_id: int, what: str) -> Any:
    """The tubes behind one number of an area's command page."""
    scene, rounds = _scene(area_id)
    narrow = {k: v for k in ("site", "lab") if (v := request.args.get(k, type=int))}
    found = list_tubes(scene, what, after=request.args.get("after", ""), limit=PAGE, **narrow)
    sites, labs = names_of_places((t.site_id, t.lab_id) for t in found)
    asked: dict[str, Any] = {"area_id": area_id, "what": what, "round": scene.round_id, **narrow}
    d = DEFINITIONS.get(what)
    return render_template(
        "dashboard/command_tubes.html", **_frame(scene, rounds),
        title=(d.zh, d.en)[lang()] if d else more()[what],
        why=(d.why_zh, d.why_en)[lang()] if d
        else _("本辖区采样点的试管；居民也可能在别处采样，人数不必相等"),
        rows=[
            {
                "barcode": {"text": t.barcode, "href": door("transport_pages.tube", barcode=t.barcode)},
                "stage": words.stage(t.stage, current_lang()),
                "site": sites.get(t.site_id) or "—", "lab": labs.get(t.lab_id) or "—",
                "members": t.members, "since": t.since,
                "age": minutes_since(t.since, scene.at), "due_at": t.due_at,
                "tone": "look" if t.due_at and t.due_at <= scene.at else "",
            }
            for t in found
        ],
        next=url_for(".command_tubes", **asked, after=found[-1].cursor) if len(found) == PAGE else "",
        first=url_for(".command_tubes", **asked) if request.args.get("after") else "",
    )  # fmt: skip


def more() -> dict[str, str]:
    """Lists that are no figure of their own."""
    return {
        "tubes_waiting": _("在采样点的试管"), "tubes_undelivered": _("还没有送达的试管"),
        "tubes_untested": _("在实验室待检的试管"), "tubes_unreleased": _("还没有发布的试管"),
    }  # fmt: skip


@bp.get("/command/<int:area_id>/devices")
@require(*SEERS, at=area())
def command_devices(area_id: int) -> Any:
    """The devices of an area's sites: when each was last heard, those silent longest first."""
    scene, rounds = _scene(area_id)
    first = request.args.get("from", 0, type=int)
    shown = scene.devices[first : first + PAGE]
    sites, _labs = names_of_places((d.site_id, None) for d in shown)
    more = first + PAGE < len(scene.devices)
    own: dict[str, Any] = {"area_id": area_id, "round": scene.round_id}
    following: dict[str, Any] = {**own, "from": first + PAGE}
    return render_template(
        "dashboard/command_devices.html", **_frame(scene, rounds),
        rows=[
            {
                "name": d.name, "site": sites.get(d.site_id) or "—",
                "state": {"tone": "look", "text": _("未上报")} if not d.heard
                else {"tone": "unknown", "text": _("已收工")} if d.closed
                else {"tone": "ok", "text": _("在报")},
                "heard_at": d.heard_at,
                "silence": minutes_since(d.heard_at, scene.at),
                "tone": "" if d.heard else "look",
            }
            for d in shown
        ],
        total=len(scene.devices),
        next=url_for(".command_devices", **following) if more else "",
        first=url_for(".command_devices", **own) if first else "",
    )  # fmt: skip
