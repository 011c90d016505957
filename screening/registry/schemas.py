"""The wire of places and the register, written out. Ids of persons travel as strings."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from screening.places.models import LEVELS
from screening.places.rules import SITE_KINDS
from screening.registry.residence import RESIDENCES, Residence
from screening.registry.rules import COHORTS, EXEMPTIONS, ZONE_KINDS, Mode, PoolRule
from screening.registry.search import Wanted


class Id(fields.Integer):
    """A 63-bit id: a string on the way out (JavaScript cannot count so far), either on the way in."""

    def _serialize(self, value: Any, *a: Any, **kw: Any) -> str | None:
        return None if value is None else str(value)


def text(most: int, least: int = 1, **kw: Any) -> fields.String:
    return fields.String(validate=validate.Length(least, most), **kw)


def moment(**kw: Any) -> fields.AwareDateTime:
    return fields.AwareDateTime(format="iso", **kw)


class PageQuerySchema(Schema):
    after = Id(load_default=0)
    limit = fields.Integer(load_default=200, validate=validate.Range(1, 500))


# --- places -----------------------------------------------------------------------------------


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


class MadeSchema(Schema):
    id = Id()


# --- rounds and zones -------------------------------------------------------------------------


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


# --- persons ----------------------------------------------------------------------------------


class SearchSchema(Schema):
    area_id = Id(required=True, metadata={"description": "within which area to look"})
    doc_type = text(40, load_default=None)
    number = text(60, load_default=None)
    country = text(40, load_default=None)
    phone = text(30, load_default=None)
    name = text(60, load_default=None)
    part_of_name = text(60, load_default=None)
    last4 = text(4, 4, load_default=None)

    def wanted(self, values: dict[str, Any]) -> Wanted:
        return Wanted(**{k: v for k, v in values.items() if k != "area_id"})


class PersonSchema(Schema):
    cell_id = Id()
    person_id = Id()
    community_id = Id()
    community = fields.String()
    name = fields.Function(lambda p: p.details.name)
    document = fields.String(metadata={"description": "masked"})
    phone = fields.String(metadata={"description": "masked"})
    unit = fields.Function(lambda p: p.details.unit)
    room = fields.Function(lambda p: p.details.room)
    flags = fields.Function(lambda p: [f.name.lower() for f in p.flags])
    lane = fields.Integer()
    key_group = fields.String(allow_none=True)
    employer = fields.String(allow_none=True)
    residence = fields.Function(
        lambda p: Residence(p.residence).name.lower() if p.residence else None,
        metadata={"description": "registered, resident or floating; null: not stated"},
    )


class DocumentSchema(Schema):
    type = text(40, load_default="resident_id")
    number = text(60, required=True)
    country = text(40, load_default=None, allow_none=True)


class LookupSchema(Schema):
    area_id = Id(required=True)
    documents = fields.List(
        fields.Nested(DocumentSchema), required=True, validate=validate.Length(1, 5000)
    )


class PersonRefSchema(Schema):
    cell_id = Id(required=True)
    person_id = Id(required=True)


class RegisteredSchema(PersonRefSchema):
    code = fields.String(metadata={"description": "the resident code, R1.…"})


class NewPersonSchema(Schema):
    community_id = Id(required=True)
    name = text(60, required=True)
    type = text(40, load_default="resident_id")
    number = text(60, 0, load_default="", metadata={"description": "empty for type none"})
    country = text(40, load_default=None, allow_none=True)
    phone = text(30, load_default=None, allow_none=True)
    unit = text(20, load_default=None, allow_none=True)
    room = text(20, load_default=None, allow_none=True)
    birth = fields.Date(load_default=None, allow_none=True)
    residence = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf([r.name.lower() for r in RESIDENCES]),
    )


class MoveSchema(Schema):
    community_id = Id(required=True)


class MergeSchema(Schema):
    into_cell = Id(required=True)
    into_id = Id(required=True)
    reason = text(500, 4, required=True)


class MergedSchema(Schema):
    merge_id = Id()
    state = fields.String(
        metadata={"description": "done, or waiting for a second person; refused, undone"}
    )


class DecideMergeSchema(Schema):
    yes = fields.Boolean(required=True)


class UndoMergeSchema(Schema):
    reason = text(500, 4, required=True)


class ImportSchema(Schema):
    import_id = Id()
    state = fields.String()
    area_id = Id(allow_none=True)
    total = fields.Integer(metadata={"description": "rows without the header"})
    done = fields.Integer()
    faults = fields.Integer()
    report = fields.Dict()
    made_at = moment()
    ended_at = moment(allow_none=True)


class UploadSchema(Schema):
    area_id = Id(load_default=None, allow_none=True)


class StartImportSchema(Schema):
    rows_confirmed = fields.Boolean(load_default=False)


class ImportFaultSchema(Schema):
    seq = fields.Integer()
    row = fields.Integer()
    column = fields.String(allow_none=True)
    code = fields.String()
    detail = fields.String()


# --- exemptions and cohorts -------------------------------------------------------------------


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
