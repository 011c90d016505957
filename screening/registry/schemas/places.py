"""The wire of places: areas, sites, laboratories."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.places.models import LEVELS
from screening.places.rules import SITE_KINDS
from screening.registry.schemas.frame import PageQuerySchema
from screening.wire import Id, text


class AreaQuerySchema(PageQuerySchema):
    parent_id = Id(load_default=None)
    name = text(60, 0, load_default="")


class AreaSchema(Schema):
    area_id = Id()
    code = fields.String(metadata={"description": "12 digits; below a community a local code"})
    name = fields.String()
    level = fields.Function(lambda n: LEVELS[n.level])
    parent_id = Id(allow_none=True)
    path = fields.String()
    cell_id = Id(
        metadata={"description": "where its people and tubes are stored; 0 above a street"}
    )


class NewAreaSchema(Schema):
    parent_id = Id(required=True)
    code = text(60, required=True)
    name = text(60, required=True)
    level = fields.String(required=True, validate=validate.OneOf(LEVELS))


class AreaChangeSchema(Schema):
    name = text(60)
    owner_id = Id(allow_none=True)


class AreaReportSchema(Schema):
    added = fields.Integer()
    renamed = fields.Integer()
    moved = fields.Integer()
    closed = fields.Integer()
    same = fields.Integer()


class SiteSchema(Schema):
    site_id = Id()
    code = fields.String()
    name = fields.String()
    kind = fields.String()
    area_id = Id()
    area_name = fields.String()
    tables = fields.Integer()
    responsible_id = Id(allow_none=True)
    phone = fields.String(allow_none=True, metadata={"description": "the site's own number"})
    opens = fields.String(allow_none=True)
    closed = fields.Boolean()


class SiteChangeSchema(Schema):
    name = text(60)
    kind = fields.String(validate=validate.OneOf(list(SITE_KINDS)))
    tables = fields.Integer(validate=validate.Range(1, 200))
    responsible_id = Id(allow_none=True)
    phone = text(20, 0, allow_none=True)
    opens = text(40, 0, allow_none=True)


class NewSiteSchema(SiteChangeSchema):
    code = text(20, required=True)
    area_id = Id(required=True)
    name = text(60, required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(SITE_KINDS)))


class LabSchema(Schema):
    lab_id = Id()
    code = fields.String()
    name = fields.String()
    area_id = Id()
    area_name = fields.String()
    capacity = fields.Integer(metadata={"description": "tubes a day"})
    responsible_id = Id(allow_none=True)
    own_lis = fields.Boolean()


class LabChangeSchema(Schema):
    name = text(60)
    capacity = fields.Integer(validate=validate.Range(1, 10_000_000))
    responsible_id = Id(allow_none=True)
    own_lis = fields.Boolean()


class NewLabSchema(LabChangeSchema):
    code = text(20, required=True)
    area_id = Id(required=True)
    name = text(60, required=True)
    capacity = fields.Integer(required=True, validate=validate.Range(1, 10_000_000))
