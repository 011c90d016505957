"""Pages of reminders: the missed by building and household, waves, whom to visit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    g,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)

from screening import clock
from screening.accounts import audit
from screening.accounts import queries as accounts
from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.accounts.roles import Actor
from screening.coverage.queries import children_of, coverage_of
from screening.db import db
from screening.errors import Faults, NotFound, Problem
from screening.i18n import _, current_lang
from screening.places import queries as places
from screening.places.queries import Node
from screening.places.rules import COMMUNITY
from screening.registry.queries import RoundPolicy, find_policy, get_policy, open_rounds
from screening.registry.scopes import PERSON_IN_BODY
from screening.reminders import queries, rules, service, waves
from screening.reminders.api import CALLERS, READERS, WAVE, WAVERS, sees_all, visit, visits
from screening.reminders.exports import FORMATS
from screening.reminders.rules import Word

bp = Blueprint("reminders_pages", __name__)
PAGE = 100
TONES = {"resample": "stop", "visit": "look", "unreachable": "look"}


def said(word: Word | rules.Outcome | rules.Template) -> str:
    return word.en if current_lang() == "en" else word.zh


def the_round() -> RoundPolicy | None:
    """The round asked for, else the latest that is open."""
    asked = request.args.get("round", type=int)
    if asked:
        return get_policy(asked)
    return max(open_rounds(), key=lambda p: p.round_id, default=None)


def own_areas(actor: Actor, roles: Sequence[Any]) -> list[Node]:
    """The areas over which one of `roles` is held; the whole city's top for everywhere."""
    held = actor.places(roles)
    if any(p.kind == "all" for p in held):
        nodes = places.TREE.get().by_id.values()
        return [n for n in nodes if n.parent_id is None]
    return [n for p in held if p.kind == "area" and (n := places.find_area(p.id))]


# --- the missed ---------------------------------------------------------------------------------


@bp.get("/missed", endpoint="missed")
@require(*READERS, at=OWN_ROWS)
def missed_areas() -> Any:
    """Where to begin: the own areas; straight in when there is one."""
    return begin(".missed_in", own_areas(current_actor(), READERS))


def begin(endpoint: str, nodes: Sequence[Node]) -> Any:
    policy = the_round()
    asked: dict[str, Any] = {"round": policy.round_id} if policy else {}
    if len(nodes) == 1:
        return redirect(url_for(endpoint, area_id=nodes[0].area_id, **asked), 303)
    rows = [
        {"href": url_for(endpoint, area_id=n.area_id, **asked), "name": n.name, "code": n.code}
        for n in nodes
    ]
    return render_template("reminders/areas.html", rows=rows)


@bp.get("/missed/<int:area_id>")
@require(*READERS, at=area("area_id"))
def missed_in(area_id: int) -> Any:
    """The missed of an area: below the community by name, above it by number."""
    node, policy = queries.get_node(area_id), the_round()
    if policy is None:
        return render_template("reminders/areas.html", rows=[])
    now = clock.now()
    row = coverage_of(area_id, policy.round_id, at=now)
    parts = [
        {"label": said(w), "count": getattr(row, s), "tone": TONES.get(s, "unknown"),
         "href": url_for(".missed_in", area_id=area_id, round=policy.round_id, state=s)}
        for s, w in rules.STATES.items() if getattr(row, s)
    ]  # fmt: skip
    exports = [
        {"label": form.upper(), "href": url_for(
            "reminders_api.export_missed", area=area_id, round=policy.round_id, format=form)}
        for form in FORMATS
    ]  # fmt: skip
    shared = {
        "node": node, "policy": policy, "row": row, "parts": parts, "exports": exports,
        "trail": trail(node, policy.round_id), "may_send": may_send(node),
    }  # fmt: skip
    if node.level < COMMUNITY:
        children = [child(n, r, policy.round_id) for n, r in children_of(area_id, policy.round_id,
                                                                        at=now)]  # fmt: skip
        return render_template("reminders/missed_areas.html", children=children, **shared)
    return render_template("reminders/missed.html", **shared, **people(node, policy))


def trail(node: Node, round_id: int) -> list[tuple[str, str]]:
    """The areas above, as far as the actor reaches."""
    held = [p.path for p in current_actor().places(READERS)]
    return [
        (n.name, url_for(".missed_in", area_id=n.area_id, round=round_id))
        for n in places.line_above(node)
        if any(n.path.startswith(path) for path in held)
    ]


