"""Accounts over HTTP: sign-in, oneself, accounts, devices, enrolment codes, audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, request

from screening.accounts import (
    authenticator,
    devices,
    queries,
    rules,
    service,
    sessions,
    temporary,
    totp,
)
from screening.accounts import schemas as s
from screening.accounts.guard import CITY, OWN_ROWS, At, by, current_actor, public, require
from screening.accounts.queries import place_of_code, place_of_device
from screening.accounts.readers.staff_list import Row
from screening.accounts.roles import EVERYBODY, EVERYWHERE, Actor, Place, Role, Scope
from screening.errors import NotFound
from screening.openapi import gives, takes
from screening.places import queries as places

bp = Blueprint("accounts_api", __name__, url_prefix="/api/v1")

MANAGERS = (Role.ADMINISTRATOR, Role.SITE_SUPERVISOR)
AUDITORS = (Role.AUDITOR, Role.ADMINISTRATOR)


def site_or_lab(values: Mapping[str, Any]) -> Place:
    """The one place that a body names. Raises NotFound for none, both or unknown ones."""
    site, lab = values.get("site_id"), values.get("lab_id")
    if bool(site) == bool(lab):
        raise NotFound()
    try:
        return places.place_of_site(int(site)) if site else places.place_of_lab(int(lab or 0))
    except (TypeError, ValueError):
        raise NotFound() from None


SITE_OR_LAB = At("site or lab", site_or_lab)
EACH_GRANT = At("every place of the grants, given and held", filtered=True)
DEVICE = by("device's site or lab", "device_id", lambda v: place_of_device(int(v)))
CODE = by("code's site or lab", "ref", place_of_code)


# --- session and self ---------------------------------------------------------------------------


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


# --- accounts -----------------------------------------------------------------------------------


def with_grants(rows: Sequence[queries.StaffRow], actor: Actor) -> list[dict[str, Any]]:
    """Staff with those of their grants that lie within the reader's own scope."""
    held = queries.grants_of([r.staff_id for r in rows])
    return [
        {
            **r._asdict(),
            "grants": [
                g for g in held.get(r.staff_id, []) if actor.may(MANAGERS, g.place or EVERYWHERE)
            ],
        }
        for r in rows
    ]


@bp.get("/accounts")
@require(*MANAGERS, at=OWN_ROWS)
@takes(s.StaffQuerySchema, "query")
@gives(s.StaffPageSchema)
def list_accounts(args: dict[str, Any]) -> Any:
    """Accounts with a role within the own scope, paged by id."""
    me = current_actor()
    rows = queries.list_staff(me.places(MANAGERS), **args)
    last = rows[-1].staff_id if len(rows) == args["limit"] else None
    return {"items": with_grants(rows, me), "next": last}


def scopes_in(grants: Sequence[Mapping[str, Any]]) -> list[Scope]:
    out = []
    for g in grants:
        place = places.find_place(g["scope"], g["scope_id"])
        if place is None:
            raise places.NoSuchPlace()
        out.append(Scope(Role(g["role"]), place))
    return out


@bp.post("/accounts")
@require(Role.ADMINISTRATOR, at=EACH_GRANT)
@takes(s.StaffInSchema)
@gives(s.NewStaffSchema, 201)
def make_account(args: dict[str, Any]) -> Any:
    """Make an account with a first password, shown once. Roles only within the own scope."""
    scopes = scopes_in(args["grants"])
    rules.check_gifts(current_actor(), scopes)
    return service.make_account(
        args["staff_no"], args["name"], args["phone"], grants=scopes, until=args["until"]
    )


@bp.get("/accounts/<int:staff_id>")
@require(*MANAGERS, at=EACH_GRANT)
@gives(s.StaffSchema)
def get_account(staff_id: int) -> Any:
    """One account."""
    service.check_governs(current_actor(), staff_id)
    return with_grants([queries.get_staff(staff_id)], current_actor())[0]


@bp.patch("/accounts/<int:staff_id>")
@require(Role.ADMINISTRATOR, at=EACH_GRANT)
@takes(s.StaffPatchSchema)
@gives(s.StaffSchema)
def change_account(staff_id: int, args: dict[str, Any]) -> Any:
    """Change name, phone, end, or switch the account off (its sessions end)."""
    service.check_governs(current_actor(), staff_id)
    service.change_staff(staff_id, **args)
    return with_grants([queries.get_staff(staff_id)], current_actor())[0]


@bp.post("/accounts/<int:staff_id>/grants")
@require(*MANAGERS, at=EACH_GRANT)
@takes(s.GrantInSchema)
@gives(s.ScopeSchema, 201)
def add_grant(staff_id: int, args: dict[str, Any]) -> Any:
    """Give one more role over a place within the own scope."""
    service.check_governs(current_actor(), staff_id)
    scopes = scopes_in([args])
    rules.check_gifts(current_actor(), scopes)
    made = service.grant(staff_id, scopes[0].role, scopes[0].place, until=args["until"])
    return next(g for g in queries.grants_of([staff_id])[staff_id] if g.grant_id == made)


@bp.delete("/accounts/<int:staff_id>/grants/<int:grant_id>")
@require(*MANAGERS, at=EACH_GRANT)
@gives(None, 204)
def take_grant(staff_id: int, grant_id: int) -> Any:
    """Take a role away."""
    service.check_governs(current_actor(), staff_id)
    service.revoke(staff_id, grant_id)
    return "", 204


