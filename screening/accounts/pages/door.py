"""The door: signing in and out."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, redirect, render_template, request, url_for

from screening.accounts import rules, service, sessions
from screening.accounts.guard import (
    COOKIE,
    check_origin,
    current_actor,
    find_actor,
    public,
    require,
)
from screening.accounts.pages.frame import bp, role_name
from screening.accounts.roles import EVERYBODY, Role
from screening.errors import Problem
from screening.forms import refused, text


@bp.get("/sign-in")
@bp.get("/session")
@public
def sign_in() -> Any:
    """The sign-in page."""
    if find_actor() is not None:
        return redirect(local_path(request.args.get("next")))
    return render_template("accounts/sign_in.html", **door(request.args.get("next")))


@bp.post("/sign-in")
@bp.post("/session")
@public
def enter() -> Any:
    """Sign in: the token goes into a cookie that scripts cannot read."""
    check_origin()
    number, onward = text("number", 64), request.form.get("next")
    try:
        entered = service.sign_in(
            number,
            request.form.get("password", ""),
            address=request.remote_addr,
            agent=sessions.family(request.user_agent.string),
        )
    except Problem as problem:
        return refused(problem, "accounts/sign_in.html", number=number, **door(onward))
    to = url_for(".me") if entered.must_change else local_path(onward)
    return with_cookie(redirect(to, 303), entered.token)


def door(onward: str | None) -> dict[str, Any]:
    return {"next": local_path(onward) if onward else "", "demo_sign_ins": demo_sign_ins()}


def local_path(onward: str | None) -> str:
    """Where to go after signing in: a path of ours, never another host."""
    parts = urlsplit((onward or "").replace("\\", "/"))
    path = parts.path
    if parts.scheme or parts.netloc or not path.startswith("/") or path.startswith("//"):
        return "/"
    if path in ("/session", "/sign-in") or not path.isprintable():
        return "/"
    query = parts.query.rstrip("?")
    return f"{path}?{query}" if query else path


def demo_sign_ins() -> list[dict[str, str]]:
    """One sign-in a role, in a demo only."""
    settings = current_app.extensions["settings"]
    path = settings.instance / "demo-signins.json"
    if not settings.demo or not path.exists():
        return []
    listed = json.loads(path.read_text(encoding="utf-8"))
    return [{**d, "role": role_name(Role(d["role"])) if d["role"] in list(Role) else d["role"]}
            for d in listed]  # fmt: skip


def with_cookie(response: Any, token: str) -> Any:
    response.set_cookie(
        COOKIE,
        token,
        max_age=rules.SESSION_HOURS.value * 3600,
        httponly=True,
        samesite="Lax",
        secure=request.is_secure or current_app.extensions["settings"].https,
        path="/",
    )
    return response


@bp.post("/sign-out")
@require(*EVERYBODY)
def sign_out() -> Any:
    """End this session."""
    service.close_session(current_actor())
    response = redirect(url_for(".sign_in"), 303)
    response.delete_cookie(COOKIE, path="/")
    return response
