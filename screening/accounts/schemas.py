"""The wire of accounts, written out. Ids travel as strings: they exceed what JavaScript counts."""

from __future__ import annotations

from marshmallow import Schema, ValidationError, fields, validate

from screening.accounts.roles import Role
from screening.wire import Bytes, Id, moment, text

SCOPES = ("all", "area", "site", "lab")
LATER = {"required": False}


# --- session and self ---------------------------------------------------------------------------


class SignInSchema(Schema):
    number = text(64, required=True)
    password = text(256, required=True)


class SignedInSchema(Schema):
    token = fields.String(metadata={"description": "send as Authorization: Bearer …"})
    staff_id = Id()
    staff_no = fields.String()
    must_change = fields.Boolean()
    expires_at = moment()


class ScopeSchema(Schema):
    role = fields.String()
    scope = fields.String()
    scope_id = Id()
    place_name = fields.String()
    grant_id = Id()
    until = moment(allow_none=True)


class MeSchema(Schema):
    staff_id = Id()
    staff_no = fields.String()
    name = fields.String()
    must_change = fields.Boolean()
    has_pin = fields.Boolean()
    grants = fields.List(fields.Nested(ScopeSchema))


class NewPasswordSchema(Schema):
    old = text(256, required=True)
    new = text(256, required=True)


class NewPinSchema(Schema):
    password = text(256, required=True)
    pin = text(12, required=True)


class PasswordSchema(Schema):
    password = text(256, required=True)


class AppSecretSchema(Schema):
    link = fields.String(metadata={"description": "otpauth:// address for a QR code"})
    secret = fields.String(metadata={"description": "the same, to be typed; Base32"})


class AppCodeSchema(Schema):
    code = text(6, 6, required=True)


class SessionSchema(Schema):
    ref = fields.String()
    created_at = moment()
    expires_at = moment()
    agent = fields.String(allow_none=True)
    current = fields.Boolean()


# --- accounts -----------------------------------------------------------------------------------


class GrantInSchema(Schema):
    role = fields.String(required=True, validate=validate.OneOf([r.value for r in Role]))
    scope = fields.String(required=True, validate=validate.OneOf(SCOPES))
    scope_id = Id(load_default=0)
    until = moment(load_default=None, allow_none=True)


def _number(value: str) -> None:
    if not value.isascii() or not value.replace("-", "").isalnum():
        raise ValidationError("只能用字母、数字和 - / letters, digits and - only")


class StaffInSchema(Schema):
    staff_no = fields.String(required=True, validate=[validate.Length(2, 32), _number])
    name = text(60, required=True)
    phone = text(20, 0, load_default="")
    until = moment(load_default=None, allow_none=True)
    grants = fields.List(
        fields.Nested(GrantInSchema), required=True, validate=validate.Length(1, 20)
    )


class StaffPatchSchema(Schema):
    name = text(60)
    phone = text(20, 0)
    active = fields.Boolean()
    until = moment(allow_none=True)


class StaffSchema(Schema):
    staff_id = Id()
    staff_no = fields.String()
    name = fields.String()
    phone = fields.String()
    active = fields.Boolean()
    until = moment(allow_none=True)
    must_change = fields.Boolean()
    has_password = fields.Boolean()
    has_pin = fields.Boolean()
    grants = fields.List(fields.Nested(ScopeSchema))


class NewStaffSchema(Schema):
    staff_id = Id()
    staff_no = fields.String()
    first_password = fields.String(metadata={"description": "shown once, to be changed at once"})


class StaffPageSchema(Schema):
    items = fields.List(fields.Nested(StaffSchema))
    next = Id(allow_none=True)


class StaffQuerySchema(Schema):
    prefix = text(32, 0, load_default="")
    after = Id(load_default=0)
    limit = fields.Integer(load_default=50, validate=validate.Range(1, 200))


class FirstPasswordSchema(Schema):
    first_password = fields.String()


class FirstPinSchema(Schema):
    pin = fields.String()


