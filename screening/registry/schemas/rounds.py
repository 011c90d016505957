"""The wire of rounds and zones."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from screening.registry.rules import ZONE_KINDS, Mode, PoolRule
from screening.wire import Id, moment, text


class PoolRuleSchema(Schema):
    mode = fields.Enum(Mode, by_value=True, required=True)
    capacity = fields.Integer(required=True)
    source = text(200, 0, load_default="")
    zone = fields.String(load_default=None, allow_none=True)
    cohort = fields.String(load_default=None, allow_none=True)

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> PoolRule:
        return PoolRule(**values)


class RoundSiteSchema(Schema):
    site_id = Id(required=True)
    lab_id = Id(load_default=None, allow_none=True)


class NewRoundSchema(Schema):
    name = text(60, 0, required=True)
    kind = fields.String(load_default="mass", validate=validate.OneOf(["mass", "cohort"]))
    starts_at = moment(required=True)
    ends_at = moment(required=True)
    area_ids = fields.List(Id(), required=True, validate=validate.Length(max=2000))
    cohorts = fields.List(fields.String(), load_default=list)
    sites = fields.List(fields.Nested(RoundSiteSchema), load_default=list)
    limits = fields.Dict(keys=fields.String(), values=fields.Integer(), load_default=dict)
    pool_rules = fields.List(fields.Nested(PoolRuleSchema), load_default=list)
    drill = fields.Boolean(load_default=False)


class ExtendSchema(Schema):
    ends_at = moment(load_default=None)
    area_ids = fields.List(Id(), load_default=list)
    sites = fields.List(fields.Nested(RoundSiteSchema), load_default=list)


class RoundSchema(Schema):
    round_id = fields.Integer()
    name = fields.String()
    kind = fields.String()
    state = fields.String()
    starts_at = moment()
    ends_at = moment()
    started_at = moment(allow_none=True)
    stopped_at = moment(allow_none=True)
    limits = fields.Dict()
    pool_rules = fields.List(fields.Nested(PoolRuleSchema))
    site_ids = fields.List(Id(), allow_none=True)
    cohorts = fields.List(fields.String())
    drill = fields.Boolean()


class NewZoneSchema(Schema):
    name = text(60, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(ZONE_KINDS)))
    area_ids = fields.List(Id(), required=True, validate=validate.Length(1, 2000))
    starts_at = moment(required=True)
    ends_at = moment(load_default=None, allow_none=True)


class ZoneSchema(Schema):
    zone_id = Id()
    name = fields.String()
    kind = fields.String()
    starts_at = moment()
    ends_at = moment(allow_none=True)
    areas = fields.List(fields.String())
