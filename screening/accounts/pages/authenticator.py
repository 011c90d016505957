"""My authenticator app: set up with the password, proved by a first code, removed."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from screening.accounts import authenticator, totp
from screening.accounts.guard import current_actor, require
from screening.accounts.pages.devices import qr
from screening.accounts.pages.frame import bp
from screening.accounts.pages.oneself import myself
from screening.accounts.roles import EVERYBODY
from screening.errors import Problem
from screening.forms import refused, text
from screening.i18n import _


@bp.post("/me/authenticator")
@require(*EVERYBODY)
def begin_authenticator() -> Any:
    """A new secret, shown once as a QR code."""
    actor = current_actor()
    try:
        secret = authenticator.begin(
            actor, request.form.get("app_password", ""), address=request.remote_addr
        )
    except Problem as problem:
        return refused(problem, "accounts/me.html", **myself())
    return render_template(
        "accounts/authenticator.html", image=qr(totp.link_of(secret, actor.staff_no)),
        secret=totp.text_of(secret),
    )  # fmt: skip


@bp.post("/me/authenticator/confirm")
@require(*EVERYBODY)
def confirm_authenticator() -> Any:
    """The first code puts it into use."""
    try:
        authenticator.confirm(current_actor(), text("code", 6))
    except Problem as problem:
        return refused(problem, "accounts/authenticator.html", image="", secret="")
    flash(_("验证器已启用，审核签字可用它的验证码。"), "ok")
    return redirect(url_for(".me"), 303)


@bp.post("/me/authenticator/remove")
@require(*EVERYBODY)
def remove_authenticator() -> Any:
    """Only PIN or password sign from now on."""
    try:
        authenticator.remove(
            current_actor(), request.form.get("app_password", ""), address=request.remote_addr
        )
    except Problem as problem:
        return refused(problem, "accounts/me.html", **myself())
    flash(_("验证器已停用。"), "ok")
    return redirect(url_for(".me"), 303)
