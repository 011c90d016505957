"""The wire of alerts and of the duty roster, written out."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.lab import words
from screening.lab.rules.well_rules import Outcome
from screening.lab.schemas.frame import Id, PageQuerySchema, a_secret, moment, text


class AlertQuerySchema(PageQuerySchema):
    settled = fields.Boolean(load_default=False, metadata={"description": "settled ones too"})


class AlertSchema(Schema):
    cell_id = Id()
    alert_id = Id()
    round_id = Id()
    barcode = fields.String()
    kind = fields.String()
    outcome = fields.Integer(allow_none=True)
    lab_id = Id(allow_none=True)
    run_id = Id(allow_none=True)
    raised_at = moment()
    raised_by = Id(allow_none=True)
    seen_by = Id(allow_none=True)
    seen_at = moment(allow_none=True)
    settled_by = Id(allow_none=True)
    settled_at = moment(allow_none=True)
    settled_how = fields.String(allow_none=True)
    asked_by = Id(allow_none=True)
    asked_at = moment(allow_none=True)
    asked_how = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    early = fields.String(
        allow_none=True,
        metadata={"description": "why it is cleared before every member was tested alone"},
    )


class AlertPageSchema(Schema):
    items = fields.List(fields.Nested(AlertSchema))
    next = Id(allow_none=True)


class AlertInSchema(Schema):
    lab_id = Id(load_default=None, allow_none=True, metadata={"description": "null: command"})
    tube = text(80, required=True)
    outcome = fields.Integer(
        load_default=int(Outcome.POSITIVE),
        validate=validate.OneOf([int(Outcome.POSITIVE), int(Outcome.INCONCLUSIVE)]),
    )


class ClearingSchema(Schema):
    how = fields.String(validate=validate.OneOf(words.CLEARINGS), required=True)
    reason = text(500, required=True)
    early = text(500, 0, load_default="")
    secret = a_secret(required=True)


class ClearingAnswerSchema(Schema):
    agree = fields.Boolean(required=True)
    secret = a_secret(load_default="")


class MemberSchema(Schema):
    cell_id = Id()
    person_id = Id()
    name = fields.String()
    phone = fields.String()
    community = fields.String()
    address = fields.String()
    contact = fields.String(allow_none=True)
    contact_at = moment(allow_none=True)
    single = fields.String(metadata={"description": "none, sampled, known"})


class MembersSchema(Schema):
    items = fields.List(fields.Nested(MemberSchema))
    elsewhere = fields.Integer(metadata={"description": "members outside the own scope"})


class UnansweredSchema(Schema):
    cell_id = Id()
    alert_id = Id()
    round_id = Id()
    barcode = fields.String()
    raised_at = moment()
    kind = fields.String(metadata={"description": "lab, area, all"})
    place_id = Id()
    place = fields.String()
    level = fields.Integer(metadata={"description": "1 laboratory, 2 district, 3 city"})
    staff_ids = fields.List(Id())
    times = fields.Integer()
    first_at = moment()
    called_at = moment()


# --- the roster ---------------------------------------------------------------------------------


class DutyInSchema(Schema):
    kind = fields.String(validate=validate.OneOf(("lab", "area", "all")), required=True)
    place_id = Id(load_default=0)
    staff_no = text(40, required=True)
    starts_at = moment(required=True)
    ends_at = moment(required=True)
    phone = text(20, 0, load_default="")


class DutyMadeSchema(Schema):
    duty_id = Id()


class DutySchema(Schema):
    duty_id = Id()
    staff_id = Id()
    starts_at = moment()
    ends_at = moment()


class GapSchema(Schema):
    since = moment()
    until = moment()


class PostSchema(Schema):
    kind = fields.String(attribute="place.kind")
    place_id = Id(attribute="place.id")
    name = fields.String()
    level = fields.Integer()
    rows = fields.List(fields.Nested(DutySchema))
    gaps = fields.List(fields.Nested(GapSchema))
