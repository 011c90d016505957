"""Fields of the wire that every slice writes alike: ids, bytes, moments, texts of a length."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from screening import crypto


class Id(fields.Integer):
    """A 63-bit id: a string on the way out (JavaScript cannot count so far), either on the way in."""

    def _serialize(self, value: Any, *a: Any, **kw: Any) -> str | None:
        return None if value is None else str(value)


class Bytes(fields.String):
    """Bytes as base64url without padding."""

    def _serialize(self, value: Any, *a: Any, **kw: Any) -> str | None:
        return None if value is None else crypto.b64(bytes(value))


def text(most: int, least: int = 1, **kw: Any) -> fields.String:
    """A text of `least` to `most` characters."""
    return fields.String(validate=validate.Length(least, most), **kw)


def moment(**kw: Any) -> fields.AwareDateTime:
    """A moment with its offset, as ISO 8601."""
    return fields.AwareDateTime(format="iso", **kw)