def may_send(node: Node) -> bool:
    return current_actor().may(WAVERS, places.place_of_area(node.area_id))


def child(node: Node, row: Any, round_id: int) -> dict[str, Any]:
    return {
        "href": url_for(".missed_in", area_id=node.area_id, round=round_id),
        "name": node.name,
        "missed": (row.missed, row.due),
        **{str(s): getattr(row, s) for s in rules.State},
    }


def people(node: Node, policy: RoundPolicy) -> dict[str, Any]:
    """One page of the missed by building and household; each person shown is audited."""
    actor, state = current_actor(), request.args.get("state", "")
    (community,) = queries.communities_of(node)
    full = sees_all(actor, community.path)
    found = queries.open_missed(
        community, policy.round_id, at=clock.now(), within=node, states=(state,) if state else ()
    )
    after = request.args.get("after", "")
    rest = [p for p in found if position(p) > after][: PAGE + 1]
    shown = rest[:PAGE]
    audit.note_read_person(community.cell_id, [p.person_id for p in shown], why="missed_list")
    more: dict[str, Any] = {"round": policy.round_id, "state": state or None}
    more["area_id"] = node.area_id
    return {
        "rows": [line(p, full) for p in shown],
        "total": len(found),
        "state": state,
        "states": [(str(s), said(w)) for s, w in rules.STATES.items()],
        "choices": choices(),
        "may_call": actor.may(CALLERS, places.place_of_area(community.area_id)),
        "next": url_for(".missed_in", after=position(shown[-1]), **more)
        if len(rest) > PAGE else "",
        "first": url_for(".missed_in", **more) if after else "",
        "back": request.full_path,
    }  # fmt: skip


def position(p: queries.Opened) -> str:
    """Where a person stands in the order of building, household, person."""
    m = p.missed
    far = (1 << 63) - 1
    return f"{m.building_id or far:020d}.{m.household_id or far:020d}.{m.person_id:020d}"


def line(p: queries.Opened, full: bool) -> dict[str, Any]:
    row = visit(p, full)
    state = rules.State(p.missed.state)
    door = "-".join(part for part in (row["unit"], row["room"]) if part)
    return {
        **row,
        "door": door,
        "state": {"tone": TONES.get(state, "unknown"), "text": said(rules.STATES[state])},
        "tel": row["phone"] if full else "",
        "tone": "stop" if state == rules.State.RESAMPLE else "",
    }


def choices() -> list[tuple[str, str]]:
    """What a second tap may say: outcomes, those with a time with their usual one."""
    out = []
    for code, outcome in rules.CONTACT_OUTCOMES.items():
        hours = rules.QUICK_HOURS.get(code)
        text = said(outcome)
        out.append((code, _("%(what)s（%(h)s 小时）", what=text, h=hours) if hours else text))
    return out


@bp.post("/missed/contact")
@require(*CALLERS, at=PERSON_IN_BODY)
def add_contact() -> Any:
    """What came of a call or a visit, in two taps."""
    outcome, now = request.form.get("do", ""), clock.now()
    hours = rules.QUICK_HOURS.get(outcome)
    kind = request.form.get("kind", "call")
    if kind not in rules.CONTACT_KINDS:
        raise NotFound()
    cell, person_id = (request.form.get(f, 0, type=int) for f in ("cell_id", "person_id"))
    if outcome == "opt_out":
        service.opt_out(cell, person_id, at=now)
    else:
        service.note_contact(
            cell, person_id, request.form.get("round_id", 0, type=int), outcome, kind=kind,
            until=now + timedelta(hours=hours) if hours else None,
            by=current_actor().staff_id, at=now,
        )  # fmt: skip
    flash(_("已记录。"), "ok")
    return redirect(_back(url_for(".missed")), 303)


def _back(otherwise: str) -> str:
    back = request.form.get("back", "")
    return back if back.startswith(("/missed", "/visits")) else otherwise


# --- visits -------------------------------------------------------------------------------------


@bp.get("/visits", endpoint="visits")
@require(*CALLERS, at=OWN_ROWS)
def visit_areas() -> Any:
    """Where to begin: the own areas; straight in when there is one."""
    return begin(".visit_list", own_areas(current_actor(), CALLERS))


