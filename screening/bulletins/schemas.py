"""The wire of bulletins."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.bulletins.rhythm_rules import Every
from screening.bulletins.rules import Kind

MADE = (str(Kind.DAILY), str(Kind.CLOSING))


class BulletinAskSchema(Schema):
    """Which report of which area; without `cut_off` it is frozen at once."""

    kind = fields.String(required=True, validate=validate.OneOf(MADE))
    round_id = fields.Integer(required=True)
    area_id = fields.Integer(required=True)
    cut_off = fields.AwareDateTime()


class BulletinJobSchema(Schema):
    job_id = fields.String()


class BulletinListAskSchema(Schema):
    round = fields.Integer()
    before = fields.Integer()


class BulletinLineSchema(Schema):
    bulletin_id = fields.String()
    kind = fields.String()
    round_id = fields.Integer()
    area_id = fields.Integer()
    number = fields.Integer()
    cut_off = fields.AwareDateTime()
    made_at = fields.AwareDateTime()


class RhythmInSchema(Schema):
    """`value`: minutes after midnight for `day`, hours (a divisor of 24) for `hours`."""

    area_id = fields.Integer(required=True)
    every = fields.String(required=True, validate=validate.OneOf([str(e) for e in Every]))
    value = fields.Integer(required=True)


class RhythmMadeSchema(Schema):
    rhythm_id = fields.String()


class RhythmRunSchema(Schema):
    """`missed`: nobody worked then; a `cut_off` later than `due_at`: made up for."""

    round_id = fields.String()
    due_at = fields.AwareDateTime()
    missed = fields.Boolean()
    bulletin_id = fields.String(allow_none=True)
    cut_off = fields.AwareDateTime(allow_none=True)


class RhythmSchema(RhythmMadeSchema):
    area_id = fields.String()
    every = fields.String()
    value = fields.Integer()
    made_at = fields.AwareDateTime()
    runs = fields.List(fields.Nested(RhythmRunSchema))


class AddendumSchema(Schema):
    seq = fields.Integer()
    made_at = fields.AwareDateTime()
    text = fields.String()
    changes = fields.List(fields.List(fields.Raw()))


class BulletinSchema(BulletinLineSchema):
    """`body` is what was frozen; `digest` (hex) proves it."""

    digest = fields.String()
    body = fields.Dict()
    addenda = fields.List(fields.Nested(AddendumSchema))


class AddendumInSchema(Schema):
    text = fields.String(required=True)


class AddendumMadeSchema(Schema):
    seq = fields.Integer()
