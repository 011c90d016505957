"""The blueprint that all routes of the register share, and paging by sequence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint
from marshmallow import Schema, fields

from screening.wire import Id

bp = Blueprint("registry_api", __name__, url_prefix="/api/v1")


def page_of(item: type[Schema]) -> Schema:
    """The schema of one page of a list: items, and where the next page begins (null: the end)."""
    name = item.__name__.removesuffix("Schema") + "PageSchema"
    made = Schema.from_dict({"items": fields.List(fields.Nested(item)), "next": Id()}, name=name)
    return made()


def page(rows: Sequence[Any], key: str, limit: int) -> dict[str, Any]:
    return {"items": rows, "next": getattr(rows[-1], key) if len(rows) == limit else None}
