"""The wire of the bench: what waits, how much."""

from __future__ import annotations

from marshmallow import Schema, fields

from screening.lab.schemas.frame import Id, moment


class WaitingSchema(Schema):
    barcode = fields.String()
    why = fields.String(
        metadata={
            "description": "recheck, single, key_group, rerun, overdue or empty, in this order"
        }
    )
    mode = fields.Integer()
    members = fields.Integer()
    held = fields.Boolean(attribute="holds")
    site_id = Id(allow_none=True)
    sampled_at = moment(metadata={"description": "within one `why` the oldest comes first"})
    received_at = moment(allow_none=True)
    due_at = moment(allow_none=True)
    overdue = fields.Boolean()


class LoadSchema(Schema):
    waiting = fields.Integer()
    plated = fields.Integer()
    tested = fields.Integer()
    reviewed = fields.Integer()
    overdue = fields.Integer()
    oldest = moment(allow_none=True)
    called = fields.Integer(metadata={"description": "tubes judged in the last 24 hours"})
    capacity = fields.Integer(metadata={"description": "tubes a day"})


class BenchSchema(Schema):
    tubes = fields.Nested(LoadSchema)
    plates = fields.Dict(metadata={"description": "plates of the last days by state"})
    waiting = fields.List(fields.Nested(WaitingSchema))
