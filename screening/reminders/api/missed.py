"""The missed over HTTP: the list as a stream, visits, contacts, opt-outs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from flask import Flask, Response, current_app

from screening import clock
from screening.accounts import audit
from screening.accounts.guard import area, current_actor, require
from screening.accounts.roles import Actor
from screening.coverage.queries import coverage_of
from screening.db import by_cell
from screening.exports.service import take_open
from screening.i18n import current_lang, dt
from screening.openapi import gives, takes
from screening.places import queries as places
from screening.places.queries import Node
from screening.registry import seals
from screening.registry.queries import get_policy
from screening.registry.rules import Flag
from screening.registry.scopes import PERSON, PERSON_IN_BODY
from screening.reminders import exports, queries, rules, service
from screening.reminders import schemas as s
from screening.reminders.api.frame import CALLERS, READERS, bp, sees_all
from screening.reminders.opened import may_open


@bp.get("/missed")
@require(*READERS, at=area("area"))
@takes(s.MissedListSchema, "query")
def export_missed(args: dict[str, Any]) -> Any:
    """Everybody missed in an area, streamed (csv, xlsx, ndjson): names masked, phones and rooms
    masked unless you work in that community; then it counts against the day's files with open phones."""
    actor = current_actor()
    node = queries.get_node(args["area"])
    get_policy(args["round"])
    form = args["format"]
    order = exports.Order(
        node, args["round"], s.wanted(args), lambda path: sees_all(actor, path), current_lang(),
        clock.now(), f"{actor.staff_no} {dt(clock.real_now())}",
    )  # fmt: skip
    if any(sees_all(actor, queries.innermost(node, n).path) for n in queries.communities_of(node)):
        rows = coverage_of(node.area_id, order.round_id, at=order.at).missed
        take_open("area", node.area_id, rows, by=actor)
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


def visits(node: Node, round_id: int, actor: Actor) -> list[dict[str, Any]]:
    """Everybody whom rules.to_visit names, as far as the actor may see, each read audited."""
    out = []
    for community in queries.communities_of(node):
        now = clock.now()
        found = queries.open_visits(community, round_id, at=now, within=node)
        full = may_open(actor, queries.innermost(node, community).path, pairs_of(found), at=now)
        note_reads(found, why="visit_list")
        out += [visit(p, full) for p in found]
    return out


def note_reads(found: Iterable[queries.Opened], *, why: str) -> None:
    note_pairs(pairs_of(found), why=why)


def pairs_of(found: Iterable[queries.Opened]) -> list[tuple[int, int]]:
    return [(p.cell_id, p.person_id) for p in found]


def note_pairs(pairs: Iterable[tuple[int, int]], *, why: str) -> None:
    """A line for each person shown, in the cell where he or she is stored."""
    for cell, group in by_cell(sorted(pairs)):
        audit.note_read_person(cell, [person for _, person in group], why=why)


def shown(building_id: int | None, details: seals.Details, full: bool) -> dict[str, Any]:
    """A person's door, masked name and phone; phone and room as they are for `full` only."""
    building = places.find_area(building_id) if building_id else None
    return {
        "building": building.name if building else "",
        "unit": (details.unit or "") if full else "",
        "room": (details.room or "") if full else "",
        "name": rules.mask_name(details.name),
        "phone": (details.phone or "") if full else seals.mask_phone(details.phone),
    }


def visit(p: queries.Opened, full: bool) -> dict[str, Any]:
    return {
        "cell_id": p.cell_id,
        "person_id": p.person_id,
        **shown(p.missed.building_id, p.details, full),
        "state": p.missed.state,
        "until": p.until,
        "why": p.again.why if p.again else None,
        "due_at": p.again.due_at if p.again else None,
        "cannot_walk": bool(p.missed.flags & Flag.CANNOT_WALK),
    }


# --- contacts -----------------------------------------------------------------------------------


@bp.post("/contacts")
@require(*CALLERS, at=PERSON_IN_BODY)
@takes(s.ReminderContactInSchema)
@gives(s.ReminderContactMadeSchema, 201)
def add_contact(args: dict[str, Any]) -> Any:
    """What came of a call or a visit; told again under the same key it is one contact."""
    at = clock.now() - timedelta(seconds=args["age"])
    until = at + timedelta(hours=args["hours"]) if args["hours"] else args["until"]
    contact_id = service.note_contact(
        args["cell_id"], args["person_id"], args["round_id"], args["outcome"],
        kind=args["kind"], until=until, by=current_actor().staff_id, at=at, key=args["key"],
    )  # fmt: skip
    return {"contact_id": contact_id}


@bp.post("/contacts/undo")
@require(*CALLERS, at=PERSON_IN_BODY)
@takes(s.ContactUndoSchema)
@gives(None, 204)
def undo_contact(args: dict[str, Any]) -> Any:
    """Take the own contact of this key back, also one that has not arrived yet."""
    service.undo_contact(
        args["cell_id"], args["person_id"], args["key"], by=current_actor().staff_id,
        at=clock.now(),
    )  # fmt: skip
    return "", 204


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
