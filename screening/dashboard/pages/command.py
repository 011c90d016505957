"""The command page of an area: a district head's morning on one page, kept fresh by polling."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, redirect, render_template, request, url_for

from screening import clock
from screening.accounts.doors import door
from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.accounts.roles import Actor, Place
from screening.dashboard import command_sentences as sentences
from screening.dashboard.command_lines import Lines
from screening.dashboard.drawn import DRAWN, answer, private, tag_of
from screening.dashboard.pages.frame import SEERS, bp, chosen, head, own_area, started
from screening.dashboard.pages.round import clock_lines, tubes
from screening.dashboard.told import lang, told, when
from screening.figures import service
from screening.figures.rules import Sheet, from_plain
from screening.figures.service import Kept
from screening.figures.standing import Clock, minutes_since
from screening.i18n import _, age
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY, LEVEL_NAMES
from screening.registry.queries import RoundPolicy

EVERY = 15  # seconds between two questions of a page; the browser adds jitter


@bp.get("/command")
@require(*SEERS, at=OWN_ROWS)
def command() -> Any:
    """The own area's command page."""
    actor = current_actor()
    rounds = started(actor.places(SEERS))
    policy = chosen(rounds)
    node = own_area(actor, policy)
    if policy is None or node is None:
        return render_template("dashboard/command.html", **head(None, rounds), node=None)
    return redirect(url_for(".command_area", area_id=node.area_id, round=policy.round_id))


@bp.get("/command/<int:area_id>")
@require(*SEERS, at=area())
def command_area(area_id: int) -> Any:
    """One area: headline, funnel, forecast, who lags, who waits, sites, laboratories, positives."""
    actor = current_actor()
    rounds = started(actor.places(SEERS))
    policy, node = chosen(rounds), _node(area_id)
    if policy is None:
        return render_template("dashboard/command.html", **head(None, rounds), node=None)
    kept = service.look(policy.round_id, area_id, at=clock.now())
    return render_template(
        "dashboard/command.html", **head(policy, rounds), **page(policy, node, kept),
        trail=trail(actor, node, policy), every=EVERY, doors=doors(policy, node),
    )  # fmt: skip


def doors(policy: RoundPolicy, node: Node) -> list[dict[str, str]]:
    """Other pages about the same area, as far as they are there and this person may open them."""
    wanted = [
        ("dashboard_pages.dispatch", _("调度")), ("dashboard_pages.zones", _("分区解封")),
        ("dashboard_pages.district_map", _("地图")), ("bulletins_pages.list", _("通报")),
    ]  # fmt: skip
    if node.level <= COMMUNITY:
        wanted.insert(0, ("dashboard_pages.area_tables", _("分项表")))
    found = [
        {"label": label, "href": door(endpoint, area_id=node.area_id, round=policy.round_id)}
        for endpoint, label in wanted
    ]
    return [d for d in found if d["href"]]


@bp.get("/command/<int:area_id>/now")
@require(*SEERS, at=area())
def command_now(area_id: int) -> Any:
    """The part of the page that moves, with an ETag: 304 while nothing has."""
    actor = current_actor()
    policy, node = chosen(started(actor.places(SEERS))), _node(area_id)
    if policy is None:
        return Response(status=204)
    version = service.find_version(policy.round_id, area_id)
    if version is not None:
        tag = tag_of(actor, str(version))
        if request.if_none_match.contains_weak(tag):
            return private(Response(status=304), tag)
        if (drawn := DRAWN.find(tag)) is not None:
            return answer(drawn, tag)
    kept = service.look(policy.round_id, area_id, at=clock.now())
    tag = tag_of(actor, str(kept.version))
    drawn = DRAWN.draw(tag, lambda: render_template(
        "dashboard/command_now.html", policy=policy, every=EVERY, **page(policy, node, kept)
    ))  # fmt: skip
    return answer(drawn, tag)


def _node(area_id: int) -> Node:
    node = places.find_area(area_id)
    if node is None:
        raise places.NoSuchPlace()
    return node