@bp.post("/accounts/<int:staff_id>/password-reset")
@require(*MANAGERS, at=EACH_GRANT)
@gives(s.FirstPasswordSchema)
def reset_password(staff_id: int) -> Any:
    """A new first password, shown once; the person's sessions end."""
    service.check_governs(current_actor(), staff_id)
    return {"first_password": service.reset_password(staff_id)}


@bp.post("/accounts/<int:staff_id>/pin-reset")
@require(*MANAGERS, at=EACH_GRANT)
@gives(s.FirstPinSchema)
def reset_pin(staff_id: int) -> Any:
    """A new PIN on the spot, shown once."""
    service.check_governs(current_actor(), staff_id)
    return {"pin": service.reset_pin(staff_id)}


@bp.delete("/accounts/<int:staff_id>/sessions")
@require(*MANAGERS, at=EACH_GRANT)
@gives(None, 204)
def end_sessions(staff_id: int) -> Any:
    """Sign a person out everywhere."""
    service.check_governs(current_actor(), staff_id)
    service.revoke_sessions(staff_id)
    return "", 204


@bp.post("/accounts/temporary")
@require(*MANAGERS, at=EACH_GRANT)
@takes(s.TemporaryInSchema)
@gives(s.TemporaryOutSchema, 201)
def make_temporary(args: dict[str, Any]) -> Any:
    """Temporary accounts from a list; `dry_run` only checks. All of them or none."""
    rows = [Row(n, **row) for n, row in enumerate(args["rows"], 1)]
    if args["dry_run"]:
        return {
            "count": len(temporary.check_list(rows, current_actor())),
            "dry_run": True,
            "accounts": [],
        }
    made = temporary.make_temporary(rows, current_actor())
    return {"count": len(made), "dry_run": False, "accounts": made}


# --- devices ------------------------------------------------------------------------------------


@bp.get("/enrol-codes")
@require(*MANAGERS, at=OWN_ROWS)
@gives(s.CodeRowSchema, many=True)
def list_codes() -> Any:
    """Codes that still work, without their text."""
    return queries.list_codes(current_actor().places(MANAGERS))


@bp.post("/enrol-codes")
@require(*MANAGERS, at=SITE_OR_LAB)
@takes(s.EnrolCodeInSchema)
@gives(s.EnrolCodeSchema, 201)
def make_code(args: dict[str, Any]) -> Any:
    """A code with which the phones of a site or lab enrol until an hour."""
    code = service.make_enrol_code(
        current_actor(),
        site_or_lab(args),
        until=args["until"],
        uses=args["uses"],
        practice=args["practice"],
    )
    return {"code": code}


@bp.delete("/enrol-codes/<ref>")
@require(*MANAGERS, at=CODE)
@gives(None, 204)
def withdraw_code(ref: str) -> Any:
    """Make a code useless at once."""
    devices.withdraw_code(ref)
    return "", 204


@bp.post("/devices")
@public
@takes(s.DeviceInSchema)
@gives(s.EnrolledSchema, 201)
def enrol_device(args: dict[str, Any]) -> Any:
    """Enrol a phone with a code and its own public key (65-byte P-256 point, base64url)."""
    return service.enrol(
        args["code"], args["name"], args["public_key"], address=request.remote_addr
    )


@bp.get("/devices")
@require(*MANAGERS, Role.DISPATCHER, at=OWN_ROWS)
@takes(s.DeviceQuerySchema, "query")
@gives(s.DevicePageSchema)
def list_devices(args: dict[str, Any]) -> Any:
    """Devices of the own sites and labs."""
    rows = queries.list_devices(current_actor().places((*MANAGERS, Role.DISPATCHER)), **args)
    last = rows[-1].device.device_id if len(rows) == args["limit"] else None
    return {"items": rows, "next": last}


@bp.post("/devices/<int:device_id>/revoke")
@require(*MANAGERS, at=DEVICE)
@gives(None, 204)
def revoke_device(device_id: int) -> Any:
    """Refuse the device from now on."""
    service.revoke_device(device_id)
    return "", 204


@bp.post("/devices/<int:device_id>/lost")
@require(*MANAGERS, at=DEVICE)
@gives(None, 204)
def lose_device(device_id: int) -> Any:
    """Declare the device lost, in the own name."""
    service.declare_lost(device_id, current_actor())
    return "", 204


# --- audit --------------------------------------------------------------------------------------


@bp.get("/audit")
@require(*AUDITORS, at=OWN_ROWS)
@takes(s.AuditQuerySchema, "query")
@gives(s.AuditPageSchema)
def list_audit(args: dict[str, Any]) -> Any:
    """Who did or read what, within the own scope; newest first."""
    rows = queries.list_audit(queries.cells_of(current_actor().places(AUDITORS)), **args)
    last = rows[-1].audit_id if len(rows) == args["limit"] else None
    return {"items": rows, "next": last}


@bp.post("/audit/check/<int:cell>")
@require(*AUDITORS, at=CITY)
@gives(s.VerdictSchema)
def check_audit(cell: int) -> Any:
    """Walk a cell's chain of audit and say whether it is whole."""
    return service.verify_audit(cell)
