"""Reminders over HTTP: the missed as a stream, contacts, visits, opt-outs, waves."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, current_app

from screening import clock
from screening.accounts import audit
from screening.accounts.guard import OWN_ROWS, area, by, current_actor, require
from screening.accounts.roles import Actor, Place, Role
from screening.i18n import current_lang
from screening.openapi import gives, takes
from screening.places import queries as places
from screening.registry.queries import get_policy
from screening.registry.scopes import PERSON, PERSON_IN_BODY
from screening.reminders import exports, queries, rules, service, waves
from screening.reminders import schemas as s
from screening.reminders.rules import State

bp = Blueprint("reminders_api", __name__, url_prefix="/api/v1")

READERS = (Role.COMMUNITY_WORKER, Role.DISTRICT_HEAD, Role.DISPATCHER, Role.ADMINISTRATOR)
CALLERS = (Role.COMMUNITY_WORKER, Role.DISTRICT_HEAD)
WAVERS = (Role.DISTRICT_HEAD, Role.ADMINISTRATOR)
WAVE = by("wave's area", "wave_id", lambda v: queries.place_of_wave(int(v)))
# who is to be visited: asked for, or not to be reached otherwise
TO_VISIT = (State.VISIT, State.UNREACHABLE)


def sees_all(actor: Actor, path: str) -> bool:
    """Phones and rooms are shown as they are to who works in that community; masked to others."""
    return actor.may([Role.COMMUNITY_WORKER], Place("area", 0, path))


# --- the missed ---------------------------------------------------------------------------------


@bp.get("/missed")
@require(*READERS, at=area("area"))
@takes(s.MissedListSchema, "query")
def export_missed(args: dict[str, Any]) -> Any:
    """Everybody missed in an area, streamed (csv, xlsx, ndjson): names masked, phones and rooms
    masked unless you work in that community."""
    actor = current_actor()
    node = queries.get_node(args["area"])
    get_policy(args["round"])
    form = args["format"]
    order = exports.Order(
        node, args["round"], (args["state"],) if "state" in args else (),
        lambda path: sees_all(actor, path), current_lang(), clock.now(),
    )  # fmt: skip
    audit.note(
        "exported_missed", "area", node.area_id, cell=node.cell_id,
        detail={"round": order.round_id, "format": form},
    )  # fmt: skip
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    body = exports.stream(app, order, form, app.extensions["settings"].instance / "tmp")
    response = Response(body, content_type=exports.FORMATS[form])
    name = f"missed-{node.code}-{order.round_id}.{form}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@bp.get("/visits")
@require(*CALLERS, at=area("area"))
@takes(s.HomeVisitsSchema, "query")
@gives(s.HomeVisitSchema, many=True)
def list_visits(args: dict[str, Any]) -> Any:
    """Whom to visit in a community, grid or building, by building and household."""
    return visits(queries.get_node(args["area"]), args["round"], current_actor())


def visits(node: queries.Node, round_id: int, actor: Actor) -> list[dict[str, Any]]:
    """Everybody in TO_VISIT, opened as far as the actor may see, each read audited."""
    out = []
    for community in queries.communities_of(node):
        full = sees_all(actor, community.path)
        found = queries.open_missed(
            community, round_id, at=clock.now(), within=node, states=[str(t) for t in TO_VISIT]
        )
        audit.note_read_person(community.cell_id, [p.person_id for p in found], why="visit_list")
        out += [visit(p, full) for p in found]
    return out


def visit(p: queries.Opened, full: bool) -> dict[str, Any]:
    building = places.find_area(p.missed.building_id) if p.missed.building_id else None
    return {
        "cell_id": p.cell_id,
        "person_id": p.person_id,
        "building": building.name if building else "",
        "unit": (p.details.unit or "") if full else "",
        "room": (p.details.room or "") if full else "",
        "name": rules.mask_name(p.details.name),
        "phone": (p.details.phone or "") if full else queries.seals.mask_phone(p.details.phone),
        "state": p.missed.state,
        "until": p.until,
    }


# --- contacts -----------------------------------------------------------------------------------


@bp.post("/contacts")
@require(*CALLERS, at=PERSON_IN_BODY)
@takes(s.ReminderContactInSchema)
@gives(s.ReminderContactMadeSchema, 201)
def add_contact(args: dict[str, Any]) -> Any:
    """What came of a call or a visit."""
    contact_id = service.note_contact(
        args["cell_id"], args["person_id"], args["round_id"], args["outcome"],
        kind=args["kind"], until=args["until"], by=current_actor().staff_id, at=clock.now(),
    )  # fmt: skip
    return {"contact_id": contact_id}


@bp.get("/contacts")
@require(*CALLERS, at=PERSON)
@takes(s.ReminderContactsSchema, "query")
@gives(s.ReminderContactSchema, many=True)
def list_contacts(args: dict[str, Any]) -> Any:
    """What was tried with one person in a round, the latest first."""
    audit.note_read_person(args["cell"], [args["person_id"]], why="contacts")
    return queries.list_contacts(args["cell"], args["round"], args["person_id"])


@bp.post("/opt-outs")
@require(*CALLERS, at=PERSON_IN_BODY)
@takes(s.OptOutSchema)
@gives(None, 204)
def opt_out(args: dict[str, Any]) -> Any:
    """No more messages to this person's phone, or again."""
    service.opt_out(args["cell_id"], args["person_id"], out=args["out"], at=clock.now())
    return "", 204


