"""The wire of label runs and patterns."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

from screening.registry.check_digits import CHECKS
from screening.tube.service.label_runs import MOST, PRINTED

KIND = validate.OneOf(list(PRINTED))
RANGE = validate.Length(min=1, max=64)


class LabelRunInSchema(Schema):
    """`count` consecutive numbers; `site_id` is the site they are issued to."""

    kind = fields.String(load_default="tube", validate=KIND)
    count = fields.Integer(required=True, validate=validate.Range(1, MOST.value))
    site_id = fields.Integer(required=True)
    practice = fields.Boolean(load_default=False)


class StockInSchema(Schema):
    """Foreign stock: a range (`first`, `last`) or a list (`numbers`)."""

    pattern_id = fields.Integer(required=True)
    site_id = fields.Integer(required=True)
    first = fields.String(load_default="", validate=validate.Length(max=64))
    last = fields.String(load_default="", validate=validate.Length(max=64))
    numbers = fields.List(
        fields.String(validate=validate.Length(max=64)),
        load_default=list,
        validate=validate.Length(max=MOST.value),
    )


class LabelRunSchema(Schema):
    run_id = fields.Integer(metadata={"description": "63-bit"})
    kind = fields.String()
    first = fields.Integer()
    count = fields.Integer()
    pattern_id = fields.Integer(allow_none=True)
    site_id = fields.Integer(allow_none=True)
    site_name = fields.String(allow_none=True)
    made_by = fields.Integer(allow_none=True)
    made_at = fields.DateTime()
    practice = fields.Boolean()


class LabelRunPageSchema(Schema):
    items = fields.List(fields.Nested(LabelRunSchema))
    next = fields.Integer(allow_none=True)


class LabelPageSchema(Schema):
    after = fields.Integer(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


class LabelLedgerSchema(Schema):
    """printed = blank + claimed + returned + void + missing."""

    printed = fields.Integer()
    blank = fields.Integer()
    claimed = fields.Integer()
    returned = fields.Integer()
    void = fields.Integer()
    missing = fields.Integer()
    whole = fields.Boolean()


class LabelMoveInSchema(Schema):
    """The blank labels from `first` to `last` by their numbers."""

    what = fields.String(
        required=True, validate=validate.OneOf(["returned", "void", "missing", "found"])
    )
    first = fields.String(required=True, validate=RANGE)
    last = fields.String(required=True, validate=RANGE)


class LabelMovedSchema(Schema):
    count = fields.Integer()


class PrintSchema(Schema):
    """`skip` and `count` pick a part of a long run; `copies` of each number. On sheets only: `used`
    labels of the first sheet are gone, `right` and `down` (mm) put a printer right that is off."""

    skip = fields.Integer(load_default=0, validate=validate.Range(0, MOST.value))
    count = fields.Integer(load_default=MOST.value, validate=validate.Range(1, MOST.value))
    copies = fields.Integer(load_default=1, validate=validate.Range(1, 10))
    layout = fields.String(
        load_default="40x30",
        validate=validate.OneOf(["40x30", "50x30", "50x25", "64x34", "46x25"]),
    )
    used = fields.Integer(load_default=0, validate=validate.Range(0, 99))
    right = fields.Float(load_default=0, validate=validate.Range(-10, 10))
    down = fields.Float(load_default=0, validate=validate.Range(-10, 10))
    dpi = fields.Integer(load_default=203, validate=validate.OneOf([203, 300, 600]))


class PatternInSchema(Schema):
    name = fields.String(required=True, validate=validate.Length(min=1, max=60))
    kind = fields.String(load_default="tube", validate=KIND)
    regex = fields.String(required=True, validate=validate.Length(min=1, max=100))
    length = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(1, 32))
    check = fields.String(
        load_default=None, allow_none=True, validate=validate.OneOf(["none", *CHECKS])
    )


class PatternSchema(Schema):
    pattern_id = fields.Integer()
    name = fields.String()
    version = fields.Integer()
    kind = fields.String()
    regex = fields.String()
    length = fields.Integer(allow_none=True)
    check_name = fields.String()
    active = fields.Boolean()
    made_at = fields.DateTime()


class ResidentCodesSchema(Schema):
    """Persons of one community whose codes are printed."""

    community_id = fields.Integer(required=True)
    person_ids = fields.List(
        fields.Integer(), required=True, validate=validate.Length(min=1, max=500)
    )
