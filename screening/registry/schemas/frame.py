"""What the wire of places and the register shares: pages by sequence, what was made."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.wire import Id


class PageQuerySchema(Schema):
    after = Id(load_default=0)
    limit = fields.Integer(load_default=200, validate=validate.Range(1, 500))


class MadeSchema(Schema):
    id = Id()
