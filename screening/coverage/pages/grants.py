"""Exemptions granted after the start of a round: by code, by whom, and the hours that stand out."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for

from screening import clock
from screening.accounts import queries as accounts
from screening.accounts.doors import door
from screening.accounts.guard import area, current_actor, require
from screening.coverage import after_start, queries
from screening.coverage.after_start import Granted
from screening.coverage.api import SEERS
from screening.coverage.missed_rules import JUMP_LEAST, JUMP_TIMES
from screening.coverage.pages.frame import bp, chosen, exemption_word, rounds_of, trail
from screening.i18n import _, local
from screening.places import queries as places
from screening.registry.scopes import REGISTRARS


@bp.get("/coverage/<int:area_id>/exemptions")
@require(*SEERS, at=area())
def exemptions_after(area_id: int) -> Any:
    """Who left the due after sampling had begun, why, and who said so."""
    node, held = queries.get_node(area_id), current_actor().places(SEERS)
    known = rounds_of(held)
    if not known:
        return render_template("coverage/grants.html", node=node, policy=None)
    policy, now = chosen(known), clock.now()
    grants = after_start.list_grants(node, policy, at=now)
    names = accounts.names_of(after_start.staff_of(grants))
    may = current_actor().may(REGISTRARS, places.place_of_area(area_id))
    since = policy.started_at.isoformat() if policy.started_at else None
    rows = may and door("registry_pages.list_exemptions", area_id=area_id, since=since)

    def whom(key: Any) -> str:
        return " ".join(names.get(int(key), (str(key), ""))) if key else _("系统（自动）")

    return render_template(
        "coverage/grants.html", node=node, policy=policy, as_of=now,
        round_choices=[{"id": p.round_id, "name": p.name} for p in known],
        current_round={"id": policy.round_id, "name": policy.name},
        row=queries.coverage_of(area_id, policy.round_id, at=now),
        codes=[line(g, exemption_word(str(g.key)), {whom(k): n for k, n in g.parts.items()},
                    f"{rows}&reason={g.key}" if rows else "") for g in after_start.by_code(grants)],
        staff=[line(g, whom(g.key), {exemption_word(k): n for k, n in g.parts.items()},
                    f"{rows}&by={g.key or 0}" if rows else "") for g in after_start.by_whom(grants)],
        least=JUMP_LEAST.value, times=JUMP_TIMES.value,
        trail=trail(node, policy.round_id, held),
        back=url_for(".show_area", area_id=area_id, round=policy.round_id),
    )  # fmt: skip


def line(g: Granted, name: str, parts: dict[str, int], href: str) -> dict[str, Any]:
    jump = _("%(hour)s 一小时内 %(n)s 条", hour=f"{local(g.jump):%m-%d %H}:00", n=g.jump_of) \
        if g.jump else ""  # fmt: skip
    return {
        "name": name,
        "granted": {"text": g.granted, "sort": g.granted, "href": href},
        "ended": g.ended,
        "parts": "，".join(f"{what} {n:,}" for what, n in parts.items()),
        "jump": {"text": jump, "tone": "look"} if jump else "",
        "tone": "look" if jump else "",
    }
