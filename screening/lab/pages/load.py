"""What a laboratory's head watches: positivity by the hour with its band, capacity and load."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import url_for

from screening import clock
from screening.accounts.guard import require
from screening.i18n import ZONE, _, current_lang
from screening.lab import queries
from screening.lab.pages.frame import bp, shown
from screening.lab.queries import LabRow
from screening.lab.queries.capacity import list_loads
from screening.lab.queries.charts import list_hours
from screening.lab.queries.holds import HoldRow
from screening.lab.scopes import LAB, READERS
from screening.lab.service import charts as service
from screening.lab.service.charts import HOURS
from screening.lab.watch import capacity, drawing
from screening.lab.watch.capacity import LabLoad
from screening.lab.watch.positivity import KINDS, Count

HOUR = timedelta(hours=1)


# --- positivity ---------------------------------------------------------------------------------


@bp.get("/lab/<int:lab_id>/positivity")
@require(*READERS, at=LAB)
def positivity_watch(lab_id: int) -> Any:
    """Signals by the hour against what is expected, the last day's plates, what is on hold."""
    at = clock.now()
    found = service.positivity_of(lab_id, at=at)
    return shown(
        "lab/positivity.html",
        lab=found.lab,
        as_of=at,
        own=found.own,
        others=found.others,
        rate=found.expected,
        alone=found.alone,
        chart=rate_chart(found.hours, found.expected, at),
        hours=[hour_line(h) for h in reversed(found.hours)],
        runs=[run_line(lab_id, p) for p in found.plates],
        holds=[hold_line(h) for h in found.holds],
    )


def rate_chart(hours: Sequence[service.Hour], rate: float, at: datetime) -> dict[str, Any]:
    """Points of signals per hundred tubes with the band of each hour, as wide as its tubes make
    it: few tubes say little."""
    first = floor_hour(at) - HOUR * (HOURS - 1)
    x = drawing.across(0, HOURS)
    seen = [h for h in hours if h.tubes]
    top = max([100 * max(h.signals, h.high) / h.tubes for h in seen] + [1.0])
    y = drawing.upward(0.0, min(100.0, top * 1.1))
    points = [
        {
            "x": x((h.hour - first) / HOUR + 0.5), "y": y(100 * h.signals / h.tubes),
            "tone": "" if h.state == "within" else "stop",
            "top": y(min(100.0, 100 * h.high / h.tubes)), "bottom": y(100 * h.low / h.tubes),
            "text": f"{h.hour.astimezone(ZONE):%m-%d %H:00} · {h.signals} / {h.tubes}",
        }
        for h in seen
    ]  # fmt: skip
    return {
        "points": points, "ticks": drawing.ticks(y), "expected": y(100 * rate),
        "days": hour_ticks(first, x), "wide": x(1) - x(0),
    }  # fmt: skip


def floor_hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def hour_ticks(first: datetime, x: drawing.Scale, every: int = 6) -> list[dict[str, Any]]:
    hours = [first + HOUR * n for n in range(HOURS)]
    return [
        {"x": x(n), "text": f"{local:%m-%d}" if local.hour == 0 else f"{local:%H:00}"}
        for n, h in enumerate(hours)
        if (local := h.astimezone(ZONE)).hour % every == 0
    ]


def judged(state: str) -> dict[str, Any]:
    words = {"high": ("stop", _("偏高")), "low": ("look", _("偏低"))}
    tone, text = words.get(state, ("ok", _("在带内")))
    return {"tone": tone, "text": text}


def hour_line(h: service.Hour) -> dict[str, Any]:
    return {
        "hour": h.hour,
        "tubes": h.tubes,
        "signals": h.signals,
        "rate": (h.signals, h.tubes),
        "band": f"{h.low}–{h.high}",
        "state": judged(h.state),
    }


def run_line(lab_id: int, p: service.Plate) -> dict[str, Any]:
    return {
        "plate": {"text": p.plate, "href": url_for(".run", lab_id=lab_id, run_id=p.run_id)},
        "at": p.at,
        "tubes": p.tubes,
        "signals": p.signals,
        "rate": (p.signals, p.tubes),
        "state": judged(p.state),
    }


def hold_line(h: HoldRow) -> dict[str, Any]:
    zh, en = KINDS[h.kind]
    return {
        "what": {
            "tone": "stop",
            "text": en if current_lang() == "en" else zh,
            "href": url_for(".run", lab_id=h.lab_id, run_id=h.run_id),
        },
        "counted": f"{h.told.get('signals', 0)} / {h.told.get('tubes', 0)}",
        "opened_at": h.opened_at,
        "asked": _("一人已申请解除") if h.asked_by else _("等待处理"),
    }


# --- capacity and load --------------------------------------------------------------------------


@bp.get("/lab/<int:lab_id>/capacity")
@require(*READERS, at=LAB)
def capacity_page(lab_id: int) -> Any:
    """How full the laboratory is, how fast it goes, how long results took, when it is empty."""
    lab, at = queries.get_lab(lab_id), clock.now()
    load = list_loads([lab], at)[lab_id]
    return shown("lab/capacity.html", lab=lab, **capacity_view(lab, load, at))


def capacity_view(lab: LabRow, load: LabLoad, at: datetime) -> dict[str, Any]:
    share = capacity.load_rate(load)
    took = load.turnaround
    slow = timedelta(hours=capacity.TURNAROUND_HOURS.value)
    return {
        "as_of": at,
        "load": load,
        "share": share,
        "full": share is not None and share >= capacity.FULL.value,
        "going_on": capacity.forecast(load, at),
        "nothing_more": capacity.forecast(load, at, arriving=False),
        "room": capacity.room(load, capacity.TURNAROUND_HOURS.value),
        "room_hours": int(capacity.TURNAROUND_HOURS.value),
        "slow": took.p95 is not None and took.p95 > slow,
        "window": int(capacity.WINDOW.value),
        "chart": work_chart(list_hours(lab, at, HOURS), load, at),
    }


def work_chart(hours: list[tuple[datetime, Count]], load: LabLoad, at: datetime) -> dict[str, Any]:
    """Tubes judged in each hour, against an hour of the capacity that the laboratory gave."""
    first = floor_hour(at) - HOUR * (HOURS - 1)
    limit = load.capacity / capacity.DAY
    x = drawing.across(0, HOURS)
    y = drawing.upward(0, 1.1 * max([limit, 1.0] + [float(c.tubes) for _h, c in hours]))
    wide = x(1) - x(0)
    bars = [
        {
            "x": round(x((h - first) / HOUR) + 1, 1), "y": y(c.tubes), "wide": round(wide - 2, 1),
            "tall": round(y(0) - y(c.tubes), 1),
            "text": f"{h.astimezone(ZONE):%m-%d %H:00} · {c.tubes:,}",
        }
        for h, c in hours
    ]  # fmt: skip
    return {
        "bars": bars,
        "ticks": drawing.ticks(y),
        "limit": y(limit),
        "days": hour_ticks(first, x),
    }