# --- waves --------------------------------------------------------------------------------------


@bp.post("/waves")
@require(*WAVERS, at=area("area_id"))
@takes(s.WaveInSchema)
@gives(s.WaveSchema, 201)
def draft_wave(args: dict[str, Any]) -> Any:
    """Write a wave of messages down; nothing is sent yet."""
    values = {f: args[f] for f in rules.FIELDS}
    return waves.draft(
        args["round_id"], args["area_id"], args["template"], values,
        by=current_actor(), at=clock.now(),
    )  # fmt: skip


@bp.get("/waves")
@require(*READERS, at=OWN_ROWS)
@takes(s.WavesSchema, "query")
@gives(s.WaveSchema, many=True)
def list_waves(args: dict[str, Any]) -> Any:
    """Waves of areas within the own scope, the newest first."""
    held = current_actor().places(READERS)
    return queries.list_waves(held, round_id=args.get("round"), before=args.get("before"))


@bp.get("/waves/<int:wave_id>")
@require(*READERS, at=WAVE)
@gives(s.WaveDetailSchema)
def get_wave(wave_id: int) -> Any:
    """One wave with what became of its messages."""
    wave = queries.get_wave(wave_id)
    return wave._asdict() | {
        "messages": queries.count_messages(wave),
        "came": queries.count_came(wave),
    }


@bp.post("/waves/<int:wave_id>/preview")
@require(*WAVERS, at=WAVE)
@gives(s.WaveSchema)
def preview_wave(wave_id: int) -> Any:
    """Count whom it would reach and whom not, and why; a job where the area is large."""
    waves.preview_soon(wave_id, at=clock.now())
    return queries.get_wave(wave_id)


@bp.post("/waves/<int:wave_id>/start")
@require(*WAVERS, at=WAVE)
@takes(s.WaveStartSchema)
@gives(s.WaveJobSchema, 202)
def start_wave(wave_id: int, args: dict[str, Any]) -> Any:
    """Set it going; people are left out whose catchment has silent phones, unless you decide."""
    job_id = waves.start(
        wave_id, include_silent=args["include_silent"], by=current_actor(), at=clock.now()
    )
    return {"job_id": job_id}


@bp.post("/waves/<int:wave_id>/cancel")
@require(*WAVERS, at=WAVE)
@gives(None, 204)
def cancel_wave(wave_id: int) -> Any:
    """Write no more of it and send nothing that still waits."""
    waves.cancel(wave_id, by=current_actor(), at=clock.now())
    return "", 204
