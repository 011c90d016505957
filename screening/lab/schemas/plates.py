"""The wire of plates and wells."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.lab import words
from screening.lab.plates.layout import SHAPES
from screening.lab.plates.plate_plan import ORDERS
from screening.lab.schemas.frame import Id, LabPageQuerySchema, a_word, moment, text


class PlateInSchema(Schema):
    lab_id = Id(required=True)
    code = text(40, required=True)
    rule_id = Id(required=True)
    size = fields.Integer(load_default=96, validate=validate.OneOf(list(SHAPES)))
    round_id = Id(load_default=None, allow_none=True)
    controls = fields.Dict(
        keys=fields.String(), values=fields.String(), load_default=None, allow_none=True,
        metadata={"description": "well → ntc, pc, blank, mark; null: the default places"},
    )  # fmt: skip
    marked = fields.Boolean(
        load_default=False,
        metadata={"description": "default places with a mark in every column, for fewer tubes"},
    )


class PlateQuerySchema(LabPageQuerySchema):
    state = a_word(words.PLATE_STATES, load_default=None)


class PlateLineSchema(Schema):
    plate_id = Id()
    lab_id = Id()
    code = fields.String()
    size = fields.Integer()
    state = fields.String()
    made_at = moment()
    run_id = Id(allow_none=True)
    tubes = fields.Integer()


class PlatePageSchema(Schema):
    items = fields.List(fields.Nested(PlateLineSchema))
    next = Id(allow_none=True)


class WellSchema(Schema):
    well = fields.String()
    barcode = fields.String()
    filled_by = Id()
    filled_at = moment()


class PlateSchema(Schema):
    plate_id = Id()
    lab_id = Id()
    round_id = Id()
    code = fields.String()
    size = fields.Integer()
    state = fields.String()
    rule_id = Id()
    run_id = Id(allow_none=True)
    made_by = Id()
    made_at = moment()
    controls = fields.Dict(attribute="layout")
    wells = fields.List(fields.Nested(WellSchema))


class ScanSchema(Schema):
    code = text(80, required=True)
    order = fields.String(load_default="column", validate=validate.OneOf(ORDERS))


class MapSchema(Schema):
    wells = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True,
        validate=validate.Length(1, 384), metadata={"description": "well → scanned code"},
    )  # fmt: skip


class PlacedSchema(Schema):
    barcode = fields.String()
    wells = fields.List(fields.String())
    uncaptured = fields.Boolean(
        attribute="unknown", metadata={"description": "nobody captured it yet: tested, held"}
    )
    held = fields.Boolean(attribute="holds")


class TakenOffSchema(Schema):
    barcode = fields.String()


class StartQuerySchema(Schema):
    instrument = fields.String(
        load_default=None, validate=validate.Length(1, 60),
        metadata={"description": "serial number; a run of another instrument is then refused"},
    )  # fmt: skip


class StartSchema(Schema):
    lab_id = Id()
    plate_id = Id()
    code = fields.String()
    instrument = fields.String(allow_none=True)
    started_at = fields.AwareDateTime(format="iso")
    due_at = fields.AwareDateTime(format="iso")
