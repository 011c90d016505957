"""The wire of bulletins."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

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
