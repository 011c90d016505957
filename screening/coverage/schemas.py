"""The wire of coverage, written out. Ids travel as strings: they exceed what JavaScript counts."""

from __future__ import annotations

from marshmallow import Schema, fields

from screening.wire import Id


class CoverageAskSchema(Schema):
    area = Id(required=True)
    round = Id(required=True)


class CoverageRowSchema(Schema):
    """register = exempt + due; due = reached + missed; missed = the sum of its reasons. Persons."""

    area_id = Id()
    code = fields.String()
    name = fields.String()
    level = fields.Integer(metadata={"description": "0 province … 4 community, 5 grid, 6 building"})
    register = fields.Integer()
    exempt = fields.Integer()
    due = fields.Integer()
    reached = fields.Integer()
    delivered = fields.Integer(metadata={"description": "of the reached: swab at a laboratory"})
    tested = fields.Integer()
    resulted = fields.Integer(metadata={"description": "of the reached: result released"})
    missed = fields.Integer()
    resample = fields.Integer(metadata={"description": "needs a new swab"})
    new = fields.Integer(metadata={"description": "not contacted"})
    will_come = fields.Integer()
    pending = fields.Integer(metadata={"description": "asked to be exempt, proof to come"})
    away = fields.Integer()
    refused = fields.Integer()
    unreachable = fields.Integer()
    visit = fields.Integer(metadata={"description": "visit due"})
    added = fields.Integer(metadata={"description": "of the register: entered after the start"})
    exempt_added = fields.Integer(
        metadata={"description": "of the exempt: excused after the start"}
    )
    registered = fields.Integer(metadata={"description": "of the register: registered household"})
    residents = fields.Integer(metadata={"description": "of the register: long-term residents"})
    floating = fields.Integer(metadata={"description": "of the register: floating population"})
    exempt_by = fields.Dict(keys=fields.String(), values=fields.Integer())
    as_of = fields.AwareDateTime(format="iso", allow_none=True)


class CoverageSchema(CoverageRowSchema):
    round = Id()
    children = fields.List(fields.Nested(CoverageRowSchema))


class CoverageGroupSchema(CoverageRowSchema):
    group = fields.String(metadata={"description": "industry: a key group's code, empty: none"})
    employer = fields.String()


class CoverageGroupsSchema(CoverageRowSchema):
    industries = fields.List(fields.Nested(CoverageGroupSchema))
    employers = fields.List(fields.Nested(CoverageGroupSchema))


class FreezeSchema(Schema):
    round_id = Id(required=True)


class CoverageCutAskSchema(FreezeSchema):
    cut_off = fields.AwareDateTime(format="iso")


class CoverageCutSchema(Schema):
    round_id = Id()
    cut_off = fields.AwareDateTime(format="iso")
    rows = fields.List(fields.Nested(CoverageRowSchema))
