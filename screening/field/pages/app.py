"""The field app's shell, service worker, manifest and pictures: public, the same for everybody."""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from flask import Response, current_app, jsonify, render_template, request
from PIL import Image, ImageDraw

from screening.accounts.guard import public
from screening.errors import NotFound, Unavailable
from screening.field.pages.frame import bp

INK = "#10233f"
LINKS = (("#2fb5ad", 9, 9), ("#8792f0", 23, 9), ("#b683ea", 23, 23), ("#5b9bf5", 9, 23))
SIZES = (192, 512)
FINE = 4  # drawn this much larger, then reduced: round edges


def fresh(response: Response) -> Response:
    """Asked for again each time, and told "not changed" by its tag."""
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    response.make_conditional(request)
    return response


@bp.get("/field/")
@public
def app() -> Response:
    """The app's shell: nothing of a person or a place is in it. `/field` leads here."""
    return fresh(Response(render_template("field/app.html"), mimetype="text/html"))


@bp.get("/field/sw.js")
@public
def app_worker() -> Response:
    """The service worker, from the folder that it governs."""
    worker = Path(str(current_app.static_folder)) / "vendor" / "field" / "sw.js"
    if not worker.is_file():
        raise Unavailable()
    return fresh(Response(worker.read_bytes(), mimetype="text/javascript"))


@bp.get("/field/manifest.webmanifest")
@public
def app_manifest() -> Response:
    """What a phone asks for before it installs the app."""
    drawn = [
        {"src": f"/field/icon-{size}.png", "sizes": f"{size}x{size}", "type": "image/png",
         "purpose": purpose}
        for size in SIZES for purpose in ("any", "maskable")
    ]  # fmt: skip
    mark = {"src": "/static/mark.svg", "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
    response = jsonify(
        id="/field/",
        name="核酸筛查现场应用",
        short_name="筛查现场",
        lang="zh-CN",
        start_url="/field/",
        scope="/field/",
        display="standalone",
        orientation="portrait",
        background_color="#f5f7fa",
        theme_color=INK,
        icons=[mark, *drawn],
    )
    response.mimetype = "application/manifest+json"
    return fresh(response)


@bp.get("/field/icon-<int:size>.png")
@public
def app_icon(size: int) -> Response:
    """The mark on a full square, small enough that a launcher may cut the corners."""
    if size not in SIZES:
        raise NotFound()
    return fresh(Response(icon(size), mimetype="image/png"))


@cache
def icon(size: int) -> bytes:
    """static/mark.svg as PNG, within the safe zone of maskable icons (the inner 80 %)."""
    wide = size * FINE
    scale = wide * 0.8 / 32
    picture = Image.new("RGB", (wide, wide), INK)
    draw = ImageDraw.Draw(picture)

    def box(x: float, y: float, r: float) -> tuple[float, float, float, float]:
        cx, cy = (wide * 0.1 + x * scale, wide * 0.1 + y * scale)
        return cx - r * scale, cy - r * scale, cx + r * scale, cy + r * scale

    draw.rectangle(box(16, 16, 7), outline="#6f7b8c", width=round(2 * scale))
    for colour, x, y in LINKS:
        draw.ellipse(box(x, y, 4), fill=colour)
    out = BytesIO()
    picture.resize((size, size), Image.Resampling.LANCZOS).save(out, "PNG", optimize=True)
    return out.getvalue()
