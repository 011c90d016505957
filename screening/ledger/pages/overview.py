"""What is unaccounted for in a round, by part, site, laboratory and box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.i18n import _, current_lang
from screening.ledger import parts, queries, service
from screening.ledger.api import SEERS, SIGN_READERS, own_sight
from screening.ledger.pages.frame import PAGE, bp, frame, lang
from screening.ledger.rules import PARTS, Balance
from screening.registry import desk_queries as desk
from screening.registry.queries import RoundPolicy
from screening.tube import words
from screening.tube.rules import GONE, Stage


def rounds_of() -> list[RoundPolicy]:
    held = current_actor().places(SEERS)
    return [p for p in desk.list_rounds(held) if p.started_at is not None]


@bp.get("/ledger")
@require(*SEERS, at=OWN_ROWS)
def overview() -> Any:
    """What is unaccounted for in a round, by part, site, laboratory and box."""
    rounds = rounds_of()
    asked = request.args.get("round", type=int)
    policy = next((p for p in rounds if p.round_id == asked), rounds[0] if rounds else None)
    if policy is None:
        return render_template("ledger/overview.html", **frame(None, rounds), balance=None)
    seen = service.look(policy.round_id, sight=own_sight(SEERS), at=clock.now())
    found = seen.balance()
    return render_template(
        "ledger/overview.html",
        **{**frame(policy, rounds), "as_of": seen.at},
        balance=found,
        parts=[part_line(policy.round_id, part, found) for part in PARTS],
        stages=stage_lines(found),
        places=place_lines(policy.round_id, seen.counts),
        boxes=[box_line(policy.round_id, b) for b in seen.boxes[:PAGE]],
        may_sign=current_actor().may(SIGN_READERS, desk.place_of_round(policy.round_id)),
    )


def part_line(round_id: int, part: str, found: Balance) -> dict[str, Any]:
    p, word = found.parts[part], PARTS[part]
    return {
        "part": part,
        "label": (word.zh, word.en)[lang()],
        "short": (word.short_zh, word.short_en)[lang()],
        "why": (word.why_zh, word.why_en)[lang()],
        "items": p.items,
        "open": p.open,
        "persons": p.persons,
        "coded": p.coded,
        "closed": p.closed,
        "tone": "look" if p.open else "ok",
        "href": url_for(".list_part", round_id=round_id, part=part),
    }


def stage_lines(found: Balance) -> list[dict[str, Any]]:
    out = []
    for stage, (tubes, persons) in sorted(found.stages.items()):
        gone = Stage(stage) in GONE
        group = _("已离链（有代码）") if gone else _("链上")
        if stage == Stage.RELEASED:
            group = _("已发布")
        out.append(
            {"stage": words.stage(stage, current_lang()), "group": group, "tubes": tubes,
             "persons": persons}
        )  # fmt: skip
    return out


def place_lines(round_id: int, counts: Sequence[parts.Count]) -> list[dict[str, Any]]:
    sites, labs = queries.names_of_places((c.site_id, c.lab_id) for c in counts)
    rows: dict[tuple[int | None, int | None], dict[str, Any]] = {}
    for c in counts:
        place = (c.site_id, None) if c.site_id else (None, c.lab_id)
        row = rows.setdefault(place, {"place": _place(place, sites, labs), "total": 0})
        narrow = {"site": place[0]} if place[0] else {"lab": place[1]}
        row["total"] += c.open
        href = url_for(".list_part", round_id=round_id, part=c.part, **narrow)
        held = row.get(c.part)
        n = c.open + (held["text"] if held else 0)
        row[c.part] = {"text": n, "href": href, "sort": n}
    return sorted(rows.values(), key=lambda r: (-r["total"], r["place"]))


def _place(place: tuple[int | None, int | None], sites: dict, labs: dict) -> str:
    return sites.get(place[0]) or labs.get(place[1]) or _("未知")


def box_line(round_id: int, b: parts.BoxCount) -> dict[str, Any]:
    href = url_for(".list_part", round_id=round_id, part=b.part, box=b.batch_id)
    return {
        "batch": str(b.batch_id),
        "part": (PARTS[b.part].zh, PARTS[b.part].en)[lang()],
        "n": {"text": b.n, "sort": b.n, "href": href},
    }