@bp.get("/visits/<int:area_id>")
@require(*CALLERS, at=area("area_id"))
def visit_list(area_id: int) -> Any:
    """Whom to visit, by building and household; made to be printed."""
    node, policy = queries.get_node(area_id), the_round()
    if policy is None or node.level < COMMUNITY:
        below = [n for n in queries.communities_of(node)] if policy else []
        return begin(".visit_list", below)
    rows = visits(node, policy.round_id, current_actor())
    for row in rows:
        state = rules.State(row["state"])
        row["state"] = {"tone": TONES.get(state, "unknown"), "text": said(rules.STATES[state])}
        row["door"] = "-".join(part for part in (row["unit"], row["room"]) if part)
    return render_template(
        "reminders/visits.html", node=node, policy=policy, rows=rows, choices=choices(),
        back=request.full_path,
    )  # fmt: skip


# --- waves --------------------------------------------------------------------------------------


@bp.get("/waves", endpoint="waves")
@require(*READERS, at=OWN_ROWS)
def list_waves() -> Any:
    """Waves of the own areas, the newest first."""
    before = request.args.get("before", type=int)
    found = queries.list_waves(current_actor().places(READERS), before=before, limit=PAGE)
    return render_template(
        "reminders/waves.html", rows=[wave_line(w) for w in found],
        next=url_for(".waves", before=found[-1].wave_id) if len(found) == PAGE else "",
        first=url_for(".waves") if before else "",
        areas=[(n.area_id, n.name) for n in own_areas(current_actor(), WAVERS)],
    )  # fmt: skip


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
    policy = the_round()
    place = places.place_of_area(area_id)
    sites = places.list_sites([place], limit=2)
    site = sites[0] if len(sites) == 1 else None
    return {
        "node": queries.get_node(area_id),
        "policy": policy,
        "templates": [(k, said(t)) for k, t in rules.TEMPLATES.items()],
        "form": request.form or {
            "template": "missed",
            "place": site.name if site else "",
            "hours": (site.opens or "") if site else "",
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
    names = accounts.names_of([w.made_by, w.silent_by])
    silent = counts.get("preview", {}).get("silent", {})
    return render_template(
        "reminders/wave.html", w=w, line=wave_line(w), found=found,
        text=rules.fill(w.text, ["张*", "李*"]),
        left=[(said(rules.LEFT_OUT[k]), n) for k, n in (found or {}).get("left_out", {}).items()],
        silent=[silent_line(int(c), devices) for c, devices in silent.items()],
        messages=[(message_word(k), n) for k, n in sorted(messages.items())],
        came=queries.count_came(w), made_by=names.get(w.made_by, ("", ""))[1],
        silent_by=names.get(w.silent_by or 0, ("", ""))[1], may_send=may_send_wave(w),
        quiet=f"{rules.QUIET.start:%H:%M}-{rules.QUIET.end:%H:%M}",
    )  # fmt: skip


def may_send_wave(w: queries.WaveRow) -> bool:
    return current_actor().may(WAVERS, places.place_of_area(w.area_id))


def silent_line(community: int, devices: Sequence[str]) -> dict[str, Any]:
    node = places.find_area(community)
    return {"name": node.name if node else str(community), "devices": len(devices)}


def message_word(key: str) -> str:
    state, _dash, why = key.partition(":")
    words = {
        "waiting": _("等待发送"), "sent": _("已发出"), "delivered": _("已送达"),
        "failed": _("发送失败"), "dropped": _("未发"),
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
    """Set it going."""
    waves.start(
        wave_id, include_silent=request.form.get("include_silent") == "1", by=current_actor(),
        at=clock.now(),
    )  # fmt: skip
    return redirect(url_for(".wave", wave_id=wave_id), 303)  # type: ignore[return-value]


@bp.post("/waves/<int:wave_id>/cancel")
@require(*WAVERS, at=WAVE)
def cancel_wave(wave_id: int) -> Response:
    """Send nothing more of it."""
    waves.cancel(wave_id, by=current_actor(), at=clock.now())
    return redirect(url_for(".wave", wave_id=wave_id), 303)  # type: ignore[return-value]
