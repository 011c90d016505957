"""What every part of the wire uses. Ids travel as strings: they exceed what scripts count."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate


class Id(fields.Integer):
    """A 63-bit id: a string on the way out, a string or number on the way in."""

    def _serialize(self, value: Any, *a: Any, **kw: Any) -> str | None:
        return None if value is None else str(value)


class Hex(fields.String):
    """A digest in hexadecimal."""

    def _serialize(self, value: Any, *a: Any, **kw: Any) -> str | None:
        return None if value is None else bytes(value).hex()


def text(most: int, least: int = 1, **kw: Any) -> fields.String:
    return fields.String(validate=validate.Length(least, most), **kw)


def a_secret(**kw: Any) -> fields.String:
    """What signs at this moment; never written to a log."""
    told = {"format": "password", "description": "PIN, code of an authenticator, or password"}
    return text(256, 0, metadata=told, **kw)


def moment(**kw: Any) -> fields.AwareDateTime:
    return fields.AwareDateTime(format="iso", **kw)


def a_word(table: dict, **kw: Any) -> fields.String:
    return fields.String(validate=validate.OneOf(list(table)), **kw)


class PageQuerySchema(Schema):
    before = Id(load_default=None, metadata={"description": "`next` of the page before"})
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


class LabPageQuerySchema(PageQuerySchema):
    lab_id = Id(load_default=None)
