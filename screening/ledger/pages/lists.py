"""The list behind one number: each thing with its last scan; explained here, closed by another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask import g as current

from screening import clock
from screening.accounts.doors import door
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.queries import names_of
from screening.db import db
from screening.errors import Problem
from screening.i18n import _, current_lang, dt
from screening.ledger import parts, queries, service
from screening.ledger.api import CLOSERS, EXPLAINERS, SEERS, own_sight
from screening.ledger.pages.frame import PAGE, bp, frame, lang
from screening.ledger.parts import WHY, Item
from screening.ledger.rules import EXPLANATIONS, PARTS
from screening.registry.queries import get_policy
from screening.tube import words


@bp.get("/ledger/<int:round_id>/parts/<part>")
@require(*SEERS, at=OWN_ROWS)
def list_part(round_id: int, part: str) -> Any:
    """The list behind one number: each thing, since when, and the last scan of it."""
    return render_template("ledger/part.html", **part_page(round_id, part))


def part_page(round_id: int, part: str) -> dict[str, Any]:
    if part not in PARTS:
        raise service.NoSuchPart()
    policy, after = get_policy(round_id), request.args.get("after", "")
    narrow: dict[str, Any] = {k: request.args.get(k, type=int) for k in ("site", "lab", "box")}
    items = parts.list_items(
        part, round_id, at=clock.now(), sight=own_sight(SEERS), after=after, limit=PAGE, **narrow
    )
    scans = queries.last_scans(round_id, items)
    sites, labs = queries.names_of_places((i.site_id, i.lab_id) for i in items)
    people = names_of([s.staff_id for s in scans.values()] + [i.made_by for i in items])
    actor, word = current_actor(), PARTS[part]
    asked: dict[str, Any] = {k: v for k, v in narrow.items() if v}
    last = items[-1].subject_id if len(items) == PAGE else ""
    return {
        **frame(policy, []),
        "part": part,
        "title": (word.zh, word.en)[lang()],
        "why": (word.why_zh, word.why_en)[lang()],
        "rows": [item_line(i, scans.get(i.subject_id), sites, labs, people) for i in items],
        "codes": [(code, pair[lang()]) for code, pair in EXPLANATIONS.items()],
        "may_explain": bool(actor.places(EXPLAINERS)),
        "may_close": bool(actor.places(CLOSERS)),
        "next": last and url_for(".list_part", round_id=round_id, part=part, after=last, **asked),
        "first": after and url_for(".list_part", round_id=round_id, part=part, **asked),
    }


def item_line(
    i: Item, scan: queries.Scan | None, sites: dict, labs: dict, people: dict
) -> dict[str, Any]:
    states = {
        "open": ("look", _("未说明")),
        "coded": ("unknown", _("已说明，待核销")),
        "closed": ("ok", _("已核销")),
    }
    tone, text = states[i.state]
    tube = i.stage is not None and i.part != "counted"
    said = [words.verb(scan.verb, current_lang())] if scan else []
    if scan and scan.staff_id in people:
        said.append(people[scan.staff_id][0])
    return {
        "subject_id": i.subject_id,
        "subject": i.subject_id,
        "href": door("transport_pages.tube", barcode=i.subject_id) if tube else "",
        "stage": words.stage(i.stage, current_lang()) if tube and i.stage is not None else "—",
        "place": sites.get(i.site_id) or labs.get(i.lab_id) or "—",
        "why": WHY[i.why][lang()],
        "n": i.n,
        "persons": i.persons,
        "since": i.since,
        "due_at": i.due_at,
        "scan": {"text": " ".join(said), "sub": dt(scan.at)} if scan else "—",
        "state": {"tone": tone, "text": text},
        "said": _said(i, people),
    }


def _said(i: Item, people: dict) -> str:
    if i.code is None:
        return ""
    by = people.get(i.made_by, ("",))[0]
    return " · ".join(x for x in (EXPLANATIONS[i.code][lang()], i.note or "", by) if x)


@bp.post("/ledger/<int:round_id>/parts/<part>/explain")
@require(*EXPLAINERS, at=OWN_ROWS)
def explain(round_id: int, part: str) -> Any:
    """Code the chosen lines; the same list comes back."""
    subjects = request.form.getlist("subjects")[:PAGE]
    code, text = request.form.get("code", ""), request.form.get("note", "").strip()[:200]
    return _act(
        round_id, part,
        lambda: service.explain(
            round_id, part, subjects, code, text or None, by=current_actor(),
            sight=own_sight(EXPLAINERS), at=clock.now(),
        ),
        _("已说明，等待另一人核销"),
    )  # fmt: skip


@bp.post("/ledger/<int:round_id>/parts/<part>/close")
@require(*CLOSERS, at=OWN_ROWS)
def close(round_id: int, part: str) -> Any:
    """Agree as the second person with the chosen lines."""
    subjects = request.form.getlist("subjects")[:PAGE]
    return _act(
        round_id, part,
        lambda: service.close(
            round_id, part, subjects, by=current_actor(), sight=own_sight(CLOSERS), at=clock.now()
        ),
        _("已核销"),
    )  # fmt: skip


def _act(round_id: int, part: str, act: Callable[[], int], said: str) -> Any:
    try:
        n = act()
    except Problem as p:
        if p.status in (403, 404):
            raise
        current.failed = True
        db.session.rollback()
        page = render_template(
            "ledger/part.html", **part_page(round_id, part), sentence=p.sentence(current_lang())
        )
        return Response(page, p.status)
    flash(f"{said} · {n}", "ok")
    return redirect(url_for(".list_part", round_id=round_id, part=part), 303)
