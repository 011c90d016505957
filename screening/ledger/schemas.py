"""The wire of the ledger, written out. Ids travel as strings: they exceed what JavaScript counts."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.ledger.rules import EXPLANATIONS, PARTS
from screening.wire import Id, moment

MOST_SUBJECTS = 2000  # of one request: a page of a list is 200


class LedgerAskSchema(Schema):
    round = Id(required=True)
    site = Id()
    lab = Id()


class LedgerListSchema(LedgerAskSchema):
    box = Id(metadata={"description": "number of a box's trip"})
    after = fields.String(metadata={"description": "the last subject of the page before"})
    limit = fields.Integer(load_default=200, validate=validate.Range(1, 1000))


class ExplainedSchema(Schema):
    items = fields.Integer()
    n = fields.Integer(metadata={"description": "tubes, numbers or entries they stand for"})
    persons = fields.Integer()
    coded = fields.Integer(metadata={"description": "explained by one person, not yet closed"})
    closed = fields.Integer(metadata={"description": "explained and closed by a second person"})
    open = fields.Integer()


class UnaccountedCountSchema(ExplainedSchema):
    """One part at one site and laboratory."""

    part = fields.String(validate=validate.OneOf(list(PARTS)))
    site_id = Id(allow_none=True)
    lab_id = Id(allow_none=True)
    oldest = moment(allow_none=True)


class BalanceSchema(Schema):
    """opened (tubes) = released + in_chain + left."""

    round_id = Id()
    at = moment(metadata={"description": "cut-off, the server's time"})
    tubes = fields.Integer()
    released = fields.Integer()
    in_chain = fields.Integer()
    left = fields.Integer()
    unaccounted = fields.Integer()
    stages = fields.Raw(metadata={"description": "{stage: [tubes, persons]}"})
    swabs = fields.Raw(metadata={"description": "{void code: swabs}; 0 are the live ones"})
    parts = fields.Dict(keys=fields.String(), values=fields.Nested(ExplainedSchema))
    devices = fields.Raw()
    matters = fields.Raw()
    by_place = fields.List(fields.Nested(UnaccountedCountSchema))


class LastScanSchema(Schema):
    verb = fields.Integer()
    at = moment()
    recorded_at = moment()
    device_id = Id()
    staff_id = Id(allow_none=True)
    site_id = Id(allow_none=True)
    lab_id = Id(allow_none=True)


class UnaccountedSchema(Schema):
    """One unaccounted thing with the last scan of it."""

    part = fields.String()
    subject_id = fields.String()
    site_id = Id(allow_none=True)
    lab_id = Id(allow_none=True)
    batch_id = Id(allow_none=True)
    device_id = Id(allow_none=True)
    stage = fields.Integer(allow_none=True)
    since = moment(allow_none=True)
    due_at = moment(allow_none=True)
    persons = fields.Integer()
    n = fields.Integer()
    why = fields.String()
    state = fields.String(validate=validate.OneOf(["open", "coded", "closed"]))
    code = fields.String(allow_none=True)
    last_scan = fields.Nested(LastScanSchema, allow_none=True)


class UnaccountedListSchema(Schema):
    items = fields.List(fields.Nested(UnaccountedSchema))
    next = fields.String(allow_none=True)


class HeardJournalSchema(Schema):
    """A journal that spoke in the round: how far it is held, and why it is not complete."""

    device_id = Id()
    name = fields.String()
    state = fields.String()
    site_id = Id(allow_none=True)
    lab_id = Id(allow_none=True)
    branch = fields.Integer()
    last = fields.Integer()
    closed_at = fields.Integer(allow_none=True)
    last_at = moment(allow_none=True)
    heard_at = moment()
    held = fields.Integer(allow_none=True)
    why = fields.String(allow_none=True)


class SilentPhoneSchema(Schema):
    device_id = Id()
    name = fields.String()
    site_id = Id()
    heard_at = moment(allow_none=True)
    last = fields.Integer(allow_none=True)


class HeardAndSilentSchema(Schema):
    heard = fields.List(fields.Nested(HeardJournalSchema))
    silent = fields.List(fields.Nested(SilentPhoneSchema))


class SubjectsSchema(Schema):
    round = Id(required=True)
    part = fields.String(required=True, validate=validate.OneOf(list(PARTS)))
    subjects = fields.List(
        fields.String(), required=True, validate=validate.Length(1, MOST_SUBJECTS)
    )


class ExplainSchema(SubjectsSchema):
    code = fields.String(required=True, validate=validate.OneOf(list(EXPLANATIONS)))
    note = fields.String(allow_none=True, validate=validate.Length(max=200), load_default=None)


class DoneSchema(Schema):
    n = fields.Integer()


class RoundSignatureSchema(Schema):
    step = fields.Integer()
    by = Id()
    at = moment()
    balance_id = Id()


class SignOffSchema(Schema):
    round_id = Id()
    state = fields.String()
    obstacles = fields.List(fields.String())
    signatures = fields.List(fields.Nested(RoundSignatureSchema))
    balance = fields.Nested(BalanceSchema, allow_none=True)


class LedgerCheckSchema(Schema):
    round_id = Id(required=True)


class LedgerJobSchema(Schema):
    job_id = Id()
