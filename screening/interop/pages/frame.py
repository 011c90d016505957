"""What the pages of this slice share: the blueprint."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("interop_pages", __name__)
