"""Accounts and what they may do: grants, first passwords, lists of temporary helpers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from screening.accounts import queries, rules, service, temporary
from screening.accounts import schemas as s
from screening.accounts.api.frame import MANAGERS, bp
from screening.accounts.guard import OWN_ROWS, At, current_actor, require
from screening.accounts.readers.staff_list import Row
from screening.accounts.roles import EVERYWHERE, Actor, Role, Scope
from screening.openapi import gives, takes
from screening.places import queries as places

EACH_GRANT = At("every place of the grants, given and held", filtered=True)


def with_grants(rows: Sequence[queries.StaffRow], actor: Actor) -> list[dict[str, Any]]:
    """Staff with those of their grants that lie within the reader's own scope; `governed` where all
    of them do, so that the reader may open the account."""
    held = queries.grants_of([r.staff_id for r in rows])
    return [
        {
            **r._asdict(),
            "grants": [
                g for g in held.get(r.staff_id, []) if actor.may(MANAGERS, g.place or EVERYWHERE)
            ],
            "governed": rules.governs(actor, queries.held_now(held.get(r.staff_id, []))),
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