def trail(actor: Actor, node: Node, policy: RoundPolicy) -> list[tuple[str, str]]:
    """The areas above, as far as this person may look."""
    return [
        (n.name, url_for(".command_area", area_id=n.area_id, round=policy.round_id))
        for n in places.line_above(node)
        if actor.may(SEERS, Place("area", n.area_id, n.path))
    ]


def page(policy: RoundPolicy, node: Node, kept: Kept) -> dict[str, Any]:
    """What the templates show of a picture; ages are those of the moment it was taken."""
    body, at = kept.body, kept.made_at
    sheet = from_plain(policy.round_id, node.area_id, at, body["figures"])
    found = Lines(policy, node, body, at)
    clocks = {k: Clock(*c) for k, c in body["clocks"].items()}
    return {
        "node": node,
        "level": LEVEL_NAMES[node.level][lang()],
        "as_of": at,
        "headline": sentences.headline(sheet),
        "steps": steps(policy, node, sheet, body, clocks, at),
        "clocks": clock_lines(policy, clocks),
        "forecasts": sentences.forecasts(body, clocks, at=at),
        "curve": sentences.curve(body["slots"], at),
        "reasons": sentences.reasons(sheet),
        "children": found.children(),
        "stragglers": found.stragglers(),
        "sites": found.site_lines(),
        "site_counts": {k: body[k] for k in ("sites_all", "sites_open", "tables_open", "hour")},
        "labs": found.lab_lines(),
        "positives": found.positives(),
        "callbacks": body["callbacks"],
        "figures": {k: told(f) for k, f in sheet.figures.items()},
        "alerts": found.alerts(),
        "parts": found.parts(),
        "groups": found.groups(),
        "heard": found.heard(),
        "now_href": url_for(".command_now", area_id=node.area_id, round=policy.round_id),
    }


# the clock of the stretch that a bulge stands for
CLOCK_OF = {"collect": "deliver", "deliver": "test"}


def steps(
    policy: RoundPolicy, node: Node, sheet: Sheet, body: dict[str, Any],
    clocks: dict[str, Clock], at: datetime,
) -> list[dict[str, Any]]:  # fmt: skip
    """应检 → 采 → 送 → 检 → 报 in persons; what is stuck between two links, with its oldest tube and
    how long that stretch usually takes."""
    words = {"due": _("应检"), "reached": _("采"), "delivered": _("送"), "tested": _("检"),
             "resulted": _("报")}  # fmt: skip
    keys = ("due", "collect", "deliver", "test", "report")
    stuck = {
        "due": (_("未检"), sheet["missed"], told(sheet.figures["missed"])["href"]),
        "collect": (
            _("未送达"),
            sheet["reached"] - sheet["delivered"],
            tubes(policy, node, "undelivered"),
        ),
        "deliver": (
            _("未检出"),
            sheet["delivered"] - sheet["tested"],
            tubes(policy, node, "untested"),
        ),
        "test": (
            _("未发布"),
            sheet["tested"] - sheet["resulted"],
            tubes(policy, node, "unreleased"),
        ),
    }
    out = []
    for key, (name, label) in zip(keys, words.items(), strict=True):
        f = told(sheet.figures[name])
        step: dict[str, Any] = {
            "key": key, "label": label, "count": f["value"], "href": f["href"],
            "definition": f["why"],
        }  # fmt: skip
        if key in stuck:
            word, n, href = stuck[key]
            held = body["held"].get(key)
            late = held["late"] if held else 0
            step["stuck"] = {
                "label": word, "count": n, "href": href,
                "tone": "look" if key == "due" or late else "unknown",
                "minutes": minutes_since(when(held["oldest"]), at) if held else None,
                "note": " · ".join(_notes(late, clocks.get(CLOCK_OF.get(key, "")))),
            }  # fmt: skip
        out.append(step)
    return out


def _notes(late: int, clock: Clock | None) -> list[str]:
    told = [_("超时 %(n)s 管", n=late)] if late else []
    return told + ([_("通常 %(age)s", age=age(clock.median))] if clock else [])
