"""Coverage by industry and employer: who answers for the workers of a place, and who lags."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for

from screening import clock
from screening.accounts.guard import area, current_actor, require
from screening.coverage import queries
from screening.coverage.api import SEERS
from screening.coverage.groups import AreaTooLarge, count_groups
from screening.coverage.pages.frame import bp, chosen, rounds_of, trail
from screening.coverage.rules import REASONS, CoverageRow
from screening.i18n import _, current_lang
from screening.places import queries as places
from screening.registry.rules import COHORTS


@bp.get("/coverage/<int:area_id>/employers")
@require(*SEERS, at=area())
def by_employer(area_id: int) -> Any:
    """The equation of an area by industry and by employer, counted now."""
    node, held, now = queries.get_node(area_id), current_actor().places(SEERS), clock.now()
    known = rounds_of(held)
    back = url_for(".show_area", area_id=area_id)
    shared: dict[str, Any] = {"node": node, "back": back, "as_of": now, "reasons": reasons()}
    if not known:
        return render_template("coverage/groups.html", **shared)
    policy = chosen(known)
    shared |= {"policy": policy, "trail": trail(node, policy.round_id, held)}
    try:
        found = count_groups(node, policy.round_id, at=now)
    except AreaTooLarge as problem:
        below = [
            {"name": n.name, "href": url_for(".by_employer", area_id=n.area_id,
                                             round=policy.round_id)}
            for n in places.TREE.get().by_id.values() if n.parent_id == area_id
        ]  # fmt: skip
        return render_template(
            "coverage/groups.html", below=below, sentence=problem.sentence(current_lang()), **shared
        )
    return render_template(
        "coverage/groups.html", whole=line("", "", found.whole),
        industries=[line(group_word(g), "", r) for g, r in found.industries],
        employers=[line(group_word(g), e, r) for g, e, r in found.employers], **shared,
    )  # fmt: skip


def group_word(code: str) -> str:
    word = COHORTS.get(code)
    if word is None:
        return code or _("没有行业")
    return word.en if current_lang() == "en" else word.zh


def reasons() -> list[tuple[str, str]]:
    return [(part, en if current_lang() == "en" else zh) for part, zh, en in REASONS]


def line(group: str, employer: str, r: CoverageRow) -> dict[str, Any]:
    return {
        "group": group, "employer": employer, "rate": (r.reached, r.due), "due": r.due,
        "reached": r.reached, "missed": r.missed, "exempt": r.exempt,
        "resulted": (r.resulted, r.reached), **{part: getattr(r, part) for part, _, _ in REASONS},
    }  # fmt: skip
