"""The wire of rule sets and of their dry runs."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.lab.judgement.dry_run import DAYS, MOST_DAYS
from screening.lab.schemas.frame import Id, moment


class RuleVersionSchema(Schema):
    rule_id = Id()
    name = fields.String()
    version = fields.Integer()
    body = fields.Dict(metadata={"description": "limits in Ct cycles, with their source"})
    made_by = Id(allow_none=True)
    made_at = moment()
    approved_by = Id(allow_none=True)
    valid_from = moment(allow_none=True, metadata={"description": "null: only proposed"})
    valid_to = moment(allow_none=True)


class ProposalSchema(Schema):
    body = fields.Dict(required=True, metadata={"description": "a rule set; version is given here"})


class ApprovalSchema(Schema):
    trial_id = Id(
        load_default=None,
        allow_none=True,
        metadata={"description": "the dry run that the approver has seen; nothing without one"},
    )
    valid_from = moment(load_default=None, allow_none=True)


class DryRunInSchema(Schema):
    days = fields.Integer(load_default=DAYS.value, validate=validate.Range(1, MOST_DAYS.value))


class TubeChangeSchema(Schema):
    lab_id = Id()
    run_id = Id()
    plate = fields.String()
    well = fields.String()
    barcode = fields.String()
    at = fields.String()
    old = fields.Integer(allow_none=True, metadata={"description": "null: not judged at all"})
    new = fields.Integer(allow_none=True)
    reasons = fields.List(fields.String())
    cts = fields.Dict()


class PlateChangeSchema(Schema):
    lab_id = Id()
    run_id = Id()
    plate = fields.String()
    at = fields.String()
    old = fields.String()
    new = fields.String()
    faults = fields.List(fields.String())
    tubes = fields.Integer()


class DryRunSchema(Schema):
    trial_id = Id()
    rule_id = Id()
    against = Id(allow_none=True, metadata={"description": "the version in force then"})
    made_by = Id()
    made_at = moment()
    since = moment()
    runs = fields.Integer()
    left_out = fields.Integer(metadata={"description": "older runs that were not judged again"})
    tubes = fields.Integer()
    changed = fields.Integer()
    lost = fields.Integer(metadata={"description": "signals that would not have been alerted"})
    won = fields.Integer()
    pairs = fields.Dict(metadata={"description": "`old>new` → tubes"})
    plates = fields.List(fields.Nested(PlateChangeSchema))
    lines = fields.List(fields.Nested(TubeChangeSchema))
