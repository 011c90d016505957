"""Result lists on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.lab.lists.template import FORMATS
from screening.lab.schemas.frame import Hex, Id, moment


class ListFileSchema(Schema):
    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class ListConfirmSchema(Schema):
    seen_open = fields.Boolean(
        load_default=False,
        metadata={"description": "the tubes received and not in the list were looked at"},
    )


class TemplateQuerySchema(Schema):
    format = fields.String(load_default="xlsx", validate=validate.OneOf(list(FORMATS)))


class ListLineSchema(Schema):
    row = fields.Integer()
    barcode = fields.String()
    word = fields.Integer(allow_none=True, metadata={"description": "what the list says"})
    outcome = fields.Integer(
        allow_none=True, metadata={"description": "null: named as open, or said before"}
    )
    reasons = fields.List(fields.Dict())
    cts = fields.Dict()
    kit = fields.String()
    at = fields.String(allow_none=True)
    operator = fields.String()


class ListHeadSchema(Schema):
    list_id = Id(attribute="run_id", metadata={"description": "the run of its results"})
    lab_id = Id()
    state = fields.String()
    content = Hex(attribute="file_hash")
    imported_by = Id()
    imported_at = moment()


class ListPageSchema(Schema):
    items = fields.List(fields.Nested(ListHeadSchema))
    next = Id(allow_none=True)


class ListSchema(Schema):
    """`already`: the same list had been imported before; nothing was done."""

    list = fields.Nested(ListHeadSchema, attribute="run")
    already = fields.Boolean()
    verdict = fields.Dict()
    open = fields.List(fields.String(), metadata={"description": "received here, no result yet"})
    lines = fields.List(fields.Nested(ListLineSchema))
