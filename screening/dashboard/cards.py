"""What each role has to look at now: cards whose numbers lead to the rows behind them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from screening.accounts.doors import door
from screening.accounts.roles import LAB_ROLES, SITE_ROLES, Actor, Role
from screening.dashboard import queries
from screening.figures.queries import FIGURES, Scene, figure_of
from screening.figures.standing import stand
from screening.i18n import _
from screening.lab import queries as lab
from screening.lab.scopes import ALERTED, reach_of
from screening.ledger import service as ledger
from screening.ledger.sight import sight_of
from screening.places.queries import Node
from screening.places.rules import Place
from screening.registry.queries import RoundPolicy
from screening.tickets import desk as tickets_desk
from screening.tickets import queries as tickets
from screening.tickets.rules import KINDS, Weight
from screening.transport import desk_queries as boxes
from screening.tube.rules import Stage

LEDGER_ROLES = (
    Role.DISPATCHER, Role.SITE_SUPERVISOR, Role.AUDITOR, Role.DISTRICT_HEAD, Role.ADMINISTRATOR,
)  # fmt: skip
CALLERS = (Role.COMMUNITY_WORKER, Role.DISTRICT_HEAD, Role.ADMINISTRATOR)
Card = dict[str, Any]


def card(group: str, title: str, number: int, href: str, why: str, **more: Any) -> Card:
    return {
        "group": group, "title": title, "number": number, "href": href, "definition": why, **more,
    }  # fmt: skip


def cards_of(actor: Actor, policy: RoundPolicy | None, node: Node | None, at: datetime) -> list:
    """All cards of a person: what nobody has in hand before all else, then the work at the bench."""
    out = alert_cards(actor)
    if policy is not None:
        out += site_cards(actor, policy)
    out += lab_cards(actor, at)
    out += ticket_cards(actor)
    if policy is not None and node is not None:
        out += area_cards(actor, policy, node, at)
    if policy is not None:
        out += ledger_cards(actor, policy, at)
    return out


def site_cards(actor: Actor, policy: RoundPolicy) -> list[Card]:
    held = actor.places(SITE_ROLES)
    if not held:
        return []
    rows = queries.stages_of(policy.round_id, sight_of(held))
    group, as_of = _("采样点"), min((r.as_of for r in rows), default=None)
    steps = (
        (Stage.OPEN, _("采样中"), "collect", "field_pages.sampling",
         _("已开管、还没有封管的试管")),
        (Stage.CLOSED, _("待装箱"), "deliver", "field_pages.packing",
         _("已封管、还没有装箱的试管")),
        (Stage.PACKED, _("待送出"), "deliver", "field_pages.hand_over",
         _("已装箱、还没有交给转运员的试管")),
    )  # fmt: skip
    out = []
    for stage, title, link, endpoint, why in steps:
        s = stand(rows, (stage,))
        late = _("其中 %(n)s 管超时", n=s.late) if s.late else ""
        out.append(
            card(group, title, s.tubes, door(endpoint), why, unit=_("管"), link=link, note=late,
                 tone="look" if s.late else "", as_of=as_of)
        )  # fmt: skip
    return out


def lab_cards(actor: Actor, at: datetime) -> list[Card]:
    labs = lab.list_labs(actor.places(LAB_ROLES))
    if not labs:
        return []
    loads = [lab.load_of(x, at) for x in labs]
    cells = boxes.all_cells()
    coming = [b for x in labs for b in boxes.list_for_lab(cells, x.lab_id)]
    late = sum(x.overdue for x in loads)
    group, unit = _("实验室"), _("管")
    arriving = sum(max(b.known - b.received, 0) for b in coming)
    steps = (
        (_("待收样"), arriving, "deliver", "field_pages.reception",
         _("在送来的箱子里、还没有扫码签收的试管"), _("%(n)s 箱", n=len(coming)) if coming else ""),
        (_("待上板"), sum(x.waiting for x in loads), "test", "lab_pages.home",
         _("已签收、还没有上板的试管"), _("检测环节超时 %(n)s 管", n=late) if late else ""),
        (_("待结果"), sum(x.plated for x in loads), "test", "lab_pages.list_runs",
         _("已上板、还没有读入结果的试管"), ""),
        (_("待审核"), sum(x.tested for x in loads), "report", "reporting_pages.desk",
         _("已有结果、还没有审核的试管"), ""),
        (_("待发布"), sum(x.reviewed for x in loads), "report", "reporting_pages.desk",
         _("审核已通过、还没有发布的试管"), ""),
    )  # fmt: skip
    return [
        card(group, title, n, door(endpoint), why, unit=unit, link=link, note=note, as_of=at,
             tone="look" if note and link == "test" else "")
        for title, n, link, endpoint, why, note in steps
    ]  # fmt: skip


def alert_cards(actor: Actor) -> list[Card]:
    """Alerts of the own laboratories and areas; at the head of the page while calls wait."""
    if not actor.roles & set(ALERTED):
        return []
    open_, waiting = lab.count_alerts(reach_of(actor))
    if not open_:
        return []
    note = _("%(n)s 条无人确认", n=waiting) if waiting else ""
    return [
        card(_("需要处理"), _("预警"), open_, door("lab_pages.alerts"),
             _("检测发现信号、还没有处理完的试管"), note=note, tone="stop" if waiting else "look",
             first=True)
    ]  # fmt: skip


def ticket_cards(actor: Actor) -> list[Card]:
    if not actor.roles & set(tickets_desk.READERS):
        return []
    reach = tickets_desk.reach(actor)
    if reach.whole or reach.sites:
        counts = [c for c in tickets.list_counts(reach) if KINDS[c.kind].weight is not Weight.NOTE]
        n = sum(c.n for c in counts)
    else:  # a laboratory's tickets lie in the cells of the sites: few, and read one by one
        n = len(tickets.list_tickets(reach, tickets.Wanted(), limit=500))
    return [
        card(_("需要处理"), _("待处理工单"), n, door("tickets_pages.desk"),
             _("等待处理或复核的差异单，不含仅记录的"), tone="look" if n else "ok", unit=_("张"))
    ]  # fmt: skip


def area_cards(actor: Actor, policy: RoundPolicy, node: Node, at: datetime) -> list[Card]:
    missed, group = figure_of("missed", policy.round_id, node.area_id, at=at), node.name
    out = [
        card(group, _("未检人员"), missed.value,
             door("reminders_pages.missed", round=policy.round_id),
             _("本辖区应检而没有有效样本的人"), unit=_("人"), link="collect", as_of=missed.as_of,
             tone="look" if missed.value else "ok", figure="missed")
    ]  # fmt: skip
    held = actor.places(CALLERS)
    if held:
        scenes = [Scene(policy.round_id, p.id or node.area_id, at=at) for p in _tops(held)]
        n = sum(FIGURES["callbacks_open"](s).value for s in scenes)
        late = sum(FIGURES["callbacks_late"](s).value for s in scenes)
        note = _("其中 %(n)s 人超时", n=late) if late else ""
        out.append(
            card(group, _("待复采"), n, door("reporting_pages.callbacks"),
                 _("被通知单独复采、还没有结果的人"), unit=_("人"), link="report", note=note,
                 tone="stop" if late else ("look" if n else "ok"), as_of=at,
                 figure="callbacks_open")
        )  # fmt: skip
    return out


def _tops(held: Iterable[Place]) -> list[Place]:
    """The places that lie within no other, so that nobody is counted twice."""
    paths = sorted({p.path for p in held if p.kind in ("area", "all")})
    return [
        Place("area", int(p.strip("/").rpartition("/")[2] or 0), p)
        for p in paths
        if not any(p != other and p.startswith(other) for other in paths)
    ]


def ledger_cards(actor: Actor, policy: RoundPolicy, at: datetime) -> list[Card]:
    held = actor.places(LEDGER_ROLES)
    if not held:
        return []
    seen = ledger.look(policy.round_id, sight=sight_of(held), at=at)
    found, group = seen.balance(), _("归账")
    silent = found.devices.get("silent", 0)
    return [
        card(group, _("未归账"), found.unaccounted, door("ledger_pages.overview", round=policy.round_id),
             _("超时、多点、缺管、日志未到齐等，还没有两人说明的条目"), unit=_("条"), as_of=seen.at,
             tone="look" if found.unaccounted else "ok", figure="unaccounted"),
        card(group, _("未上报设备"), silent,
             door("ledger_pages.list_devices", round_id=policy.round_id),
             _("本轮开始后服务器还没有收到任何消息的设备"), unit=_("台"), as_of=seen.at,
             tone="look" if silent else "ok"),
    ]  # fmt: skip
