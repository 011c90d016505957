"""Addresses of other desks' pages: a door stands only where this person may pass."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app, url_for

from screening.accounts.guard import find_actor
from screening.accounts.roles import Actor
from screening.errors import Problem


def may_open(actor: Actor | None, endpoint: str, values: Mapping[str, Any]) -> bool:
    """Whether the view of `endpoint` would let this person in: the role, and the place it is held
    over where the address tells one."""
    rule = getattr(current_app.view_functions.get(endpoint), "requires", None)
    if rule is None or actor is None:
        return bool(rule and rule.public)
    held = actor.roles & rule.roles
    if rule.public or rule.at.find is None or not held:
        return bool(rule.public or held)
    try:
        return actor.may(held, rule.at.find(values))
    except Problem:
        return False


def door(endpoint: str, **values: Any) -> str:
    """The address of another desk's page, empty where this person may not open it."""
    return url_for(endpoint, **values) if may_open(find_actor(), endpoint, values) else ""
