"""The wire of exemptions and cohorts."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.registry.rules import COHORTS, EXEMPTIONS
from screening.registry.schemas.frame import PageQuerySchema
from screening.registry.schemas.persons import DocumentSchema, PersonRefSchema
from screening.wire import Id, moment


class ExemptionQuerySchema(PageQuerySchema):
    area_id = Id(required=True)


class NewExemptionSchema(PersonRefSchema):
    code = fields.String(required=True, validate=validate.OneOf(list(EXEMPTIONS)))
    round_id = fields.Integer(load_default=0)
    until = moment(load_default=None, allow_none=True)


class ExemptionSchema(Schema):
    cell_id = Id()
    exemption_id = Id()
    round_id = fields.Integer()
    person_id = Id()
    code = fields.String()
    until = moment(allow_none=True)
    made_at = moment()
    ended_at = moment(allow_none=True)


class ReasonSchema(Schema):
    code = fields.String()
    zh = fields.String()
    en = fields.String()
    source = fields.String()


class CohortMembersSchema(Schema):
    area_id = Id(required=True)
    cohort = fields.String(required=True, validate=validate.OneOf(list(COHORTS)))
    documents = fields.List(
        fields.Nested(DocumentSchema), required=True, validate=validate.Length(1, 5000)
    )
    since = moment(required=True)
    until = moment(load_default=None, allow_none=True)


class MatchedSchema(Schema):
    matched = fields.Integer()
    unmatched = fields.List(
        fields.Integer(), metadata={"description": "places in the list, from 1"}
    )
