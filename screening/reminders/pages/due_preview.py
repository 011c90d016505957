"""Before a schedule begins: its load a day as a chart and a table."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import render_template

from screening import clock
from screening.accounts.guard import current_actor, require
from screening.i18n import _
from screening.registry import rules_schedule
from screening.registry import schedule_queries as schedules
from screening.registry.scopes import ROUND_MAKERS, SCHEDULE, SETTERS
from screening.reminders.due_preview import Preview, preview
from screening.reminders.pages.frame import bp, said


@bp.get("/schedules/<int:schedule_id>/preview", endpoint="preview_schedule")
@require(*ROUND_MAKERS, at=SCHEDULE)
def preview_of(schedule_id: int) -> Any:
    """Swabs a day ahead, and how the beginning could be spread."""
    s = schedules.get_schedule(schedule_id)
    seen = preview(s, at=clock.now())
    place = schedules.place_of_schedule(schedule_id)
    return render_template(
        "reminders/due_preview.html", s=s, seen=seen,
        rhythm=said(rules_schedule.say(s.rhythm)),
        rows=[
            {"day": seen.first + timedelta(days=i), "plain": a, "levelled": b}
            for i, (a, b) in enumerate(zip(seen.plain, seen.levelled, strict=True))
        ],
        chart=load_chart(seen), spread=",".join(map(str, seen.spread)),
        may_begin=s.state == "draft" and current_actor().may(SETTERS, place),
    )  # fmt: skip


def load_chart(seen: Preview) -> dict[str, Any]:
    days = [(seen.first + timedelta(days=i)).strftime("%m-%d") for i in range(len(seen.plain))]
    series = [{"type": "bar", "name": _("不错峰"), "data": seen.plain, "color": "--unknown"}]
    if seen.spread:
        series.append(
            {"type": "bar", "name": _("错峰"), "data": seen.levelled, "color": "--collect"}
        )
    return {
        "legend": {"top": 0, "bottom": "auto"}, "xAxis": {"type": "category", "data": days}, "yAxis": {"type": "value"},
        "tooltip": {"trigger": "axis"}, "series": series,
    }  # fmt: skip
