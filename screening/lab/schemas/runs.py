"""The wire of runs: starts, files, verdicts, calls."""

from __future__ import annotations

from marshmallow import Schema, fields

from screening.lab.rules.well_rules import Outcome
from screening.lab.schemas.frame import Hex, Id, moment


class RunFileSchema(Schema):
    file = fields.Raw(required=True, metadata={"type": "string", "format": "binary"})


class CallSchema(Schema):
    well = fields.String()
    barcode = fields.String()
    outcome = fields.Function(lambda call: Outcome(call["outcome"]).name.lower())
    reasons = fields.List(fields.Dict())
    cts = fields.Dict()


class PlateRunLineSchema(Schema):
    run_id = Id()
    lab_id = Id()
    plate_id = Id()
    file_hash = Hex()
    instrument = fields.String()
    state = fields.String()
    rule_id = Id()
    imported_by = Id()
    imported_at = moment()


class PlateRunPageSchema(Schema):
    items = fields.List(fields.Nested(PlateRunLineSchema))
    next = Id(allow_none=True)


class PlateRunSchema(Schema):
    """`already`: the file had been imported before; nothing was done."""

    run = fields.Nested(PlateRunLineSchema)
    plate_code = fields.Function(lambda shown: shown.plate.code)
    already = fields.Boolean()
    same_as = Id(allow_none=True)
    verdict = fields.Dict()
    calls = fields.List(fields.Nested(CallSchema))
