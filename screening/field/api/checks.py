"""Would this be accepted? What a screen asks before it acts."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from screening import clock
from screening.accounts.guard import At, require
from screening.accounts.roles import LAB_ROLES, SITE_ROLES, Role
from screening.field import check
from screening.field.api.frame import bp
from screening.openapi import gives, takes
from screening.tube.answers import worst


class DifferenceIn(Schema):
    code = fields.String(
        required=True,
        validate=validate.OneOf(["late_tube", "broken", "stays", "not_sent", "other"]),
    )
    n = fields.Integer(required=True, validate=validate.Range(-500, 500))
    tube = fields.String(load_default=None, allow_none=True)


def _text(most: int = 250) -> fields.String:
    return fields.String(load_default="", validate=validate.Length(max=most))


class ActCheckIn(Schema):
    """One act of a screen. `text` is a scan as read; `n` a count as typed; what an act does not
    need is ignored."""

    act = fields.String(required=True, validate=validate.OneOf(check.ACTS))
    site_id = fields.Integer(load_default=None, allow_none=True)
    lab_id = fields.Integer(load_default=None, allow_none=True)
    round_id = fields.Integer(load_default=0)
    practice = fields.Boolean(load_default=False)
    tube = _text()
    mode = fields.String(
        load_default="pooled", validate=validate.OneOf(["single", "household", "pooled"])
    )
    size = fields.Integer(load_default=10, validate=validate.Range(1, 100))
    text = _text()
    doc_type, doc_number, doc_country = _text(20), _text(40), _text(3)
    name, phone = _text(100), _text(20)
    seen = fields.Boolean(load_default=False)
    reason = _text(200)
    n = fields.Integer(load_default=0, validate=validate.Range(0, 500))
    counted = fields.Boolean(load_default=True)
    batch = fields.String(
        load_default="", validate=validate.Regexp("^([0-9]{1,10}-[0-9a-f]{16,32})?$")
    )
    box, seal = _text(), _text()
    seals = fields.List(fields.String(), load_default=list, validate=validate.Length(max=200))
    temperature = fields.Float(
        load_default=None, allow_none=True, validate=validate.Range(-100, 100)
    )
    differences = fields.List(fields.Nested(DifferenceIn), load_default=list)


class AnswerOut(Schema):
    tone = fields.String(required=True, validate=validate.OneOf(["ok", "look", "stop"]))
    code = fields.String(required=True)
    sentence = fields.Dict(metadata={"description": "{zh, en}"})
    details = fields.Dict()


class ActCheckOut(Schema):
    """`tone` is the worst of all answers: `stop` means the screen must not go on."""

    tone = fields.String(required=True)
    answers = fields.List(fields.Nested(AnswerOut))


CHECKED_AT = At("site or lab of the screen, and its boxes", check.place_of)


@bp.post("/api/v1/field/check")
@require(*SITE_ROLES, Role.COURIER, *LAB_ROLES, at=CHECKED_AT)
@takes(ActCheckIn)
@gives(ActCheckOut)
def check_act(args: dict[str, Any]) -> dict[str, Any]:
    """Would this be accepted? Answers in words; writes nothing."""
    found = check.check(args, at=clock.now())
    return {"tone": worst(found), "answers": [a.to_dict() for a in found]}
