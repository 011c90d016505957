"""What the accounts' views stand on."""

from __future__ import annotations

from flask import Blueprint

from screening.accounts.roles import Role

bp = Blueprint("accounts_api", __name__, url_prefix="/api/v1")
MANAGERS = (Role.ADMINISTRATOR, Role.SITE_SUPERVISOR)
