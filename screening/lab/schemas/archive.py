"""The wire of the archive: tubes in places, and what is thrown away."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.lab.schemas.frame import Id, a_secret, moment, text
from screening.lab.watch.retention import PLACES


class ArchivedTubeSchema(Schema):
    tube = text(80, required=True)


class ArchivePutSchema(ArchivedTubeSchema):
    rack = text(30, required=True)
    box = text(30, required=True)
    place = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(1, int(PLACES.value)),
        metadata={"description": "the next free one without it"},
    )


class StaySchema(Schema):
    barcode = fields.String()
    rack = fields.String()
    box = fields.String()
    place = fields.Integer()
    put_by = Id()
    put_at = moment()
    asked_by = Id(allow_none=True, metadata={"description": "first wanted it thrown away"})
    asked_at = moment(allow_none=True)
    asked_why = fields.String(allow_none=True)
    ended_by = Id(allow_none=True)
    ended_at = moment(allow_none=True)
    ended_how = fields.String(
        allow_none=True, metadata={"description": "moved, taken, discarded; null: lies there"}
    )


class FateSchema(Schema):
    code = fields.String(
        metadata={"description": "free, two_persons, too_early, no_result, open_matter, gone"}
    )
    free_at = moment(allow_none=True)


class ArchiveFoundSchema(Schema):
    barcode = fields.String(attribute="key.barcode")
    outcome = fields.Integer(attribute="held.outcome", allow_none=True)
    matters = fields.List(
        fields.String(), attribute="held.matters", metadata={"description": "what is open"}
    )
    fate = fields.Nested(FateSchema)
    now = fields.Nested(StaySchema, allow_none=True, metadata={"description": "where it lies"})
    stays = fields.List(fields.Nested(StaySchema))


class ArchiveBoxSchema(Schema):
    rack = fields.String()
    box = fields.String()
    tubes = fields.Integer()
    oldest = moment()


class ArchiveBoxQuerySchema(Schema):
    rack = text(30, required=True)
    box = text(30, required=True)


class DiscardsSchema(Schema):
    free = fields.List(
        fields.Nested(StaySchema), metadata={"description": "may go now, the oldest first"}
    )
    asked = fields.List(
        fields.Nested(StaySchema), metadata={"description": "positives that await a second person"}
    )


class DiscardSchema(ArchivedTubeSchema):
    why = text(200, 0, load_default="", metadata={"description": "of a positive or doubtful tube"})
    secret = a_secret(load_default="")


class DiscardedSchema(Schema):
    barcode = fields.String()
    asked = fields.Boolean(metadata={"description": "true: a second person must agree"})
