"""The wire of register files on their way in."""

from __future__ import annotations

from marshmallow import Schema, fields

from screening.wire import Id, moment


class ImportSchema(Schema):
    import_id = Id()
    state = fields.String()
    area_id = Id(allow_none=True)
    total = fields.Integer(metadata={"description": "rows without the header"})
    done = fields.Integer()
    faults = fields.Integer()
    report = fields.Dict()
    made_at = moment()
    ended_at = moment(allow_none=True)


class UploadSchema(Schema):
    area_id = Id(load_default=None, allow_none=True)


class StartImportSchema(Schema):
    rows_confirmed = fields.Boolean(load_default=False)


class ImportFaultSchema(Schema):
    seq = fields.Integer()
    row = fields.Integer()
    column = fields.String(allow_none=True)
    code = fields.String()
    detail = fields.String()
