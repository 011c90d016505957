"""The wire of the figures, written out. Ids travel as strings: they exceed what JavaScript counts."""

from __future__ import annotations

from marshmallow import Schema, fields

from screening.wire import Id


class FiguresAskSchema(Schema):
    area = Id(required=True)
    round = Id(required=True)
    cut_off = fields.AwareDateTime(
        format="iso", metadata={"description": "figures frozen at this moment; else live"}
    )


class FigureSchema(Schema):
    key = fields.String()
    name = fields.String()
    value = fields.Integer()
    unit = fields.String()
    definition = fields.String()
    as_of = fields.AwareDateTime(format="iso", allow_none=True)


class FiguresSchema(Schema):
    """Every figure of an area. Persons are counted where they live, tubes at the area's sites."""

    area_id = Id()
    round_id = Id()
    at = fields.AwareDateTime(format="iso")
    frozen = fields.Boolean()
    figures = fields.List(fields.Nested(FigureSchema))


class GroupsAskSchema(Schema):
    area = Id(required=True)
    day = fields.Date(metadata={"description": "a day with a due list; else today"})


class GroupLineSchema(Schema):
    """One employer ("" for none) under one schedule; counts are swabs asked for on that day."""

    cohort = fields.String()
    group = fields.String()
    employer = fields.String()
    rhythm = fields.String()
    due = fields.Integer()
    done = fields.Integer()
    late = fields.Integer()
