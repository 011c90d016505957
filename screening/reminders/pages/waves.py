"""Waves of messages: drafted, looked at, set going, looked back on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from flask import (
    Response,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from screening import clock, outbox
from screening.accounts import audit
from screening.accounts import queries as accounts
from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.db import db
from screening.errors import Faults, NotFound, Problem
from screening.forms import undo
from screening.i18n import ZONE, _, current_lang
from screening.places import queries as places
from screening.registry import seals
from screening.registry.queries import ROUNDS, RoundPolicy, find_policy
from screening.registry.rules import RoundState
from screening.registry.service.persons import ring
from screening.reminders import doubt, queries, receipts, rules, waves
from screening.reminders.api import DECIDERS, READERS, WAVE, WAVERS, sees_all
from screening.reminders.pages.frame import (
    PAGE,
    bp,
    own_areas,
    said,
    the_round,
)


@bp.get("/waves", endpoint="waves")
@require(*READERS, at=OWN_ROWS)
def list_waves() -> Any:
    """Waves of the own areas, the newest first."""
    before = request.args.get("before", type=int)
    found = queries.list_waves(current_actor().places(READERS), before=before, limit=PAGE)
    unknown = queries.count_unknown(found)
    return render_template(
        "reminders/waves.html", rows=[{**wave_line(w), "unknown": unknown.get(w.wave_id, 0)} for w in found],
        next=url_for(".waves", before=found[-1].wave_id) if len(found) == PAGE else "",
        first=url_for(".waves") if before else "",
        areas=[(n.area_id, n.name) for n in own_areas(current_actor(), WAVERS)],
        ahead=[(p.round_id, p.name) for p in rounds_ahead()],
    )  # fmt: skip


def rounds_ahead() -> list[RoundPolicy]:
    """Approved rounds that have not begun, the next first."""
    found = [p for p in ROUNDS.get().values() if p.state == RoundState.SCHEDULED]
    return sorted(found, key=lambda p: p.starts_at)


def state_words() -> dict[str, tuple[str, str]]:
    return {
        waves.DRAFT: ("unknown", _("草稿")), waves.RUNNING: ("look", _("生成中")),
        waves.DONE: ("ok", _("已生成")), waves.CANCELLED: ("stop", _("已作废")),
    }  # fmt: skip


def wave_line(w: queries.WaveRow) -> dict[str, Any]:
    node, policy = places.find_area(w.area_id), find_policy(w.round_id)
    tone, word = state_words()[w.state]
    return {
        "href": url_for(".wave", wave_id=w.wave_id),
        "made_at": w.made_at,
        "area": node.name if node else "",
        "round": policy.name if policy else "",
        "template": said(rules.TEMPLATES[w.template]),
        "messages": (w.counts or {}).get("messages"),
        "state": {"tone": tone, "text": word},
    }


@bp.get("/waves/new/<int:area_id>")
@require(*WAVERS, at=area("area_id"))
def new_wave(area_id: int) -> Any:
    """The form of a wave over an area."""
    return render_template("reminders/new_wave.html", **wave_form(area_id))


def wave_form(area_id: int) -> dict[str, Any]:
    asked = request.form.get("round_id", 0, type=int)
    policy = find_policy(asked) if asked else the_round()
    ahead = policy is not None and policy.state == RoundState.SCHEDULED
    place = places.place_of_area(area_id)
    sites = places.list_sites([place], limit=2)
    site = sites[0] if len(sites) == 1 else None
    return {
        "node": queries.get_node(area_id),
        "policy": policy,
        "ahead": ahead,
        "templates": [(k, said(t)) for k, t in rules.TEMPLATES.items() if t.before == ahead],
        "form": request.form or {
            "template": request.args.get("template", "missed"),
            "place": site.name if site and not ahead else "",
            "hours": (site.opens or "") if site and not ahead else "",
            "phone": (site.phone or "") if site else "",
        },
        "most": rules.MOST_IN_FIELD,
        "last": rules.LAST_WORDS,
    }  # fmt: skip


@bp.post("/waves")
@require(*WAVERS, at=area("area_id"))
def draft_wave() -> Any:
    """Write a wave down and count whom it would reach."""
    area_id = request.form.get("area_id", 0, type=int)
    values = {f: request.form.get(f, "") for f in rules.FIELDS}
    actor, now = current_actor(), clock.now()
    try:
        made = waves.draft(
            request.form.get("round_id", 0, type=int), area_id, request.form.get("template", ""),
            values, by=actor, at=now,
        )  # fmt: skip
    except Problem as problem:
        g.failed = True
        db.session.rollback()
        faults = problem.faults if isinstance(problem, Faults) else []
        page = render_template(
            "reminders/new_wave.html", faults=faults,
            sentence=problem.sentence(current_lang()), **wave_form(area_id),
        )  # fmt: skip
        return make_response(page, problem.status)
    waves.preview_soon(made.wave_id, at=now)
    return redirect(url_for(".wave", wave_id=made.wave_id), 303)


@bp.get("/waves/<int:wave_id>")
@require(*READERS, at=WAVE)
def wave(wave_id: int) -> Any:
    """One wave: its text, whom it reaches and whom not, what became of its messages."""
    w = queries.get_wave(wave_id)
    counts = w.counts or {}
    found = counts.get("preview") if w.state == waves.DRAFT else counts
    messages = queries.count_messages(w)
    in_doubt = doubtful(w) if messages.get(receipts.UNKNOWN) else []
    names = accounts.names_of([w.made_by, w.silent_by])
    silent = counts.get("preview", {}).get("silent", {})
    return render_template(
        "reminders/wave.html", w=w, line=wave_line(w), found=found,
        text=rules.fill(w.text, ["张*", "李*"], *open_words(w)),
        left=[(said(rules.LEFT_OUT[k]), n) for k, n in (found or {}).get("left_out", {}).items()],
        silent=[silent_line(int(c), devices) for c, devices in silent.items()],
        messages=[(message_word(k), n) for k, n in sorted(messages.items())],
        outcome=queries.outcome_of(w, at=clock.now()), made_by=names.get(w.made_by, ("", ""))[1],
        silent_by=names.get(w.silent_by or 0, ("", ""))[1], may_send=may_send_wave(w),
        in_doubt=in_doubt, begins_at=begins_at(),
        may_decide=current_actor().may(DECIDERS, places.place_of_area(w.area_id)),
        not_now=not_now(w),
        quiet=f"{rules.QUIET.start:%H:%M}-{rules.QUIET.end:%H:%M}",
    )  # fmt: skip


def not_now(w: queries.WaveRow) -> str:
    """Why a draft cannot be started at this point of its round; empty when it can."""
    try:
        if w.state == waves.DRAFT:
            waves.check_time(w)
    except Problem as problem:
        return problem.sentence(current_lang())
    return ""


def open_words(w: queries.WaveRow) -> tuple[str, str]:
    """What stands for the place and the hours that each message fills in."""
    if rules.TEMPLATES[w.template].before:
        return _("（本楼的采样点）"), _("（本楼的时段）")
    return _("（最近的采样点）"), _("（开放时间）")


def begins_at() -> datetime | None:
    """When messages may leave, where these are quiet hours."""
    now = clock.now()
    begins = rules.may_send_at(now, ZONE)
    return begins if begins > now else None


def doubtful(w: queries.WaveRow) -> list[dict[str, Any]]:
    """Messages of which nobody knows what became; whom they name is audited."""
    keys, out, now = ring(), [], clock.now()
    read: dict[int, list[int]] = {}
    for m in queries.list_unknown(w):
        body = orjson.loads(keys.open(m.sealed, outbox.AAD)) if m.sealed else {}
        for person in body.get("who", []):
            read.setdefault(person[0], []).append(person[1])
        node = places.find_area(m.community_id)
        full = node is not None and sees_all(current_actor(), node.path)
        out.append({
            "names": rules.who([p[3] for p in body.get("who", [])]),
            "phone": seals.mask_phone(body.get("phone")),
            "tel": body.get("phone") if full else "",
            "community": node.name if node else "",
            "sent_at": m.sent_at,
            "late": now - m.made_at > rules.MESSAGE_LIFE,
            "act": {"cell_id": m.cell_id, "message_id": m.message_id},
        })  # fmt: skip
    for cell, persons in read.items():
        audit.note_read_person(cell, persons, why="message_unknown")
    return out


@bp.post("/waves/<int:wave_id>/unknown")
@require(*DECIDERS, at=WAVE)
def decide_message(wave_id: int) -> Response:
    """A person's word on a message of which nobody knows what became."""
    verdict = request.form.get("do", "")
    if verdict not in rules.VERDICTS:
        raise NotFound()
    cell, message_id = (request.form.get(f, 0, type=int) for f in ("cell_id", "message_id"))
    doubt.decide(wave_id, cell, message_id, verdict, by=current_actor(), at=clock.now())
    flash(_("已记录。"), "ok")
    return redirect(url_for(".wave", wave_id=wave_id), 303)  # type: ignore[return-value]


