"""The wire of exports."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.exports.rules import FORMATS, REASONS


class ExportAskSchema(Schema):
    """A list as a file; `unmasked` needs a `reason` and counts against the day's limit."""

    kind = fields.String(required=True)
    area_id = fields.Integer(required=True)
    round_id = fields.Integer(required=True)
    format = fields.String(load_default="csv", validate=validate.OneOf(list(FORMATS)))
    unmasked = fields.Boolean(load_default=False)
    reason = fields.String(validate=validate.OneOf(list(REASONS)))


class ExportMadeSchema(Schema):
    export_id = fields.String()


class ExportListAskSchema(Schema):
    before = fields.Integer()


class ExportSchema(Schema):
    """`state`: waiting, running, done, failed, limited (the day's limit was passed), cancelled,
    gone; `done` of `total` rows; `size` in bytes."""

    export_id = fields.String()
    kind = fields.String()
    area_id = fields.Integer()
    round_id = fields.Integer()
    format = fields.String()
    unmasked = fields.Boolean()
    state = fields.String()
    done = fields.Integer()
    total = fields.Integer()
    size = fields.Integer()
    made_at = fields.AwareDateTime()
    expires_at = fields.AwareDateTime()
