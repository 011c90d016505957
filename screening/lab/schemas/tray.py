"""The wire of the tray: run files whose plate a person has to name."""

from __future__ import annotations

from marshmallow import Schema, fields

from screening.lab.schemas.frame import Hex, Id, moment, text


class TrayFileSchema(Schema):
    file_id = Id()
    file_hash = Hex()
    name = fields.String()
    state = fields.String(metadata={"description": "waiting, assigned, discarded"})
    why = fields.String(
        metadata={"description": "no_plate_code, unknown_plate, two_plates, plate_done"}
    )
    told = fields.Dict(
        metadata={
            "description": "what was read: plate, instrument, start, wells, where tubes stand"
        }
    )
    came_by = Id()
    came_at = moment()
    plate_id = Id(allow_none=True)
    run_id = Id(allow_none=True)
    asked_by = Id(allow_none=True, metadata={"description": "who first wanted it put away"})
    reason = fields.String(allow_none=True)
    ended_by = Id(allow_none=True)
    ended_at = moment(allow_none=True)


class TrayPageSchema(Schema):
    items = fields.List(fields.Nested(TrayFileSchema))
    next = Id(allow_none=True)


class TraySchema(Schema):
    waiting = fields.Integer(metadata={"description": "files that wait, listed or not"})
    items = fields.List(fields.Nested(TrayFileSchema))


class TrayInSchema(Schema):
    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class CameSchema(Schema):
    """What became of a file; a run that is `matched` waits for its confirmation."""

    name = fields.String()
    state = fields.String(metadata={"description": "matched, already, waiting"})
    run_id = Id(allow_none=True)
    plate = fields.String(allow_none=True)
    file_id = Id(allow_none=True)
    why = fields.String()


class AssignSchema(Schema):
    plate_id = Id(required=True)


class AssignedSchema(Schema):
    run_id = Id()


class PutAwaySchema(Schema):
    reason = text(200, required=True)


class PutAwayDoneSchema(Schema):
    alerts = fields.Integer(metadata={"description": "how many alerts its signals raised"})
    file = fields.Nested(TrayFileSchema)
