"""Bulletins over HTTP: asked for, listed, read, added to, as files."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.bulletins import paper, queries, rhythm_queries, rhythms, service
from screening.bulletins import schemas as s
from screening.bulletins.printers import FORMS
from screening.bulletins.rhythm_rules import Every, Rhythm
from screening.bulletins.rules import Kind
from screening.bulletins.scopes import AREA, BULLETIN, MAKERS, READERS, RHYTHM, check
from screening.errors import NotFound
from screening.openapi import gives, takes

bp = Blueprint("bulletins_api", __name__, url_prefix="/api/v1")


@bp.get("/bulletins")
@require(*READERS, at=OWN_ROWS)
@takes(s.BulletinListAskSchema, "query")
@gives(s.BulletinLineSchema, many=True)
def list_bulletins(args: dict[str, Any]) -> Any:
    """Reports of the own areas, newest first; special reports are read on their page only."""
    held = current_actor().places(READERS)
    rows = queries.list_bulletins(held, round_id=args.get("round"), before=args.get("before"))
    return [r._asdict() for r in rows]


@bp.post("/bulletins")
@require(*MAKERS, at=AREA)
@takes(s.BulletinAskSchema)
@gives(s.BulletinJobSchema, 202)
def ask_bulletin(args: dict[str, Any]) -> Any:
    """Have a report frozen, at once or at a later cut-off; the worker makes it."""
    job = service.ask(
        Kind(args["kind"]), args["round_id"], args["area_id"], by=current_actor().staff_id,
        at=clock.now(), cut_off=args.get("cut_off"),
    )  # fmt: skip
    return {"job_id": job}


@bp.get("/bulletins/rhythms")
@require(*READERS, at=OWN_ROWS)
@gives(s.RhythmSchema, many=True)
def list_rhythms() -> Any:
    """Bulletins that make themselves in the own areas, each with its last cut-offs."""
    found = rhythm_queries.list_rhythms(current_actor().places(READERS))
    runs = rhythm_queries.list_runs([r.rhythm_id for r in found])
    return [
        {**r._asdict(), "runs": [u._asdict() for u in runs.get(r.rhythm_id, [])]} for r in found
    ]


@bp.post("/bulletins/rhythms")
@require(*MAKERS, at=AREA)
@takes(s.RhythmInSchema)
@gives(s.RhythmMadeSchema, 201)
def set_rhythm(args: dict[str, Any]) -> Any:
    """From now on the area's 日报 is frozen every day at a time, or every few hours of a round."""
    rhythm = Rhythm(Every(args["every"]), args["value"])
    by = current_actor().staff_id
    return {"rhythm_id": rhythms.set_rhythm(args["area_id"], rhythm, by=by, at=clock.now())}


@bp.post("/bulletins/rhythms/<int:rhythm_id>/end")
@require(*MAKERS, at=RHYTHM)
@gives(None, 204)
def end_rhythm(rhythm_id: int) -> Any:
    """No more of them; what was made stays."""
    rhythms.end_rhythm(rhythm_id, by=current_actor().staff_id, at=clock.now())
    return "", 204


@bp.get("/bulletins/<int:bulletin_id>")
@require(*READERS, at=BULLETIN)
@gives(s.BulletinSchema)
def get_bulletin(bulletin_id: int) -> Any:
    """A report as it was frozen, with its addenda and its digest; nothing personal is in it."""
    held = check(current_actor(), queries.get_bulletin(bulletin_id))
    addenda = [a._asdict() for a in held.addenda]
    return {**held.row._asdict(), "body": held.body, "digest": held.digest.hex(),
            "addenda": addenda}  # fmt: skip


@bp.get("/bulletins/<int:bulletin_id>/<form>")
@require(*READERS, at=BULLETIN)
def get_file(bulletin_id: int, form: str) -> Response:
    """The same as a file: pdf, xlsx or docx, byte for byte alike whenever it is printed."""
    held = check(current_actor(), queries.get_bulletin(bulletin_id))
    return file_of(held, form)


def file_of(
    held: queries.Held, form: str, personal: list[dict[str, Any]] | None = None, *, mark: str = ""
) -> Response:
    if form not in FORMS:
        raise NotFound()
    write, kind = FORMS[form]
    name = (
        f"bulletin-{held.row.kind}-{held.row.round_id}-{held.row.area_id}-{held.row.number}.{form}"
    )
    return Response(
        write(paper.paper(held, personal, mark=mark)), content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


@bp.post("/bulletins/<int:bulletin_id>/addenda")
@require(*MAKERS, at=BULLETIN)
@takes(s.AddendumInSchema)
@gives(s.AddendumMadeSchema, 201)
def add_addendum(args: dict[str, Any], bulletin_id: int) -> Any:
    """Correct a report by an addendum; what was frozen stays as it is."""
    check(current_actor(), queries.get_bulletin(bulletin_id))
    return {"seq": service.add(bulletin_id, args["text"], by=current_actor(), at=clock.now())}
