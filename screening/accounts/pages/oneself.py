"""My account: roles, password, PIN, where I am signed in."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from screening.accounts import authenticator, queries, rules, service
from screening.accounts.guard import current_actor, require
from screening.accounts.pages.door import with_cookie
from screening.accounts.pages.frame import bp, grant_line
from screening.accounts.roles import EVERYBODY
from screening.errors import Problem
from screening.forms import refused, text
from screening.i18n import _


@bp.get("/me")
@require(*EVERYBODY)
def me() -> Any:
    """My account: roles, password, PIN, where I am signed in."""
    return render_template("accounts/me.html", **myself())


def myself() -> dict[str, Any]:
    actor = current_actor()
    held = queries.grants_of([actor.staff_id]).get(actor.staff_id, [])
    return {
        "account": queries.get_staff(actor.staff_id),
        "grants": [grant_line(g) for g in held],
        "sessions": queries.list_sessions(actor.staff_id, actor.session),
        "least": rules.PASSWORD_LEAST.value,
        "pin_length": rules.PIN_LENGTH.value,
        "has_app": authenticator.is_active(actor.staff_id),
    }


@bp.post("/me/password")
@require(*EVERYBODY)
def change_password() -> Any:
    """A new password; every other session ends."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    try:
        if new != request.form.get("again", ""):
            raise NotAlike()
        entered = service.change_password(current_actor(), old, new, address=request.remote_addr)
    except Problem as problem:
        return refused(problem, "accounts/me.html", **myself())
    flash(_("密码已改；其他地方的登录都已结束。"), "ok")
    return with_cookie(redirect(url_for(".me"), 303), entered.token)


class NotAlike(Problem):
    status = 422
    code = "not_alike"
    zh = "两次输入的新密码不一样。"
    en = "The new password was not typed alike twice."


@bp.post("/me/pin")
@require(*EVERYBODY)
def change_pin() -> Any:
    """A new PIN for shift changes and signatures."""
    try:
        service.change_pin(
            current_actor(),
            request.form.get("password", ""),
            text("pin", 12),
            address=request.remote_addr,
        )
    except Problem as problem:
        return refused(problem, "accounts/me.html", **myself())
    flash(_("PIN 已设置。"), "ok")
    return redirect(url_for(".me"), 303)


@bp.post("/me/sessions/<ref>/end")
@require(*EVERYBODY)
def end_session(ref: str) -> Any:
    """End one of the own sessions."""
    service.revoke_session(current_actor().staff_id, ref)
    return redirect(url_for(".me"), 303)
