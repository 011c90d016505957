"""The wire of reporting, written out. Ids travel as strings: they exceed what JavaScript counts."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from screening.lab.rules.well_rules import Outcome
from screening.reporting import rules
from screening.reporting.rules import PersonState
from screening.wire import Id, moment, text

OUTCOMES = {o.name.lower(): int(o) for o in Outcome}
NAMES = {number: name for name, number in OUTCOMES.items()}
MOST = 384  # a whole large plate at once
SECRET = {"description": "the signer's PIN, or the password where no PIN is set"}


class OutcomeField(fields.Field):
    """negative, positive, inconclusive or invalid; a number inside."""

    def _serialize(self, value: Any, *a: Any, **kw: Any) -> str | None:
        return NAMES.get(value)

    def _deserialize(self, value: Any, *a: Any, **kw: Any) -> int:
        if not isinstance(value, str) or value not in OUTCOMES:
            raise ValidationError(f"{'/'.join(OUTCOMES)}")
        return OUTCOMES[value]


def secret() -> fields.String:
    return text(256, required=True, metadata=SECRET)


class TubesSchema(Schema):
    """Which tubes: by number, or all of a run; with both, only what that run says of them."""

    lab_id = Id(required=True)
    run_id = Id(load_default=None, allow_none=True)
    barcodes = fields.List(text(32), load_default=[], validate=validate.Length(0, MOST))

    @validates_schema
    def some(self, values: dict[str, Any], **kw: Any) -> None:
        if not values.get("barcodes") and values.get("run_id") is None:
            raise ValidationError("请给出试管或上机编号 / give tubes or a run", "barcodes")


class ReviewSchema(TubesSchema):
    step = fields.Integer(required=True, validate=validate.OneOf(rules.STEPS))
    secret = secret()


class ReleaseSchema(TubesSchema):
    pass


class RefusalSchema(Schema):
    barcode = fields.String()
    code = fields.String()
    detail = fields.String()


class ReviewedSchema(Schema):
    signed = fields.List(fields.String())
    repeated = fields.List(fields.String(), metadata={"description": "signed by you before"})
    refused = fields.List(fields.Nested(RefusalSchema))


class ReleasedSchema(Schema):
    released = fields.List(fields.String())
    repeated = fields.List(
        fields.String(), metadata={"description": "released before; nothing was done again"}
    )
    refused = fields.List(fields.Nested(RefusalSchema))
    callbacks = fields.Integer()


class DecisionSchema(Schema):
    lab_id = Id(required=True)
    barcode = text(32, required=True)
    how = fields.String(required=True, validate=validate.OneOf(("keep", "rerun")))
    reason = text(500, required=True)
    secret = secret()


class DecidedSchema(Schema):
    barcode = fields.String()
    how = fields.String()


class LiftSchema(Schema):
    reason = fields.String(load_default="", validate=validate.Length(0, 500))
    secret = secret()


class HoldSchema(Schema):
    hold_id = Id()
    lab_id = Id()
    run_id = Id()
    kind = fields.String()
    told = fields.Dict(metadata={"description": "tubes, signals and the rate that was expected"})
    opened_at = moment()
    asked_by = Id(allow_none=True)
    reason = fields.String(allow_none=True)
    lifted_by = Id(allow_none=True)
    lifted_at = moment(allow_none=True)


class AskSchema(Schema):
    lab_id = Id(required=True)
    barcode = text(32, required=True)
    outcome = OutcomeField(required=True)
    reason = text(500, required=True)
    secret = secret()


class SettleSchema(Schema):
    agree = fields.Boolean(required=True)
    secret = secret()


class CorrectionSchema(Schema):
    cell_id = fields.Integer()
    correction_id = Id()
    barcode = fields.String()
    lab_id = Id()
    outcome = OutcomeField()
    reason = fields.String()
    state = fields.String()
    asked_by = Id()
    asked_at = moment()
    settled_by = Id(allow_none=True)
    settled_at = moment(allow_none=True)


class AskedSchema(Schema):
    cell_id = fields.Integer()
    correction_id = Id()


class CorrectionQuerySchema(Schema):
    state = fields.String(
        load_default=None, validate=validate.OneOf((rules.ASKED, rules.DONE, rules.REFUSED))
    )
    before = Id(load_default=None)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


class VersionSchema(Schema):
    version = fields.Integer()
    outcome = OutcomeField()
    released_at = moment()
    reason = fields.String(allow_none=True)
    members = fields.Function(lambda r: len(r.members), metadata={"type": "integer"})


class TubeResultSchema(Schema):
    barcode = fields.String()
    versions = fields.List(fields.Nested(VersionSchema))
    callbacks = fields.Dict(keys=fields.String(), values=fields.Integer())
    pool = fields.String(allow_none=True)


class CallbackQuerySchema(Schema):
    area_id = Id(required=True)
    state = fields.String(
        load_default="running",
        validate=validate.OneOf(("running", "open", "sampled", "closed", "withdrawn")),
    )
    after = Id(load_default=0)
    limit = fields.Integer(load_default=200, validate=validate.Range(1, rules.LIST_ROWS.value))


class CallbackSchema(Schema):
    cell_id = fields.Integer(attribute="row.cell_id")
    callback_id = Id(attribute="row.callback_id")
    person_id = Id(attribute="row.person_id")
    barcode = fields.String(attribute="row.barcode")
    reason = fields.String(attribute="row.reason")
    state = fields.String(attribute="row.state")
    opened_at = moment(attribute="row.opened_at")
    due_at = moment(attribute="row.due_at")
    sampled_at = moment(attribute="row.sampled_at", allow_none=True)
    outcome = OutcomeField(attribute="row.outcome", allow_none=True)
    name = fields.String()
    phone = fields.String()
    community = fields.String()
    building = fields.String()
    address = fields.String()
    contact = fields.String(allow_none=True)
    contact_at = moment(allow_none=True)


class CallbackPageSchema(Schema):
    items = fields.List(fields.Nested(CallbackSchema))
    next = Id(allow_none=True)


class AttemptSchema(Schema):
    outcome = fields.String(required=True, validate=validate.OneOf(rules.ATTEMPTS))


class AttemptedSchema(Schema):
    state = fields.String()
    attempt = fields.String()
    attempt_at = moment()


class CodeForSchema(Schema):
    """`site_id`: a site's desk hands codes to those it swabbed; else the own community's desk."""

    person = text(250, required=True, metadata={"description": "the resident code, R1.… or R2.…"})
    site_id = Id(load_default=None, allow_none=True)


class CodeSchema(Schema):
    code = fields.String(metadata={"description": "shown once; print it"})
    until = moment()


LAST4 = {"description": "the last four characters of the document's number"}


class LookUpSchema(Schema):
    code = text(250, required=True, metadata={
        "description": "the code on the slip, or the resident code, R1.… or R2.…"
    })  # fmt: skip
    last4 = fields.String(load_default="", validate=validate.Length(0, 4), metadata=LAST4)
    number = fields.String(load_default="", validate=validate.Length(0, 60), metadata={
        "description": "the whole number, asked for after many wrong tries"
    })  # fmt: skip


class AskPhoneSchema(Schema):
    phone = text(40, required=True, metadata={"description": "as registered"})
    last4 = text(4, 4, required=True, metadata=LAST4)


class ByPhoneSchema(AskPhoneSchema):
    code = text(20, required=True, metadata={"description": "the six digits of the message"})


class SeenSchema(Schema):
    sampled_at = moment()
    round = fields.String(attribute="round_name")
    state = fields.Function(lambda s: s.state.name.lower() if s.state else None)
    pooled = fields.Integer(allow_none=True, metadata={"description": "how many shared the tube"})
    household = fields.Boolean()
    released_at = moment(allow_none=True)
    version = fields.Integer()


class LookedSchema(Schema):
    state = fields.Function(
        lambda x: x.state.name.lower(),
        metadata={"enum": [s.name.lower() for s in PersonState], "type": "string"},
    )
    swabs = fields.List(fields.Nested(SeenSchema))
    callback_due = moment(allow_none=True)
