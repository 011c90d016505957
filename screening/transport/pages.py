"""Tube search and boxes on pages: where is it, since when, who had it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.i18n import _, current_lang, hms
from screening.transport import desk_queries, manifest, tracing
from screening.transport import words as box_words
from screening.transport.redirects import redirected
from screening.transport.rules import BatchStage
from screening.tube import words
from screening.tube.codes import CodeProblem, grouped
from screening.tube.labels import read_tube
from screening.tube.queries import NoSuchTube
from screening.tube.rules import GONE, Stage, Verb

bp = Blueprint("transport_pages", __name__)
PAGE = 100


def tongue() -> int:
    return 1 if current_lang() == "en" else 0


@bp.get("/tubes")
@require(*tracing.SEERS, at=OWN_ROWS)
def tubes() -> Any:
    """Scan a tube to see where it is."""
    return render_template("tube/search.html", last=None)


@bp.post("/tubes")
@require(*tracing.SEERS)
def find_tube() -> Any:
    """A scan leads to its tube; what is no tube's number never reaches an address."""
    try:
        number = read_tube(request.form.get("tube", "")[:200])
    except CodeProblem as p:
        last = {"text": "", "tone": "stop", "message": p.sentence(current_lang())}
        return render_template("tube/search.html", last=last), p.status
    return redirect(url_for(".tube", barcode=number), 303)


@bp.get("/tubes/<barcode>")
@require(*tracing.SEERS, at=OWN_ROWS)
def tube(barcode: str) -> Any:
    """One tube: stage, holder, deadline, custody, list, tickets."""
    try:
        number = read_tube(barcode)
    except CodeProblem:
        raise NoSuchTube() from None
    t = tracing.trace(current_actor(), number)
    return render_template("tube/tube.html", **tube_page(t))


def tube_page(t: tracing.Trace) -> dict[str, Any]:
    row, lang = t.tube, tongue()
    now = clock.now()
    late = bool(row and row["due_at"] and row["due_at"] < now)
    return {
        "t": t,
        "number": grouped(t.barcode),
        "row": row,
        "stage": tracing.stage_words(row["stage"])[lang] if row else _("空白标签"),
        "tone": stage_tone(row, late) if row else "unknown",
        "mode": words.MODES[row["mode"]][lang] if row and row["mode"] else None,
        "late": late,
        "late_minutes": (now - row["due_at"]).total_seconds() / 60 if row and late else None,
        "holder": t.holder[lang],
        "state": words.LABEL_STATES[t.label.state][lang] if t.label else None,
        "lines": [line_of(ln, lang) for ln in t.lines],
        "members": None
        if t.members is None
        else [
            {
                **m._asdict(),
                "state": {"tone": "ok" if not m.void else "unknown",
                          "text": tracing.void_words(m.void)[lang]},
            }
            for m in t.members
        ],
        "tickets": [
            {
                "kind": (k.zh, k.en)[lang],
                "weight": {"tone": {"hold": "stop", "ask": "look"}.get(k.weight, "unknown"),
                           "text": ticket_state(k.state)},
                "opened_at": k.opened_at,
                "due_at": k.due_at,
            }
            for k in t.tickets
        ],
        "as_of": now,
    }  # fmt: skip


def ticket_state(state: str) -> str:
    said = {"open": _("待处理"), "solved": _("待复查"), "closed": _("已关闭"), "noted": _("仅记录")}
    return said.get(state, state)


def stage_tone(row: dict[str, Any], late: bool) -> str:
    if row["stage"] in GONE and row["stage"] != Stage.VOID_EMPTY:
        return "stop"
    return "look" if row["holds"] or late else "ok"


def line_of(ln: tracing.Line, lang: int) -> dict[str, Any]:
    heard = _("服务器收到 %(at)s", at=hms(ln.recorded_at))
    link = words.LINKS.get(Stage(ln.stage)) if ln.stage else None
    count = _("%(n)s 人", n=ln.n) if ln.n is not None else ""
    return {
        "at": ln.at,
        "title": tracing.verb_words(ln)[lang] + (f" · {count}" if count else ""),
        "who": " · ".join(w for w in (ln.staff_no, ln.device) if w),
        "where": ln.place,
        "note": heard,
        "link": link,
        "late": ln.late,
    }


# --- boxes --------------------------------------------------------------------------------------


@bp.get("/boxes")
@require(*manifest.SEERS, at=OWN_ROWS)
def boxes() -> Any:
    """Trips of boxes within the own scope."""
    after = request.args.get("after", "")[:64]
    held = current_actor().places(manifest.SEERS)
    rows = desk_queries.list_batches(held, after=after, limit=PAGE)
    sent = redirected([(b.cell_id, b.batch_id) for b, _, _ in rows])
    return render_template(
        "transport/boxes.html", after=after,
        rows=[box_line(*r, elsewhere=(r[0].cell_id, r[0].batch_id) in sent) for r in rows],
        next=rows[-1][0].cursor if len(rows) == PAGE else None,
    )  # fmt: skip


def box_line(
    row: desk_queries.BatchRow, site: str, lab: str, *, elsewhere: bool = False
) -> dict[str, Any]:
    late = row.due_at is not None and row.due_at < clock.now()
    return {
        "href": url_for(".box", batch=row.wire_id) if row.wire_id else "",
        "box": row.box_code or "—",
        "seal": row.seal,
        "stage": {"tone": batch_tone(row, late), "text": stage_word(row.stage)},
        "site": site,
        "lab": {"text": lab, "sub": _("改送")} if elsewhere else lab,
        "known": row.known,
        "counted": row.counted,
        "received": row.received,
        "since": row.since,
        "due_at": row.due_at,
        "degrees": row.degrees,
    }


def stage_word(stage: int) -> str:
    return box_words.STAGES[BatchStage(stage)][tongue()]


def batch_tone(row: desk_queries.BatchRow, late: bool) -> str:
    if row.stage == BatchStage.DISCREPANT:
        return "stop"
    differs = row.counted is not None and row.counted != row.known
    return "look" if late or differs else "ok"


@bp.get("/boxes/<batch>")
@require(*manifest.SEERS, at=OWN_ROWS)
def box(batch: str) -> Any:
    """A trip's manifest, to look at and to print."""
    found = manifest.manifest(current_actor(), batch)
    lang = tongue()
    lines = [
        {
            "at": f.at,
            "title": box_words.FACTS[f.verb][lang],
            "who": f"{f.staff_no} → {f.to}" if f.to else f.staff_no,
            "where": f.place,
            "note": fact_note(f),
            "link": "deliver",
            "tone": "look" if f.difference else "",
        }
        for f in found.facts
        if not f.tube
    ]
    late = found.batch.due_at is not None and found.batch.due_at < clock.now()
    return render_template(
        "transport/box.html", m=found, lines=lines, stage=stage_word(found.batch.stage),
        tone=batch_tone(found.batch, late), as_of=clock.now(),
        elsewhere=any(f.verb == Verb.REDIRECT for f in found.facts),
    )  # fmt: skip


def fact_note(f: manifest.FactLine) -> str:
    said = []
    if f.reason:
        said.append(box_words.REDIRECTIONS.get(f.reason, ("", ""))[tongue()])
    if f.n is not None:
        said.append(_("点数 %(n)s", n=f.n))
    if f.degrees is not None:
        said.append(f"{f.degrees:g} °C")
    if f.difference:
        said.append(_("有差异，双方确认"))
    return " · ".join(said)