def may_send_wave(w: queries.WaveRow) -> bool:
    return current_actor().may(WAVERS, places.place_of_area(w.area_id))


def silent_line(community: int, devices: Sequence[str]) -> dict[str, Any]:
    node = places.find_area(community)
    return {"name": node.name if node else str(community), "devices": len(devices)}


def message_word(key: str) -> str:
    state, _dash, why = key.partition(":")
    words = {
        "waiting": _("等待发送"), "sent": _("已发出"), "delivered": _("已送达"),
        "failed": _("发送失败"), "dropped": _("未发"), "outcome_unknown": _("结果不明"),
    }  # fmt: skip
    return f"{words[state]}：{said(rules.DROPPED[why])}" if why in rules.DROPPED else words[state]


@bp.post("/waves/<int:wave_id>/preview")
@require(*WAVERS, at=WAVE)
def preview_wave(wave_id: int) -> Any:
    """Count again."""
    waves.preview_soon(wave_id, at=clock.now())
    return redirect(url_for(".wave", wave_id=wave_id), 303)


@bp.post("/waves/<int:wave_id>/start")
@require(*WAVERS, at=WAVE)
def start_wave(wave_id: int) -> Response:
    """Set it going; a draft that cannot be started says why on its own page."""
    try:
        waves.start(
            wave_id, include_silent=request.form.get("include_silent") == "1",
            by=current_actor(), at=clock.now(),
        )  # fmt: skip
    except Problem as problem:
        flash(undo(problem)[0], "look")
    return redirect(url_for(".wave", wave_id=wave_id), 303)  # type: ignore[return-value]


@bp.post("/waves/<int:wave_id>/cancel")
@require(*WAVERS, at=WAVE)
def cancel_wave(wave_id: int) -> Response:
    """Send nothing more of it."""
    waves.cancel(wave_id, by=current_actor(), at=clock.now())
    return redirect(url_for(".wave", wave_id=wave_id), 303)  # type: ignore[return-value]
