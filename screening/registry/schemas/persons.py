"""The wire of persons: found, registered, moved, merged. Ids travel as strings."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from screening.registry.residence import RESIDENCES, Residence
from screening.registry.search import Wanted
from screening.wire import Id, text


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