class TemporaryRowSchema(Schema):
    name = text(200, 0, load_default="")
    phone = text(40, 0, load_default="")
    role = text(40, 0, load_default="")
    place = text(80, 0, load_default="")
    until = text(40, 0, load_default="")


class TemporaryInSchema(Schema):
    rows = fields.List(
        fields.Nested(TemporaryRowSchema), required=True, validate=validate.Length(1, 500)
    )
    dry_run = fields.Boolean(load_default=False)


class TemporarySchema(Schema):
    staff_id = Id()
    staff_no = fields.String()
    name = fields.String()
    role = fields.String()
    place_name = fields.String()
    until = moment()
    first_password = fields.String()


class TemporaryOutSchema(Schema):
    count = fields.Integer()
    dry_run = fields.Boolean()
    accounts = fields.List(fields.Nested(TemporarySchema))


# --- devices ------------------------------------------------------------------------------------


class EnrolCodeInSchema(Schema):
    site_id = Id(load_default=None, allow_none=True)
    lab_id = Id(load_default=None, allow_none=True)
    until = moment(load_default=None, allow_none=True)
    uses = fields.Integer(load_default=0, validate=validate.Range(0, 500))
    practice = fields.Boolean(load_default=False)


class EnrolCodeSchema(Schema):
    code = fields.String(metadata={"description": "shown once"})


class CodeRowSchema(Schema):
    ref = fields.String()
    place_name = fields.String()
    until = moment()
    uses_left = fields.Integer()
    practice = fields.Boolean()
    made_at = moment()


class DeviceInSchema(Schema):
    """`name`: as people call the phone; the next free "D7" of the place when it is empty."""

    code = text(32, required=True)
    name = fields.String(load_default="", validate=validate.Length(max=80))
    public_key = text(128, required=True)


class EnrolledSchema(Schema):
    device_id = Id(attribute="device.device_id")
    name = fields.String(attribute="device.name")
    site_id = Id(attribute="device.site_id", allow_none=True)
    lab_id = Id(attribute="device.lab_id", allow_none=True)
    practice = fields.Boolean(attribute="device.practice")
    server_public_key = Bytes(attribute="server_public")


class DeviceSchema(Schema):
    device_id = Id(attribute="device.device_id")
    name = fields.String(attribute="device.name")
    kind = fields.String(attribute="device.kind")
    site_id = Id(attribute="device.site_id", allow_none=True)
    lab_id = Id(attribute="device.lab_id", allow_none=True)
    state = fields.String(attribute="device.state")
    practice = fields.Boolean(attribute="device.practice")
    enrolled_at = moment(attribute="device.enrolled_at")
    heard_at = moment(attribute="device.heard_at", allow_none=True)
    place_name = fields.String()


class DevicePageSchema(Schema):
    items = fields.List(fields.Nested(DeviceSchema))
    next = Id(allow_none=True)


class DeviceQuerySchema(Schema):
    kind = fields.String(load_default="phone", validate=validate.OneOf(("phone", "desk")))
    after = Id(load_default=0)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


# --- audit --------------------------------------------------------------------------------------


class AuditQuerySchema(Schema):
    staff_id = Id(load_default=None)
    action = text(60, 0, load_default="")
    subject = text(60, 0, load_default="")
    subject_id = text(60, 0, load_default="")
    before = Id(load_default=None)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


class AuditSchema(Schema):
    cell_id = Id()
    audit_id = Id()
    at = moment()
    staff_id = Id(allow_none=True)
    device_id = Id(allow_none=True)
    action = fields.String()
    subject = fields.String(allow_none=True)
    subject_id = fields.String(allow_none=True)
    detail = fields.Raw(allow_none=True)
    sealed = fields.Boolean()


class AuditPageSchema(Schema):
    items = fields.List(fields.Nested(AuditSchema))
    next = Id(allow_none=True)


class VerdictSchema(Schema):
    cell = Id()
    sealed = fields.Integer()
    waiting = fields.Integer()
    whole = fields.Boolean()
    broken_at = fields.Integer(allow_none=True)
