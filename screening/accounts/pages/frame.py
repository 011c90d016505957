"""What the pages of accounts share: the blueprint, the frame of every page, a refused form."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from flask.blueprints import BlueprintSetupState

from screening import clock
from screening.accounts import queries
from screening.accounts.guard import csrf_token, known_actor
from screening.accounts.roles import NAMES, Role
from screening.i18n import _, current_lang

bp = Blueprint("accounts_pages", __name__)
PAGE = 100


@bp.record_once
def give_token(state: BlueprintSetupState) -> None:
    """A global, since macros that are imported see globals only."""
    state.app.jinja_env.globals["csrf_token"] = csrf_token


@bp.app_context_processor
def shell() -> dict[str, Any]:
    """What every page's frame needs: who is signed in, and the way out."""
    actor = known_actor() if request else None
    me = actor and {
        "name": actor.name,
        "number": actor.staff_no,
        "roles": [role_name(r) for r in sorted(actor.roles)],
    }
    return {
        "me": me,
        "sign_out_url": url_for("accounts_pages.sign_out"),
        "me_url": url_for("accounts_pages.me"),
    }


def role_name(role: Role) -> str:
    return NAMES[role][1 if current_lang() == "en" else 0]


def grant_line(grant: queries.GrantRow) -> dict[str, Any]:
    return {
        "grant_id": grant.grant_id,
        "role": role_name(grant.role),
        "place": grant.place_name or _("全市"),
        "until": grant.until,
        "over": grant.until is not None and grant.until <= clock.real_now(),
    }
