"""The wire of tickets, written out. Ids travel as strings."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.tickets.rules import CLOSED, KINDS, NOTED, OPEN, SOLUTIONS, SOLVED, Weight
from screening.tickets.solving import MOST_IN_NOTE
from screening.wire import Id

TOGETHER = 500  # tickets in one action


class TicketsWantedSchema(Schema):
    kind = fields.String(validate=validate.OneOf(list(KINDS)))
    weight = fields.String(validate=validate.OneOf([str(w) for w in Weight]))
    state = fields.String(validate=validate.OneOf([OPEN, SOLVED, CLOSED, NOTED]))
    site_id = Id()
    lab_id = Id()
    round_id = Id()
    mine = fields.Boolean(load_default=False, metadata={"description": "only one's own"})
    overdue = fields.Boolean(load_default=False)
    barcode = fields.String(validate=validate.Length(1, 40))
    after = fields.String(validate=validate.Regexp(r"[0-9T:.+Za-z-]+~-?\d+$"))
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


class TicketSchema(Schema):
    cell_id = Id()
    ticket_id = Id()
    round_id = Id()
    kind = fields.String()
    weight = fields.String(metadata={"description": "hold, ask or note"})
    subject = fields.String()
    subject_id = fields.String()
    site_id = Id(allow_none=True)
    lab_id = Id(allow_none=True)
    state = fields.String()
    opened_at = fields.AwareDateTime(format="iso")
    due_at = fields.AwareDateTime(format="iso", allow_none=True)
    owner_id = Id(allow_none=True)
    sides = fields.Dict(allow_none=True, metadata={"description": "ids and codes of both sides"})
    solution = fields.String(allow_none=True)
    note = fields.String(allow_none=True)
    solved_by = Id(allow_none=True)
    solved_at = fields.AwareDateTime(format="iso", allow_none=True)
    checked_by = Id(allow_none=True)
    closed_at = fields.AwareDateTime(format="iso", allow_none=True)
    closed_how = fields.String(allow_none=True)


class TicketListSchema(Schema):
    tickets = fields.List(fields.Nested(TicketSchema))
    next = fields.String(allow_none=True)


class TicketCountSchema(Schema):
    round_id = Id()
    site_id = Id()
    kind = fields.String()
    weight = fields.String()
    n = fields.Integer()
    oldest = fields.AwareDateTime(format="iso", allow_none=True)


class TicketKeySchema(Schema):
    cell_id = Id(required=True)
    ticket_id = Id(required=True)


class TicketPaperSchema(TicketKeySchema):
    n = fields.Integer(
        validate=validate.Range(1, 99),
        metadata={"description": "persons on the paper list, for list_completed"},
    )


def _together(item: type[Schema]) -> fields.List:
    return fields.List(fields.Nested(item), required=True, validate=validate.Length(1, TOGETHER))


class TicketKeysSchema(Schema):
    tickets = _together(TicketKeySchema)


class TicketSolveSchema(Schema):
    tickets = _together(TicketPaperSchema)
    solution = fields.String(required=True, validate=validate.OneOf(list(SOLUTIONS)))
    note = fields.String(load_default="", validate=validate.Length(0, MOST_IN_NOTE))


class TicketCheckSchema(Schema):
    tickets = _together(TicketKeySchema)
    agree = fields.Boolean(required=True)
    note = fields.String(load_default="", validate=validate.Length(0, MOST_IN_NOTE))
