"""The wire of inbound lists. Ids travel as strings; nothing personal in a query."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.inbound.queries import STATES
from screening.inbound.rules import KINDS, MATCHES, OUTCOMES
from screening.wire import Id, moment


class InboundUploadSchema(Schema):
    """Form fields beside the file `file` (CSV in UTF-8 or GBK, or XLSX)."""

    area_id = Id(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(KINDS)))
    title = fields.String(required=True, validate=validate.Length(1, 80))
    source = fields.String(load_default="", validate=validate.Length(0, 80))
    received_at = moment(load_default=None)
    hours = fields.Integer(load_default=None, metadata={"description": "none: as usual"})


class InboundFaultSchema(Schema):
    row = fields.Integer()
    column = fields.String(allow_none=True)
    code = fields.String()
    detail = fields.String()


class InboundListSchema(Schema):
    list_id = Id()
    kind = fields.String()
    title = fields.String()
    source = fields.String()
    area_id = Id()
    hours = fields.Integer()
    received_at = moment()
    due_at = moment()
    state = fields.String()
    total = fields.Integer()
    good = fields.Integer()
    faults = fields.List(fields.Nested(InboundFaultSchema))


class InboundTakenSchema(Schema):
    lines = fields.Integer(metadata={"description": "lines that were not there before"})


class InboundAskSchema(Schema):
    area = Id(required=True)
    list_id = Id(load_default=0)
    kind = fields.String(load_default="", validate=validate.OneOf(["", *KINDS]))
    state = fields.String(load_default="", validate=validate.OneOf([*STATES]))
    after = Id(load_default=0)


class InboundSumsAskSchema(Schema):
    area = Id(required=True)
    kind = fields.String(load_default="", validate=validate.OneOf(["", *KINDS]))


class InboundItemSchema(Schema):
    """One person of a list; phone and address only for who works there."""

    item_id = Id()
    list_id = Id()
    kind = fields.String()
    name = fields.String(metadata={"description": "masked"})
    document = fields.String(metadata={"description": "masked"})
    phone = fields.String()
    address = fields.String()
    matched = fields.String(validate=validate.OneOf(list(MATCHES)))
    person_cell = Id(allow_none=True)
    person_id = Id(allow_none=True)
    area_id = Id()
    employer = fields.String(allow_none=True)
    due_at = moment()
    late = fields.Boolean()
    taken_at = moment(allow_none=True)
    outcome = fields.String(allow_none=True)
    done_at = moment(allow_none=True)
    raised_to = Id(allow_none=True)


class InboundActInSchema(Schema):
    """`key`: the browser's own name of this act; told twice it is one. `age`: seconds since it was
    done, when it waited for a network."""

    key = fields.String(load_default=None, validate=validate.Length(8, 64))
    age = fields.Integer(load_default=0, validate=validate.Range(0, 7 * 86400))


class InboundOutcomeSchema(InboundActInSchema):
    outcome = fields.String(required=True, validate=validate.OneOf(list(OUTCOMES)))


class InboundUndoSchema(Schema):
    key = fields.String(required=True, validate=validate.Length(8, 64))


class InboundAssignSchema(Schema):
    to_area_id = Id(required=True)
    employer = fields.String(load_default="", validate=validate.Length(0, 200))


class InboundSumSchema(Schema):
    total = fields.Integer()
    untaken = fields.Integer()
    open = fields.Integer()
    late = fields.Integer()
    done = fields.Integer()
    done_late = fields.Integer()


class InboundAreaSumSchema(InboundSumSchema):
    area_id = Id()


class InboundEmployerSumSchema(InboundSumSchema):
    employer = fields.String()


class InboundRollUpSchema(Schema):
    whole = fields.Nested(InboundSumSchema)
    by_kind = fields.Dict(values=fields.Nested(InboundSumSchema))
    below = fields.List(fields.Nested(InboundAreaSumSchema))
    by_employer = fields.List(fields.Nested(InboundEmployerSumSchema))
