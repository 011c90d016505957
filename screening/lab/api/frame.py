"""What the views of the laboratory's API share: its blueprint, the actor, a page of rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint

from screening.accounts.guard import current_actor
from screening.lab import queries
from screening.lab.queries import LabRow
from screening.lab.scopes import READERS

bp = Blueprint("lab_api", __name__, url_prefix="/api/v1")


def me() -> int:
    return current_actor().staff_id


def page(rows: Sequence[Any], limit: int, key: str) -> dict[str, Any]:
    return {"items": rows, "next": getattr(rows[-1], key) if len(rows) == limit else None}


def own_labs(lab_id: int | None) -> list[LabRow]:
    """The laboratories of the actor, or the one asked for if it is one of them."""
    found = queries.list_labs(current_actor().places(READERS))
    return [x for x in found if lab_id in (None, x.lab_id)]
