"""Routes for those who run the system: health, readiness, the API's document, the language."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as Redirect

from screening.accounts.guard import public
from screening.db import fetch
from screening.errors import NotFound, Unavailable
from screening.i18n import remember_lang
from screening.openapi import spec

bp = Blueprint("operations", __name__)


@bp.get("/healthz")
@public
def health() -> Response:
    """The process answers."""
    return jsonify(status="ok", version=current_app.config["VERSION"])


@bp.get("/readyz")
@public
def ready() -> Response:
    """The database answers and its schema is there."""
    if not fetch("SELECT 1 FROM round WHERE round_id = 0"):
        raise Unavailable()
    return jsonify(status="ready")


@bp.get("/ca.crt")
@public
def authority() -> Response:
    """The demo's own authority, for phones to trust; nothing where a real certificate is used."""
    settings = current_app.extensions["settings"]
    file = settings.instance / "https-ca.crt"
    if not settings.demo or not file.exists():
        raise NotFound()
    return Response(file.read_bytes(), mimetype="application/x-x509-ca-cert")


@bp.get("/openapi.json")
@public
def openapi() -> Response:
    """The OpenAPI 3.1 document of the whole API."""
    return jsonify(spec(current_app, current_app.config["VERSION"]))


@bp.get("/docs")
@public
def docs() -> str:
    """The API's document, readable."""
    return render_template("docs.html")


@bp.post("/lang")
@public
def lang() -> Redirect:
    """Remember the language in a cookie and go back."""
    to = request.form.get("next") or "/"
    if not to.startswith("/") or to.startswith("//") or "\\" in to:
        to = "/"
    return remember_lang(redirect(to, 303), request.form.get("lang", "zh"))  # type: ignore[arg-type]
