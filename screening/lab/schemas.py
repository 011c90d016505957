"""The wire of the laboratory, written out. Ids travel as strings: they exceed what scripts count."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from screening.lab import words
from screening.lab.dry_run import DAYS, MOST_DAYS
from screening.lab.layout import SHAPES
from screening.lab.plate_plan import ORDERS
from screening.lab.well_rules import Outcome


class Id(fields.Integer):
    """A 63-bit id: a string on the way out, a string or number on the way in."""

    def _serialize(self, value: Any, *a: Any, **kw: Any) -> str | None:
        return None if value is None else str(value)


class Hex(fields.String):
    """A digest in hexadecimal."""

    def _serialize(self, value: Any, *a: Any, **kw: Any) -> str | None:
        return None if value is None else bytes(value).hex()


def text(most: int, least: int = 1, **kw: Any) -> fields.String:
    return fields.String(validate=validate.Length(least, most), **kw)


def moment(**kw: Any) -> fields.AwareDateTime:
    return fields.AwareDateTime(format="iso", **kw)


def a_word(table: dict, **kw: Any) -> fields.String:
    return fields.String(validate=validate.OneOf(list(table)), **kw)


class PageQuerySchema(Schema):
    before = Id(load_default=None, metadata={"description": "`next` of the page before"})
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


class LabPageQuerySchema(PageQuerySchema):
    lab_id = Id(load_default=None)


# --- rule sets ----------------------------------------------------------------------------------


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


# --- plates -------------------------------------------------------------------------------------


class PlateInSchema(Schema):
    lab_id = Id(required=True)
    code = text(40, required=True)
    rule_id = Id(required=True)
    size = fields.Integer(load_default=96, validate=validate.OneOf(list(SHAPES)))
    round_id = Id(load_default=None, allow_none=True)
    controls = fields.Dict(
        keys=fields.String(), values=fields.String(), load_default=None, allow_none=True,
        metadata={"description": "well → ntc, pc, blank, mark; null: the default places"},
    )  # fmt: skip
    marked = fields.Boolean(
        load_default=False,
        metadata={"description": "default places with a mark in every column, for fewer tubes"},
    )


class PlateQuerySchema(LabPageQuerySchema):
    state = a_word(words.PLATE_STATES, load_default=None)


class PlateLineSchema(Schema):
    plate_id = Id()
    lab_id = Id()
    code = fields.String()
    size = fields.Integer()
    state = fields.String()
    made_at = moment()
    run_id = Id(allow_none=True)
    tubes = fields.Integer()


class PlatePageSchema(Schema):
    items = fields.List(fields.Nested(PlateLineSchema))
    next = Id(allow_none=True)


class WellSchema(Schema):
    well = fields.String()
    barcode = fields.String()
    filled_by = Id()
    filled_at = moment()


class PlateSchema(Schema):
    plate_id = Id()
    lab_id = Id()
    round_id = Id()
    code = fields.String()
    size = fields.Integer()
    state = fields.String()
    rule_id = Id()
    run_id = Id(allow_none=True)
    made_by = Id()
    made_at = moment()
    controls = fields.Dict(attribute="layout")
    wells = fields.List(fields.Nested(WellSchema))


class ScanSchema(Schema):
    code = text(80, required=True)
    order = fields.String(load_default="column", validate=validate.OneOf(ORDERS))


class MapSchema(Schema):
    wells = fields.Dict(
        keys=fields.String(), values=fields.String(), required=True,
        validate=validate.Length(1, 384), metadata={"description": "well → scanned code"},
    )  # fmt: skip


class PlacedSchema(Schema):
    barcode = fields.String()
    wells = fields.List(fields.String())
    uncaptured = fields.Boolean(
        attribute="unknown", metadata={"description": "nobody captured it yet: tested, held"}
    )
    held = fields.Boolean(attribute="holds")


class TakenOffSchema(Schema):
    barcode = fields.String()


# --- runs ---------------------------------------------------------------------------------------


class StartQuerySchema(Schema):
    instrument = fields.String(
        load_default=None, validate=validate.Length(1, 60),
        metadata={"description": "serial number; a run of another instrument is then refused"},
    )  # fmt: skip


class StartSchema(Schema):
    lab_id = Id()
    plate_id = Id()
    code = fields.String()
    instrument = fields.String(allow_none=True)
    started_at = fields.AwareDateTime(format="iso")
    due_at = fields.AwareDateTime(format="iso")


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


# --- the bench ----------------------------------------------------------------------------------


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
