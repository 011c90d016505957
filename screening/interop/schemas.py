"""The wire of proofs and packages. Numbers travel as 16 hexadecimal digits, as they are printed."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class AskProofSchema(Schema):
    code = fields.String(required=True, validate=validate.Length(1, 250), metadata={
        "description": "the code on the slip, or the resident code, R1.… or R2.…"
    })  # fmt: skip
    last4 = fields.String(load_default="", validate=validate.Length(0, 4))
    number = fields.String(load_default="", validate=validate.Length(0, 60), metadata={
        "description": "the whole document number, asked for after many wrong tries"
    })  # fmt: skip


class ProofSchema(Schema):
    number = fields.String()
    sampled_at = fields.AwareDateTime(format="iso", attribute="row.sampled_at")
    expires_at = fields.AwareDateTime(format="iso", attribute="row.expires_at")
    made_at = fields.AwareDateTime(format="iso", attribute="row.made_at")
    hours = fields.Integer()
    sharers = fields.Integer(attribute="row.sharers", metadata={
        "description": "how many swabs the tube held, the own one counted"
    })  # fmt: skip
    name = fields.String(metadata={"description": "masked"})
    last4 = fields.String()
    lab = fields.String()
    text = fields.String(metadata={"description": "P1: what the QR code holds"})
    certificate = fields.String(metadata={"description": "HC1: the same for other countries"})


class KeySchema(Schema):
    id = fields.Integer()
    point = fields.String(metadata={"description": "65 bytes, base64url"})
    cose = fields.String(metadata={"description": "the key id in HC1 certificates, base64url"})


class VerifierSchema(Schema):
    keys = fields.List(fields.Nested(KeySchema))
    list = fields.String(metadata={"description": "the signed list of withdrawn proofs, base64url"})
    old_after = fields.Integer(metadata={"description": "seconds"})


class PackageQuerySchema(Schema):
    unreceipted = fields.Boolean(load_default=False)


class PackageSchema(Schema):
    number = fields.String()
    made_at = fields.AwareDateTime(format="iso")
    rows = fields.Integer(metadata={"description": "tube versions in it"})
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())
    sha256 = fields.String(metadata={"description": "of all lines after the first"})
    sent_at = fields.AwareDateTime(format="iso")
    receipt = fields.String()
    receipt_at = fields.AwareDateTime(format="iso")


class ReceiptSchema(Schema):
    receipt = fields.String(required=True, validate=validate.Length(1, 200))
    sha256 = fields.String(required=True, validate=validate.Length(64, 64))
