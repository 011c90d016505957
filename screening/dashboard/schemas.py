"""The wire of the dispatch board, written out; times are ISO with their offset, counts are tubes."""

from __future__ import annotations

from marshmallow import Schema, fields

from screening.wire import Id, moment, text


class DispatchAskSchema(Schema):
    round = Id(required=True)


class DispatchExpectedSchema(Schema):
    """Tubes that still stand at the sites which send here."""

    open = fields.Integer()
    closed = fields.Integer()
    packed = fields.Integer()


class DispatchJamSchema(Schema):
    state = fields.String(metadata={"description": "unknown, now, at (see `at`), never (in a day)"})
    at = moment(allow_none=True)


class DispatchLabSchema(Schema):
    lab_id = Id()
    name = fields.String()
    capacity = fields.Integer(metadata={"description": "tubes a day; 0: not told"})
    left = fields.Integer(
        allow_none=True, metadata={"description": "of the day's capacity, after what is coming"}
    )
    an_hour = fields.Float(metadata={"description": "pace of the last hours, else of the capacity"})
    measured = fields.Boolean()
    waiting = fields.Integer(metadata={"description": "in the house, not judged"})
    oldest = moment(allow_none=True)
    boxes_on_the_road = fields.Integer()
    tubes_on_the_road = fields.Integer()
    expected = fields.Nested(DispatchExpectedSchema)
    jam = fields.Nested(DispatchJamSchema)
    idle_at = moment(allow_none=True)


class DispatchBoxSchema(Schema):
    """A box that has not arrived."""

    batch = fields.String()
    seal = fields.String(allow_none=True)
    box = fields.String(allow_none=True)
    stage = fields.String(metadata={"description": "open, sealed, handed_over"})
    site_id = Id(allow_none=True)
    tubes = fields.Integer()
    since = moment()
    lab_id = Id(allow_none=True)
    written = fields.Boolean(
        metadata={"description": "the laboratory is told for this box; else it is its site's"}
    )
    redirected = fields.Boolean()
    seen_at = moment(
        allow_none=True, metadata={"description": "when somebody on the road read of it"}
    )
    holder_id = Id(allow_none=True)
    expected_at = moment(allow_none=True)
    due_at = moment(allow_none=True)
    late = fields.Boolean(metadata={"description": "it is, or will be, past its limit"})


class DispatchProposalSchema(Schema):
    """`now`, `then`: hours until its last tube is tested, here and there."""

    batch = fields.String()
    from_lab = Id(allow_none=True)
    to_lab = Id()
    reason = fields.String(metadata={"description": "jam, idle, closed, none"})
    now = fields.Float(allow_none=True)
    then = fields.Float()


class DispatchRedirectionSchema(Schema):
    batch = fields.String()
    at = moment()
    from_lab = Id(allow_none=True)
    to_lab = Id()
    reason = fields.String()
    by = Id(allow_none=True, metadata={"description": "staff id"})
    told = Id(allow_none=True, metadata={"description": "staff id"})
    seen_at = moment(allow_none=True)


class DispatchBoardSchema(Schema):
    """The dispatch board of an area in a round."""

    area_id = Id()
    round_id = Id()
    at = moment()
    limit_hours = fields.Float(metadata={"description": "a tube waits at most so long untested"})
    labs = fields.List(fields.Nested(DispatchLabSchema))
    boxes = fields.List(fields.Nested(DispatchBoxSchema))
    proposals = fields.List(fields.Nested(DispatchProposalSchema))
    redirects = fields.List(fields.Nested(DispatchRedirectionSchema))


class DispatchDestinationSchema(Schema):
    """Where a box shall go. `told`: the staff number of whoever was told, not one's own."""

    round = Id(required=True)
    lab_id = Id(required=True)
    reason = text(16, required=True)
    told = text(32, required=True)
