"""Plates and files on the wire."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.lab.plates.sheets_out import FORMS
from screening.lab.plates.wells_audit import FLAGS
from screening.lab.schemas.frame import Id, moment


class SheetFilesSchema(Schema):
    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class ProposedLineSchema(Schema):
    well = fields.String()
    barcode = fields.String()
    known = fields.Boolean(metadata={"description": "captured or received before"})
    members = fields.Integer()
    holds = fields.Integer()


class ProposedSchema(Schema):
    source = fields.String(metadata={"description": "sheet or robot"})
    wells = fields.Dict(keys=fields.String(), values=fields.String())
    lines = fields.List(fields.Nested(ProposedLineSchema))
    left = fields.List(
        fields.String(), metadata={"description": "tubes the robot took from, not on this plate"}
    )
    sides = fields.Dict(metadata={"description": "plate labels that were read as another"})


class SetupQuerySchema(Schema):
    form = fields.String(load_default="plain", validate=validate.OneOf(list(FORMS)))


class WellCountQuerySchema(Schema):
    day = fields.Date(load_default=None, allow_none=True)


def flags() -> fields.List:
    return fields.List(fields.String(validate=validate.OneOf(list(FLAGS))))


class UseSchema(Schema):
    day = fields.Date(required=True)
    wells = fields.Integer(required=True)
    reactions = fields.Integer(required=True)


class ToldSchema(Schema):
    wells = fields.Integer()
    reactions = fields.Integer()
    by = Id()
    at = moment()


class DayCountSchema(Schema):
    day = fields.Date()
    plates = fields.Integer()
    judged = fields.Integer()
    wells = fields.Integer()
    listed = fields.Integer(metadata={"description": "tubes of result lists: no wells on record"})
    told = fields.Nested(ToldSchema, allow_none=True)
    flags = flags()


class RunCountSchema(Schema):
    run_id = Id()
    plate_id = Id()
    code = fields.String()
    state = fields.String()
    at = moment()
    tubes = fields.Integer()
    wells = fields.Integer()
    read = fields.Integer(metadata={"description": "wells of tubes that the file has"})
    judged = fields.Integer()
    flags = flags()


class WellCountSchema(Schema):
    day = fields.Date()
    days = fields.List(fields.Nested(DayCountSchema))
    runs = fields.List(fields.Nested(RunCountSchema))
