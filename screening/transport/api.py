"""Where tubes and boxes are. The facts themselves enter by the journal."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from marshmallow import Schema, fields, validate

from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.guard import site as at_site
from screening.accounts.roles import SITE_ROLES, Role
from screening.openapi import gives, takes
from screening.transport import desk_queries, manifest, tracing
from screening.transport import words as box_words
from screening.transport.rules import BatchStage
from screening.tube import words
from screening.tube.codes import CodeProblem
from screening.tube.labels import read_tube
from screening.tube.queries import NoSuchTube

bp = Blueprint("transport_api", __name__, url_prefix="/api/v1")

TUBE_SCOPE = tracing.SEERS
BOX_KEEPERS = (Role.SITE_SUPERVISOR, Role.ADMINISTRATOR)


class Words(fields.Dict):
    """{zh, en}"""


class LineOut(Schema):
    verb = fields.Raw()
    at = fields.DateTime(metadata={"description": "device time, corrected by the server"})
    recorded_at = fields.DateTime(metadata={"description": "when the server heard it"})
    late = fields.Boolean()
    by = fields.String(metadata={"description": "staff number"})
    device = fields.String()
    place = fields.String()
    n = fields.Integer(allow_none=True)


class MemberOut(Schema):
    """Masked; only for those who may see the list."""

    seat = fields.Integer()
    name = fields.String()
    document = fields.String()
    at = fields.DateTime()
    state = fields.Raw()
    of_record = fields.Boolean()


class TicketOut(Schema):
    kind = fields.String()
    sentence = fields.Raw()
    weight = fields.String()
    state = fields.String()
    opened_at = fields.DateTime()
    due_at = fields.DateTime(allow_none=True)


class TubeOut(Schema):
    """`stage` null: a label nobody has used yet."""

    barcode = fields.String()
    stage = fields.Raw(allow_none=True)
    holder = fields.Raw()
    since = fields.DateTime(allow_none=True)
    due_at = fields.DateTime(allow_none=True)
    round_id = fields.Integer(allow_none=True)
    site_id = fields.Integer(allow_none=True)
    lab_id = fields.Integer(allow_none=True)
    mode = fields.Raw(allow_none=True)
    pool_size = fields.Integer(allow_none=True)
    members_count = fields.Integer(allow_none=True)
    confirmed = fields.Integer(allow_none=True)
    complete = fields.Boolean(allow_none=True)
    holds = fields.List(fields.String())
    label = fields.Raw(allow_none=True)
    custody = fields.List(fields.Nested(LineOut))
    members = fields.List(fields.Nested(MemberOut), allow_none=True)
    tickets = fields.List(fields.Nested(TicketOut))


def both(pair: tuple[str, str]) -> dict[str, str]:
    return {"zh": pair[0], "en": pair[1]}


@bp.get("/tubes/<barcode>")
@require(*TUBE_SCOPE, at=OWN_ROWS)
@gives(TubeOut)
def get_tube(barcode: str) -> Any:
    """Where is this tube, since when, until when, and everything that happened to it."""
    try:
        number = read_tube(barcode)
    except CodeProblem:
        raise NoSuchTube() from None
    return tube_out(tracing.trace(current_actor(), number))


def tube_out(t: tracing.Trace) -> dict[str, Any]:
    row = t.tube or {}
    stage = row.get("stage")
    return {
        "barcode": t.barcode,
        "stage": {"number": stage, **both(tracing.stage_words(stage))} if stage is not None else None,
        "holder": both(t.holder),
        "mode": both(words.MODES[row["mode"]]) if row.get("mode") else None,
        "members_count": row.get("members"),
        "holds": t.holds,
        "label": {
            "run_id": t.label.run_id,
            "site_id": t.run.site_id if t.run else None,
            "state": both(words.LABEL_STATES[t.label.state]),
        }
        if t.label
        else None,
        "custody": [
            {**ln._asdict(), "verb": both(tracing.verb_words(ln)), "by": ln.staff_no}
            for ln in t.lines
        ],
        "members": None
        if t.members is None
        else [{**m._asdict(), "state": both(tracing.void_words(m.void))} for m in t.members],
        "tickets": [
            {**k._asdict(), "sentence": {"zh": k.zh, "en": k.en}} for k in t.tickets
        ],
        **{
            k: row.get(k)
            for k in ("since", "due_at", "round_id", "site_id", "lab_id", "pool_size",
                      "confirmed", "complete")
        },
    }  # fmt: skip


# --- boxes --------------------------------------------------------------------------------------


class BatchesIn(Schema):
    round_id = fields.Integer(load_default=0)
    after = fields.String(load_default="", validate=validate.Length(max=64))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


class BatchOut(Schema):
    """One trip. `batch` is its id as devices write it; `known` tubes the journals know."""

    batch = fields.String(attribute="wire_id")
    box = fields.String(attribute="box_code")
    stage = fields.Raw()
    since = fields.DateTime()
    due_at = fields.DateTime(allow_none=True)
    round_id = fields.Integer()
    site_id = fields.Integer(allow_none=True)
    site = fields.String()
    lab_id = fields.Integer(allow_none=True)
    lab = fields.String()
    seal = fields.String(allow_none=True)
    counted = fields.Integer(allow_none=True)
    known = fields.Integer()
    received = fields.Integer()
    temperature = fields.Float(attribute="degrees", allow_none=True)
    opened_at = fields.DateTime(allow_none=True)
    sealed_at = fields.DateTime(allow_none=True)
    handed_at = fields.DateTime(allow_none=True)
    arrived_at = fields.DateTime(allow_none=True)


class BatchPageOut(Schema):
    items = fields.List(fields.Nested(BatchOut))
    next = fields.String(allow_none=True)


class ManifestOut(BatchOut):
    tubes = fields.List(fields.Dict())
    missing = fields.List(fields.String())
    extra = fields.List(fields.String())
    hand_overs = fields.List(fields.Dict())


def batch_out(row: desk_queries.BatchRow, site: str, lab: str) -> dict[str, Any]:
    stage = {"number": row.stage, **both(box_words.STAGES[BatchStage(row.stage)])}
    return {**row._asdict(), "degrees": row.degrees, "stage": stage, "site": site, "lab": lab}


@bp.get("/batches")
@require(*manifest.SEERS, at=OWN_ROWS)
@takes(BatchesIn, "query")
@gives(BatchPageOut)
def list_batches(args: dict[str, Any]) -> Any:
    """Trips of boxes from the own sites and areas, or to the own laboratories."""
    rows = desk_queries.list_batches(current_actor().places(manifest.SEERS), **args)
    return {
        "items": [batch_out(*r) for r in rows],
        "next": rows[-1][0].cursor if len(rows) == args["limit"] else None,
    }


@bp.get("/batches/<batch>")
@require(*manifest.SEERS, at=OWN_ROWS)
@gives(ManifestOut)
def get_batch(batch: str) -> Any:
    """A trip's manifest: its tubes, who handed it to whom, what is missing or too much."""
    found = manifest.manifest(current_actor(), batch)
    return {
        **batch_out(found.batch, found.site, found.lab),
        "tubes": [{"barcode": b, "received": r} for b, r in found.inside.items()],
        "missing": found.missing,
        "extra": found.extra,
        "hand_overs": [{**f._asdict(), "verb": both(box_words.FACTS[f.verb])} for f in found.facts],
    }


class BoxesIn(Schema):
    site_id = fields.Integer(required=True)


class BoxIn(Schema):
    site_id = fields.Integer(required=True)
    box = fields.String(required=True, validate=validate.Length(min=1, max=64))
    capacity = fields.Integer(
        load_default=desk_queries.BOX_CAPACITY.value, validate=validate.Range(1, 500)
    )


class BoxOut(Schema):
    box = fields.String()
    capacity = fields.Integer()


@bp.get("/boxes")
@require(*SITE_ROLES, Role.DISPATCHER, Role.ADMINISTRATOR, at=at_site())
@takes(BoxesIn, "query")
@gives(BoxOut, many=True)
def list_boxes(args: dict[str, Any]) -> Any:
    """Boxes (assets) of a site."""
    return [{"box": b, "capacity": c} for b, c in manifest.list_boxes(args["site_id"])]


@bp.post("/boxes")
@require(*BOX_KEEPERS, at=at_site())
@takes(BoxIn)
@gives(BoxOut, 201)
def register_box(args: dict[str, Any]) -> Any:
    """Register a box with the tubes it takes."""
    code = manifest.register_box(args["box"], args["capacity"], args["site_id"])
    return {"box": code, "capacity": args["capacity"]}
