"""The navigation of every page: what this person's roles can open, in the order of the chain."""

from __future__ import annotations

from typing import Any, NamedTuple

from flask import Flask, current_app, url_for

from screening.accounts.doors import door
from screening.accounts.guard import csrf_token, find_actor
from screening.accounts.roles import NAMES
from screening.dashboard.tube_doors import kept_at
from screening.i18n import _, current_lang


class Item(NamedTuple):
    """`link` is the colour of the chain's link: collect, deliver, test, report, watch."""

    endpoint: str
    label: str
    group: str
    link: str | None = None


def items() -> list[Item]:
    watch, chain, remind, setup = _("监测"), _("各环节"), _("催检"), _("设置")
    return [
        Item("dashboard_pages.home", _("工作台"), ""),
        Item("dashboard_pages.command", _("指挥"), watch),
        Item("dashboard_pages.dispatch_own", _("调度"), watch),
        Item("dashboard_pages.round_overview", _("轮次总览"), watch),
        Item("coverage_pages.overview", _("覆盖情况"), watch),
        Item("ledger_pages.overview", _("未归账"), watch),
        Item("tickets_pages.desk", _("工单"), watch),
        Item("bulletins_pages.list", _("通报"), watch),
        Item("exports_pages.list", _("导出"), watch),
        Item("field_pages.app", _("现场应用"), chain, "collect"),
        Item("field_pages.sampling", _("采样"), chain, "collect"),
        Item("field_pages.paper", _("纸单录入"), chain, "collect"),
        Item("field_pages.carried", _("日志转入"), chain, "collect"),
        Item("field_pages.packing", _("装箱"), chain, "deliver"),
        Item("field_pages.hand_over", _("交接"), chain, "deliver"),
        Item("transport_pages.boxes", _("转运箱"), chain, "deliver"),
        Item("field_pages.reception", _("收样"), chain, "test"),
        Item("lab_pages.home", _("实验室"), chain, "test"),
        Item("lab_pages.list_runs", _("上机与结果"), chain, "test"),
        Item("lab_pages.alerts", _("预警"), chain, "test"),
        Item("lab_pages.duty", _("值班表"), chain, "test"),
        Item("lab_pages.wells_of_labs", _("孔与管"), chain, "test"),
        Item("reporting_pages.desk", _("审核发布"), chain, "report"),
        Item("reporting_pages.list_corrections", _("更正"), chain, "report"),
        Item("reporting_pages.callbacks", _("复采名单"), chain, "report"),
        Item("interop_pages.list_packages", _("结果包"), chain, "report"),
        Item("transport_pages.tubes", _("查管"), chain),
        Item("field_pages.print_desk", _("打印"), chain),
        Item("reminders_pages.day", _("我的一天"), remind),
        Item("reminders_pages.missed", _("未检名单"), remind),
        Item("reminders_pages.visits", _("上门名单"), remind),
        Item("reminders_pages.waves", _("短信提醒"), remind),
        Item("reminders_pages.due", _("今日应检"), remind),
        Item("inbound_pages.home", _("协查名单"), remind),
        Item("dashboard_pages.readiness", _("开采前检查"), setup),
        Item("registry_pages.list_rounds", _("轮次列表"), setup),
        Item("registry_pages.find_form", _("人员查询"), setup),
        Item("registry_pages.choose_exemptions", _("豁免"), setup),
        Item("registry_pages.list_imports", _("名单导入"), setup),
        Item("registry_pages.list_schedules", _("定期检测"), setup),
        Item("registry_pages.list_zones", _("分区"), setup),
        Item("registry_pages.list_areas", _("辖区设置"), setup),
        Item("registry_pages.list_sites", _("采样点设置"), setup),
        Item("registry_pages.list_labs", _("实验室设置"), setup),
        Item("tube_pages.label_runs", _("标签"), setup),
        Item("tube_pages.list_patterns", _("外来条码"), setup),
        Item("lab_pages.rule_sets", _("判读规则"), setup),
        Item("accounts_pages.list_accounts", _("人员账号"), setup),
        Item("accounts_pages.list_devices", _("设备"), setup),
        Item("accounts_pages.list_audit", _("审计"), setup),
    ]


def init_nav(app: Flask) -> None:
    app.jinja_env.globals["csrf_token"] = csrf_token
    app.jinja_env.globals["desk_door"] = door  # "" where this person may not open it
    app.jinja_env.globals["kept_at"] = kept_at
    app.context_processor(_shell)


def _shell() -> dict[str, Any]:
    actor = find_actor()
    if actor is None:
        return {"nav": [], "me": None}
    index = 1 if current_lang() == "en" else 0
    me = {
        "name": actor.name or actor.staff_no,
        "number": actor.staff_no,
        "roles": [NAMES[r][index] for r in sorted(actor.roles)],
    }
    return {"nav": _nav(actor.roles), "me": me}


def _nav(roles: frozenset) -> list[dict[str, Any]]:
    out = []
    for item in items():
        view = current_app.view_functions.get(item.endpoint)
        rule = getattr(view, "requires", None)
        if view is None or rule is None or not (rule.public or rule.roles & roles):
            continue
        out.append({
            "url": url_for(item.endpoint), "label": item.label, "group": item.group,
            "link": item.link,
        })  # fmt: skip
    return out
