"""The wire of control charts and of positivity."""

from __future__ import annotations

from marshmallow import Schema, fields

from screening.lab.schemas.frame import Id, moment, text


class ControlChartQuerySchema(Schema):
    kit = fields.String(load_default="", metadata={"description": "the kit used last without one"})
    lot = fields.String(
        load_default="",
        metadata={"description": "number of a lot; - before the first; the newest without one"},
    )


class KitLotSchema(Schema):
    lot_id = Id()
    name = fields.String(metadata={"description": "of the kit"})
    lot = fields.String()
    since = moment()
    opened_by = Id()


class KitLotInSchema(Schema):
    kit = text(60, required=True)
    lot = text(60, required=True)


class ControlBaseSchema(Schema):
    mean = fields.Float(metadata={"description": "Ct"})
    sd = fields.Float(metadata={"description": "Ct"})
    n = fields.Integer()


class ControlPointSchema(Schema):
    run_id = Id(attribute="value.run_id")
    at = moment(attribute="value.at")
    plate = fields.String(attribute="value.plate")
    well = fields.String(attribute="value.well")
    ct = fields.Float(
        attribute="point.value", allow_none=True, metadata={"description": "null: did not amplify"}
    )
    z = fields.Float(attribute="point.z", allow_none=True)
    broken = fields.List(
        fields.String(), attribute="point.broken", metadata={"description": "Westgard rules"}
    )
    rejected = fields.Boolean(attribute="point.rejected")


class ControlChartSchema(Schema):
    kind = fields.String(metadata={"description": "pc or ntc"})
    target = fields.String()
    base = fields.Nested(
        ControlBaseSchema,
        allow_none=True,
        metadata={"description": "null: fewer than twenty values"},
    )
    points = fields.List(fields.Nested(ControlPointSchema))


class ControlChartsSchema(Schema):
    kits = fields.List(fields.String())
    kit = fields.String()
    lots = fields.List(fields.Nested(KitLotSchema))
    lot = fields.String()
    charts = fields.List(fields.Nested(ControlChartSchema))


class SignalsSchema(Schema):
    tubes = fields.Integer()
    signals = fields.Integer()


SIDE = {"description": "high, low, or within the band"}


class HourSignalsSchema(SignalsSchema):
    hour = moment()
    low = fields.Integer(metadata={"description": "fewest signals within the band"})
    high = fields.Integer(metadata={"description": "most signals within the band"})
    state = fields.String(metadata=SIDE)


class PlateSignalsSchema(SignalsSchema):
    run_id = Id()
    at = moment()
    plate = fields.String()
    state = fields.String(metadata=SIDE)


class OpenHoldSchema(Schema):
    hold_id = Id()
    run_id = Id()
    kind = fields.String(metadata={"description": "adjacent, plate_high, lab_high, lab_low"})
    told = fields.Dict(metadata={"description": "what was counted"})
    opened_at = moment()
    asked_by = Id(allow_none=True)


class PositivitySchema(Schema):
    own = fields.Nested(SignalsSchema)
    others = fields.Nested(SignalsSchema)
    expected = fields.Float(metadata={"description": "signals a tube"})
    alone = fields.Boolean(metadata={"description": "too little is known of others"})
    hours = fields.List(fields.Nested(HourSignalsSchema))
    plates = fields.List(fields.Nested(PlateSignalsSchema))
    holds = fields.List(fields.Nested(OpenHoldSchema))
