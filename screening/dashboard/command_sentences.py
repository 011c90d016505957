"""The command page in sentences and drawings: the headline, the forecasts, the curve, the reasons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from screening.coverage.rules import REASONS
from screening.dashboard.told import told
from screening.figures.forecast import slot_start
from screening.figures.rules import Sheet
from screening.figures.standing import Clock
from screening.i18n import _, age, day, dt, hm


def headline(sheet: Sheet) -> list[dict[str, Any]]:
    """应检 … 已采 … 已出 … 初筛 … 管: the sentence as leaders say it."""
    out = [told(sheet.figures[k]) for k in ("due", "reached", "resulted", "positive_tubes")]
    out[1]["of"], out[2]["of"] = sheet["due"], sheet["reached"]
    return out


def forecasts(
    body: Mapping[str, Any], clocks: Mapping[str, Clock], *, at: datetime
) -> list[dict[str, Any]]:
    """Both links. Results are foretold for what is sampled; while sampling goes on, what the last
    tube will still take is said beside it."""
    found, stopped = body["forecasts"], body["stopped"]
    out = [foretold(kind, found[kind], at=at, stopped=stopped) for kind in ("collect", "report")]
    usual = clocks.get("all")
    if usual and not stopped and found["collect"]["state"] != "done":
        rest = _("采完后通常再过 %(age)s 出完", age=age(usual.median))
        out[1]["band"] = " · ".join(filter(None, (out[1]["band"], rest)))
    return out


def foretold(kind: str, f: Mapping[str, Any], *, at: datetime, stopped: bool) -> dict[str, Any]:
    """The forecast of a link in one sentence, and its band in another."""
    what = _("采完") if kind == "collect" else _("已采的出完")
    pace = _("每小时 %(n)s 人（%(low)s 至 %(high)s）", n=f"{f['hour']:,}", low=f"{f['low']:,}",
             high=f"{f['high']:,}")  # fmt: skip
    if f["state"] == "done":
        return {"what": what, "text": _("已完成"), "band": "", "tone": "ok"}
    if stopped and kind == "collect":
        return {"what": what, "text": _("已停止采样"), "band": _("还差 %(n)s 人", n=f"{f['left']:,}"),
                "tone": "look"}  # fmt: skip
    if f["state"] == "too_early":
        return {"what": what, "text": _("数据还不够"),
                "band": _("至少要有半小时、三十人的进度"), "tone": "unknown"}  # fmt: skip
    if f["state"] == "standing":
        left = f"{f['left']:,}"
        idle = (
            _("最近一小时没有人，还差 %(n)s 人", n=left) if kind == "collect"
            else _("最近三小时没有出结果，还差 %(n)s 人", n=left)
        )  # fmt: skip
        return {"what": what, "text": _("没有进展"), "band": idle, "tone": "look"}
    if f["state"] == "far":
        return {"what": what, "text": _("三天以上"), "band": pace, "tone": "look"}
    early, late = moment(f["earliest"], at), f["latest"]
    span = (
        _("%(a)s 至 %(b)s", a=early, b=moment(late, at)) if late is not None
        else _("最早 %(a)s，最晚说不准", a=early)
    )  # fmt: skip
    return {"what": what, "text": moment(f["expected"], at), "band": f"{span} · {pace}", "tone": ""}


def moment(text: str, at: datetime) -> str:
    """The hour, with its day where that is not today's."""
    then = datetime.fromisoformat(text)
    return hm(then) if day(then) == day(at) else dt(then)


def curve(slots: list[list[int]], at: datetime) -> dict[str, Any] | None:
    """The bars of every ten minutes: persons sampled and persons resulted."""
    if len(slots) < 3:
        return None
    taken, released = _("采样人数"), _("出结果人数")
    return {
        "legend": {"top": 0, "left": 0},
        "xAxis": {"type": "category", "data": [hm(slot_start(s, at)) for s, _t, _r in slots]},
        "yAxis": {"type": "value", "minInterval": 1},
        "series": [
            {"name": taken, "type": "bar", "data": [t for _s, t, _r in slots], "color": "--collect"},
            {"name": released, "type": "line", "data": [r for _s, _t, r in slots], "color": "--report",
             "showSymbol": False, "lineStyle": {"type": "dashed"}},
        ],
    }  # fmt: skip


def reasons(sheet: Sheet) -> list[dict[str, Any]]:
    """Why the missed were not reached, as shares of one bar."""
    tones = {
        "resample": "stop",
        "visit": "look",
        "refused": "look",
        "unreachable": "look",
        "will_come": "ok",
    }
    out = []
    for part, _zh, _en in REASONS:
        if part in sheet.figures:
            f = told(sheet.figures[part])
            out.append({"label": f["label"], "count": f["value"], "href": f["href"],
                        "tone": tones.get(part, "unknown"), "key": part})  # fmt: skip
    return out
