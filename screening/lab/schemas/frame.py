"""What every part of the wire uses. Ids travel as strings: they exceed what scripts count."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from screening.wire import Id, moment, text

__all__ = [
    "Hex",
    "Id",
    "LabPageQuerySchema",
    "PageQuerySchema",
    "a_secret",
    "a_word",
    "moment",
    "text",
]


class Hex(fields.String):
    """A digest in hexadecimal."""

    def _serialize(self, value: Any, *a: Any, **kw: Any) -> str | None:
        return None if value is None else bytes(value).hex()


def a_secret(**kw: Any) -> fields.String:
    """What signs at this moment; never written to a log."""
    told = {"format": "password", "description": "PIN, code of an authenticator, or password"}
    return text(256, 0, metadata=told, **kw)


def a_word(table: dict, **kw: Any) -> fields.String:
    return fields.String(validate=validate.OneOf(list(table)), **kw)


class PageQuerySchema(Schema):
    before = Id(load_default=None, metadata={"description": "`next` of the page before"})
    limit = fields.Integer(load_default=100, validate=validate.Range(1, 500))


class LabPageQuerySchema(PageQuerySchema):
    lab_id = Id(load_default=None)
