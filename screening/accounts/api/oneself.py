"""The session and oneself: password, PIN, authenticator, where one is signed in."""

from __future__ import annotations

from typing import Any

from flask import request

from screening.accounts import authenticator, queries, service, sessions, totp
from screening.accounts import schemas as s
from screening.accounts.api.frame import bp
from screening.accounts.guard import current_actor, public, require
from screening.accounts.roles import EVERYBODY
from screening.openapi import gives, takes


@bp.post("/session")
@public
@takes(s.SignInSchema)
@gives(s.SignedInSchema, 201)
def open_session(args: dict[str, Any]) -> Any:
    """Sign in with number and password; the token goes into `Authorization: Bearer …`."""
    agent = sessions.family(request.user_agent.string)
    return service.sign_in(
        args["number"], args["password"], address=request.remote_addr, agent=agent
    )


@bp.delete("/session")
@require(*EVERYBODY)
@gives(None, 204)
def close_session() -> Any:
    """Sign out."""
    service.close_session(current_actor())
    return "", 204


@bp.get("/me")
@require(*EVERYBODY)
@gives(s.MeSchema)
def get_me() -> Any:
    """Who is signed in, with roles and places."""
    me = queries.get_staff(current_actor().staff_id)
    return {**me._asdict(), "grants": queries.grants_of([me.staff_id]).get(me.staff_id, [])}


@bp.post("/me/password")
@require(*EVERYBODY)
@takes(s.NewPasswordSchema)
@gives(s.SignedInSchema)
def change_password(args: dict[str, Any]) -> Any:
    """Change the own password: every session ends, a new token comes back."""
    return service.change_password(
        current_actor(), args["old"], args["new"], address=request.remote_addr
    )


@bp.post("/me/pin")
@require(*EVERYBODY)
@takes(s.NewPinSchema)
@gives(None, 204)
def change_pin(args: dict[str, Any]) -> Any:
    """Set the own PIN for shift changes and signatures."""
    service.change_pin(current_actor(), args["password"], args["pin"], address=request.remote_addr)
    return "", 204


@bp.post("/me/authenticator")
@require(*EVERYBODY)
@takes(s.PasswordSchema)
@gives(s.AppSecretSchema, 201)
def begin_authenticator(args: dict[str, Any]) -> Any:
    """A new secret for the own authenticator app; it signs nothing until its first code."""
    actor = current_actor()
    secret = authenticator.begin(actor, args["password"], address=request.remote_addr)
    return {"link": totp.link_of(secret, actor.staff_no), "secret": totp.text_of(secret)}


@bp.post("/me/authenticator/confirm")
@require(*EVERYBODY)
@takes(s.AppCodeSchema)
@gives(None, 204)
def confirm_authenticator(args: dict[str, Any]) -> Any:
    """The first code puts the app into use: from now on its codes sign reviews."""
    authenticator.confirm(current_actor(), args["code"])
    return "", 204


@bp.post("/me/authenticator/remove")
@require(*EVERYBODY)
@takes(s.PasswordSchema)
@gives(None, 204)
def remove_authenticator(args: dict[str, Any]) -> Any:
    """Only PIN or password sign from now on."""
    authenticator.remove(current_actor(), args["password"], address=request.remote_addr)
    return "", 204


@bp.get("/me/sessions")
@require(*EVERYBODY)
@gives(s.SessionSchema, many=True)
def list_my_sessions() -> Any:
    """Where one is signed in."""
    me = current_actor()
    return queries.list_sessions(me.staff_id, me.session)


@bp.delete("/me/sessions/<ref>")
@require(*EVERYBODY)
@gives(None, 204)
def end_my_session(ref: str) -> Any:
    """End one of the own sessions."""
    service.revoke_session(current_actor().staff_id, ref)
    return "", 204
