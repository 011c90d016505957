"""A community worker's day on a phone: whom to call, which doors to knock at, lists from others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from flask import render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.coverage.queries import coverage_of
from screening.i18n import _, current_lang
from screening.inbound import queries as inbound
from screening.inbound import rules as inbound_rules
from screening.inbound.showing import line as inbound_line
from screening.inbound.showing import note_reads as note_inbound
from screening.places.queries import Node
from screening.places.rules import COMMUNITY
from screening.registry.queries import RoundPolicy
from screening.reminders import queries, rules
from screening.reminders.api import CALLERS
from screening.reminders.api.missed import note_reads, pairs_of, visit
from screening.reminders.pages.frame import begin, bp, opens, own_areas, said, the_round
from screening.reminders.pages.missed import again_of, paged, position, state_of
from screening.reminders.queries import day as days
from screening.reminders.rules.doors import floor_of

TABS = ("call", "visit", "lists")
PAGE = 30  # cards of one screenful of a phone's day
# the outcomes of a second tap, the usual ones first: (outcome, hours left in peace)
CALL = (("will_come", None), ("unreachable", None), ("later", 2), ("later", 20), ("away", 72),
        ("already_done", None), ("refused", None), ("visit", None), ("exempt_pending", None),
        ("moved", None))  # fmt: skip
VISIT = (("absent", None), ("already_done", None), ("will_come", None), ("later", 2),
         ("refused", None), ("away", 72), ("moved", None), ("exempt_pending", None))  # fmt: skip


@bp.get("/day", endpoint="day")
@require(*CALLERS, at=OWN_ROWS)
def day_areas() -> Any:
    """Where to begin: the own areas; straight in when there is one."""
    return begin(".day_in", own_areas(current_actor(), CALLERS))


@bp.get("/day/<int:area_id>")
@require(*CALLERS, at=area("area_id"))
def day_in(area_id: int) -> Any:
    """The own list of today: calls, visits by building, unit and floor, lines of inbound lists."""
    node, policy, now = queries.get_node(area_id), the_round(), clock.now()
    if policy is None:
        return render_template("reminders/areas.html", rows=[])
    if node.level < COMMUNITY:
        return begin(".day_in", queries.communities_of(node))
    tab = request.args.get("tab", TABS[0])
    (community,) = queries.communities_of(node)
    day = days.list_day(community, policy.round_id, at=now, within=node)
    lists = inbound.roll_up(node, at=now).whole
    shared = {
        "node": node, "policy": policy, "tab": tab, "as_of": now, "day": day, "lists": lists,
        "row": coverage_of(area_id, policy.round_id, at=now), "who": current_actor().staff_id,
        "tabs": tabs(node, policy, tab, (len(day.calls), len(day.visits), lists.open)),
        "waiting": waiting(day),
    }  # fmt: skip
    if tab == "visit":
        return render_template("reminders/day_visits.html", **shared,
                               **plan(node, community, policy, day, now))  # fmt: skip
    if tab == "lists":
        return render_template("reminders/day_lists.html", **shared, **lines(node, now))
    return render_template(
        "reminders/day.html", **shared, **calls(node, community, policy, day, now)
    )


def tabs(node: Node, policy: RoundPolicy, tab: str, counts: Sequence[int]) -> list[dict[str, Any]]:
    labels = (_("打电话"), _("上门走访"), _("协查"))
    return [
        {"label": label, "count": n, "active": key == tab,
         "href": url_for(".day_in", area_id=node.area_id, round=policy.round_id, tab=key)}
        for key, label, n in zip(TABS, labels, counts, strict=True)
    ]  # fmt: skip


def waiting(day: days.Day) -> str:
    """Who is left in peace for now, in words."""
    words = {str(s): said(w) for s, w in rules.STATES.items()} | {"later": _("稍后再联系")}
    return "，".join(f"{words[state]} {n}" for state, n in day.waiting.most_common())


def calls(
    node: Node, community: Node, policy: RoundPolicy, day: days.Day, now: datetime
) -> dict[str, Any]:
    """One screenful of those to be called; only who is shown is opened, and each is audited."""
    after = request.args.get("after", "")
    page, more = paged(day.calls, position, after, PAGE)
    found = queries.open_these(community, policy.round_id, page, at=now)
    note_reads(found, why="day_calls")
    full = opens(queries.innermost(node, community), pairs_of(found))
    here: dict[str, Any] = {"area_id": request.view_args["area_id"], "round": policy.round_id}  # type: ignore[index]
    return {
        "cards": [card(p, full) for p in found], "choices": choices(CALL), "kind": "call",
        "next": url_for(".day_in", after=more, **here) if more else "",
        "first": url_for(".day_in", **here) if after else "",
    }  # fmt: skip


def plan(
    node: Node, community: Node, policy: RoundPolicy, day: days.Day, now: datetime
) -> dict[str, Any]:
    """The home-visit plan: the buildings in their order, one of them door by door."""
    buildings = days.buildings_of(day.visits)
    chosen = request.args.get("building", buildings[0][0] if buildings else 0, type=int)
    down = request.args.get("down") == "1"
    here = [p for p in day.visits if (p.missed.building_id or 0) == chosen]
    found = days.open_doors(community, policy.round_id, here, at=now, down=down)
    note_reads(found, why="visit_list")
    full = opens(queries.innermost(node, community), pairs_of(found))
    args: dict[str, Any] = {"area_id": request.view_args["area_id"], "round": policy.round_id,  # type: ignore[index]
                            "tab": "visit"}  # fmt: skip
    return {
        "buildings": [
            {"label": name or _("未标明楼栋"), "count": n, "active": b == chosen,
             "href": url_for(".day_in", building=b, down=1 if down else None, **args)}
            for b, name, n in buildings
        ],
        "floors": floors(found, full), "choices": choices(VISIT), "kind": "visit",
        "down": down,
        "turn": url_for(".day_in", building=chosen, down=None if down else 1, **args),
    }  # fmt: skip


def floors(found: Sequence[queries.Opened], full: bool) -> list[dict[str, Any]]:
    """The doors of a building by unit and floor, in the order given."""
    out: list[dict[str, Any]] = []
    for p in found:
        floor = floor_of(p.details.room) if full else None
        unit = (p.details.unit or "") if full else ""
        numbered = unit.removesuffix("单元").strip()
        parts = [_("%(unit)s 单元", unit=numbered) if numbered else unit,
                 _("%(floor)s 层", floor=floor) if floor is not None else ""]  # fmt: skip
        title = " ".join(filter(None, parts)) or _("未标明楼层")
        if not out or out[-1]["title"] != title:
            out.append({"title": title, "cards": []})
        out[-1]["cards"].append(card(p, full))
    return out


def card(p: queries.Opened, full: bool) -> dict[str, Any]:
    row = visit(p, full)
    again = again_of(p)
    return {
        **row,
        "door": " ".join(filter(None, (row["building"], "-".join(
            part for part in (row["unit"], row["room"]) if part)))),
        "state": state_of(p), "tel": row["phone"] if full else "",
        "due": again, "tone": "stop" if again else "",
    }  # fmt: skip


def choices(usual: Sequence[tuple[str, int | None]]) -> list[dict[str, Any]]:
    """What a second tap may say."""
    out = []
    for code, hours in usual:
        text = said(rules.CONTACT_OUTCOMES[code])
        label = _("%(what)s（%(h)s 小时）", what=text, h=hours) if hours else text
        out.append({"code": code, "hours": hours, "label": label})
    return out


def lines(node: Node, now: datetime) -> dict[str, Any]:
    """The open lines of inbound lists for which this place answers."""
    after = request.args.get("after", 0, type=int)
    found = inbound.list_items(node, inbound.Asked(state="open"), at=now, after=after, limit=PAGE)
    note_inbound(found)
    kinds, outcomes = inbound_rules.KINDS, inbound_rules.OUTCOMES
    cards = []
    for i in found:
        shown = inbound_line(i)
        kind = kinds[i.kind]
        said_so = outcomes[i.outcome] if i.outcome else None
        cards.append({
            **shown, "kind_word": _pair(kind.zh, kind.en),
            "outcome_word": _pair(said_so.zh, said_so.en) if said_so else "",
            "tel": shown["phone"] if "*" not in shown["phone"] else "",
            "tone": "stop" if shown["late"] else "",
            "href": url_for("inbound_pages.show_item", item_id=i.item_id),
        })  # fmt: skip
    return {
        "cards": cards,
        "outcomes": [(code, _pair(o.zh, o.en)) for code, o in outcomes.items()],
        "next": url_for(".day_in", area_id=node.area_id, tab="lists", after=found[-1].item_id)
        if len(found) == PAGE else "",
    }  # fmt: skip


def _pair(zh: str, en: str) -> str:
    return en if current_lang() == "en" else zh
