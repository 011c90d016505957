"""The field app's shell, service worker and manifest: public, the same for everybody."""

from __future__ import annotations

from pathlib import Path

from flask import Response, current_app, redirect, render_template, request, send_from_directory
from werkzeug.wrappers import Response as Redirect

from screening.accounts.guard import public
from screening.errors import Unavailable
from screening.field.pages.frame import bp


def folder() -> Path:
    return Path(str(current_app.static_folder)) / "vendor" / "field"


def fresh(response: Response) -> Response:
    """Asked for again each time, and told "not changed" by its tag."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response.make_conditional(request)


@bp.get("/field")
@public
def app_door() -> Redirect:
    """The address as people type it."""
    return redirect("/field/", 308)


@bp.get("/field/")
@public
def app() -> Response:
    """The app's shell: nothing of a person or a place is in it."""
    return fresh(Response(render_template("field/app.html"), mimetype="text/html"))


@bp.get("/field/sw.js")
@public
def app_worker() -> Response:
    """The service worker, from the folder that it governs."""
    if not (folder() / "sw.js").is_file():
        raise Unavailable()
    response = send_from_directory(folder(), "sw.js", mimetype="text/javascript", max_age=0)
    response.headers["Cache-Control"] = "no-cache"
    return response


@bp.get("/field/manifest.webmanifest")
@public
def app_manifest() -> Response:
    """What a phone asks for before it installs the app."""
    icons = [
        {"src": f"/static/vendor/field/icon-{size}.png", "sizes": f"{size}x{size}",
         "type": "image/png", "purpose": purpose}
        for size, purpose in ((192, "any"), (512, "any"), (512, "maskable"))
    ]  # fmt: skip
    response = current_app.json.response(
        {
            "id": "/field/",
            "name": "核酸筛查现场应用",
            "short_name": "筛查现场",
            "lang": "zh-CN",
            "start_url": "/field/",
            "scope": "/field/",
            "display": "standalone",
            "orientation": "portrait",
            "background_color": "#f5f7fa",
            "theme_color": "#10233f",
            "icons": [
                {
                    "src": "/static/mark.svg",
                    "sizes": "any",
                    "type": "image/svg+xml",
                    "purpose": "any",
                },
                *icons,
            ],
        }
    )
    response.mimetype = "application/manifest+json"
    return fresh(response)
