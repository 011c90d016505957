"""The verifier: one page that anybody may open and that goes on working without a network."""

from __future__ import annotations

from pathlib import Path

from flask import Response, current_app, render_template, request

from screening.accounts.guard import public
from screening.interop.pages.frame import bp


def _fresh(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


@bp.get("/verify/")
@public
def verify() -> Response:
    """The page: nothing of anybody is in it. `/verify` leads here."""
    return _fresh(Response(render_template("interop/verify.html"), mimetype="text/html"))


@bp.get("/verify/sw.js")
@public
def verify_worker() -> Response:
    """The service worker, from the folder that it governs."""
    worker = Path(str(current_app.static_folder)) / "js" / "verify" / "worker.js"
    return _fresh(Response(worker.read_bytes(), mimetype="text/javascript"))
