"""The figures of an area over HTTP, live or as they were frozen."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from screening import clock
from screening.accounts.guard import area, require
from screening.accounts.roles import WATCHERS, Role
from screening.errors import NotFound
from screening.figures import schemas as s
from screening.figures.queries import Scene, find_cut, sheet_of
from screening.figures.queries.groups import list_groups
from screening.figures.rules import DEFINITIONS, Sheet
from screening.i18n import current_lang
from screening.openapi import gives, takes
from screening.reminders.queries.due_facts import start_of

bp = Blueprint("figures_api", __name__, url_prefix="/api/v1")

SEERS = (*WATCHERS, Role.AUDITOR)


class NoSuchFigures(NotFound):
    code = "no_such_figures"
    zh = "没有这个时点的冻结数。"
    en = "There are no frozen numbers of that moment."


@bp.get("/figures")
@require(*SEERS, at=area("area"))
@takes(s.FiguresAskSchema, "query")
@gives(s.FiguresSchema)
def get_figures(args: dict[str, Any]) -> Any:
    """Every figure of an area with its definition: the numbers that all screens show."""
    if args.get("cut_off") is None:
        return told(sheet_of(Scene(args["round"], args["area"], at=clock.now())))
    found = find_cut(args["round"], args["area"], args["cut_off"])
    if found is None:
        raise NoSuchFigures()
    return told(found)


@bp.get("/figures/groups")
@require(*SEERS, at=area("area"))
@takes(s.GroupsAskSchema, "query")
@gives(s.GroupLineSchema, many=True)
def get_groups(args: dict[str, Any]) -> Any:
    """Key groups of an area by schedule and employer: due, done and overdue on a day."""
    english = current_lang() == "en"
    at = start_of(args["day"]) if args.get("day") else clock.now()
    return [
        {
            "cohort": g.cohort,
            "group": g.group.en if english else g.group.zh,
            "employer": g.employer,
            "rhythm": g.rhythm.en if english else g.rhythm.zh,
            "due": g.due,
            "done": g.done,
            "late": g.late,
        }
        for g in list_groups(args["area"], at)
    ]


def told(sheet: Sheet) -> dict[str, Any]:
    english = current_lang() == "en"
    return {
        "area_id": sheet.area_id,
        "round_id": sheet.round_id,
        "at": sheet.at,
        "frozen": sheet.cut,
        "figures": [
            {
                "key": key,
                "name": d.en if english else d.zh,
                "value": sheet.figures[key].value,
                "unit": d.unit_en if english else d.unit_zh,
                "definition": d.why_en if english else d.why_zh,
                "as_of": sheet.figures[key].as_of,
            }
            for key, d in DEFINITIONS.items()
            if key in sheet.figures
        ],
    }
