"""Accounts of others: the list, one account, roles, resets."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for

from screening import clock
from screening.accounts import queries, rules, service, temporary
from screening.accounts.api.frame import MANAGERS
from screening.accounts.api.staff import EACH_GRANT, with_grants
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.accounts.pages.frame import PAGE, bp, grant_line, role_name
from screening.accounts.roles import EVERYBODY, Actor, Place, Role, Scope
from screening.errors import BadField, Fault, Faults, Problem
from screening.forms import refused, text
from screening.i18n import _


@bp.get("/accounts")
@require(*MANAGERS, at=OWN_ROWS)
def list_accounts() -> Any:
    """Everybody with a role within the own scope."""
    actor = current_actor()
    after = request.args.get("after", 0, type=int)
    prefix = request.args.get("prefix", "")[:32]
    rows = queries.list_staff(actor.places(MANAGERS), prefix=prefix, after=after, limit=PAGE)
    lines = [account_line(r) for r in with_grants(rows, actor)]
    more = rows[-1].staff_id if len(rows) == PAGE else None
    return render_template(
        "accounts/accounts.html", rows=lines, prefix=prefix, next=more, after=after,
        may_make=Role.ADMINISTRATOR in actor.roles,
    )  # fmt: skip


def account_line(row: dict[str, Any]) -> dict[str, Any]:
    ended = row["until"] is not None and row["until"] <= clock.real_now()
    tone, word = ("ok", _("可用")) if row["active"] and not ended else ("unknown", _("已停用"))
    if tone == "ok" and row["must_change"]:
        tone, word = "look", _("待改初始密码")
    return {
        "href": url_for(".account", staff_id=row["staff_id"]) if row["governed"] else "",
        "staff_no": row["staff_no"],
        "name": row["name"],
        "roles": "；".join(
            f"{role_name(g.role)} {g.place_name or _('全市')}" for g in row["grants"]
        ),
        "until": row["until"],
        "state": {"tone": tone, "text": word},
    }


@bp.get("/accounts/new")
@require(Role.ADMINISTRATOR, at=OWN_ROWS)
def new_account() -> Any:
    """The form of a new account."""
    return render_template("accounts/new.html", **choices())


def choices() -> dict[str, Any]:
    actor = current_actor()
    giving = EVERYBODY if Role.ADMINISTRATOR in actor.roles else rules.SITE_GIFTS
    return {
        "role_choices": [(r.value, role_name(r)) for r in giving],
        "spots": queries.list_spots(actor.places(MANAGERS)),
    }


class NoSuchSpot(Problem):
    status = 422
    code = "no_such_spot"
    zh = "在您的范围内没有这个地点；请写编码，或写“全市”。"
    en = "There is no such place within your scope; give its code, or “all”."


def spot_of(word: str, actor: Actor, role: Role) -> Place:
    """The place of a form's word, if the actor may give `role` there. Raises Faults."""
    found = [place for place, _name in queries.find_spots(word)
             if rules.may_give(actor, role, place)]  # fmt: skip
    if len(found) != 1:
        raise Faults([Fault(NoSuchSpot(), field="place")])
    return found[0]


def until_field() -> datetime | None:
    word = text("until", 20)
    if not word:
        return None
    until = temporary.until_of(word)
    if until is None or until <= clock.real_now():
        raise Faults([Fault(temporary.BadUntil(), field="until")])
    return until


def role_field() -> Role:
    word = text("role", 40)
    if word not in list(Role):
        raise Faults([Fault(BadField(message=_("请选择角色")), field="role")])
    return Role(word)


@bp.post("/accounts")
@require(Role.ADMINISTRATOR, at=EACH_GRANT)
def make_account() -> Any:
    """Make an account; its first password is shown once."""
    try:
        faults = [Fault(temporary.EmptyCell(), field=f) for f in ("number", "name") if not text(f)]
        if faults:
            raise Faults(faults)
        role = role_field()
        place = spot_of(text("place"), current_actor(), role)
        made = service.make_account(
            text("number", 32),
            text("name", 60),
            text("phone", 20),
            grants=[Scope(role, place)],
            until=until_field(),
        )
    except Problem as problem:
        return refused(problem, "accounts/new.html", form=request.form, **choices())
    return render_template(
        "accounts/first_password.html", number=made.staff_no, word=made.first_password,
        back=url_for(".account", staff_id=made.staff_id),
    )  # fmt: skip


@bp.get("/accounts/<int:staff_id>")
@require(*MANAGERS, at=EACH_GRANT)
def account(staff_id: int) -> Any:
    """One account: its roles, its end, resets."""
    service.check_governs(current_actor(), staff_id)
    return render_template("accounts/account.html", **one(staff_id))


def one(staff_id: int) -> dict[str, Any]:
    row = with_grants([queries.get_staff(staff_id)], current_actor())[0]
    return {
        "staff": row,
        "grants": [grant_line(g) for g in row["grants"]],
        "live": len(queries.list_sessions(staff_id)),
        "may_change": Role.ADMINISTRATOR in current_actor().roles,
        **choices(),
    }


def back_to(staff_id: int) -> Any:
    return redirect(url_for(".account", staff_id=staff_id), 303)


@bp.post("/accounts/<int:staff_id>")
@require(Role.ADMINISTRATOR, at=EACH_GRANT)
def change_account(staff_id: int) -> Any:
    """Change name, phone, end; switch on or off."""
    service.check_governs(current_actor(), staff_id)
    try:
        if not text("name", 60):
            raise Faults([Fault(temporary.EmptyCell(), field="name")])
        service.change_staff(
            staff_id,
            name=text("name", 60),
            phone=text("phone", 20),
            active=request.form.get("active") == "1",
            until=until_field(),
        )
    except Problem as problem:
        return refused(problem, "accounts/account.html", **one(staff_id))
    flash(_("已保存。"), "ok")
    return back_to(staff_id)


@bp.post("/accounts/<int:staff_id>/grants")
@require(*MANAGERS, at=EACH_GRANT)
def add_grant(staff_id: int) -> Any:
    """One more role."""
    service.check_governs(current_actor(), staff_id)
    try:
        role = role_field()
        place = spot_of(text("place"), current_actor(), role)
        service.grant(staff_id, role, place, until=until_field())
    except Problem as problem:
        return refused(problem, "accounts/account.html", **one(staff_id))
    return back_to(staff_id)


@bp.post("/accounts/<int:staff_id>/grants/<int:grant_id>/take")
@require(*MANAGERS, at=EACH_GRANT)
def take_grant(staff_id: int, grant_id: int) -> Any:
    """Take a role away."""
    service.check_governs(current_actor(), staff_id)
    service.revoke(staff_id, grant_id)
    return redirect(url_for(".list_accounts"), 303)


@bp.post("/accounts/<int:staff_id>/password")
@require(*MANAGERS, at=EACH_GRANT)
def reset_password(staff_id: int) -> Any:
    """A new first password, shown once."""
    service.check_governs(current_actor(), staff_id)
    word = service.reset_password(staff_id)
    return shown_once(staff_id, word)


@bp.post("/accounts/<int:staff_id>/pin")
@require(*MANAGERS, at=EACH_GRANT)
def reset_pin(staff_id: int) -> Any:
    """A new PIN on the spot, shown once."""
    service.check_governs(current_actor(), staff_id)
    return shown_once(staff_id, service.reset_pin(staff_id), pin=True)


def shown_once(staff_id: int, word: str, *, pin: bool = False) -> str:
    number = queries.get_staff(staff_id).staff_no
    back = url_for(".account", staff_id=staff_id)
    return render_template(
        "accounts/first_password.html", number=number, word=word, pin=pin, back=back
    )


@bp.post("/accounts/<int:staff_id>/sessions/end")
@require(*MANAGERS, at=EACH_GRANT)
def end_sessions(staff_id: int) -> Any:
    """Sign a person out everywhere."""
    service.check_governs(current_actor(), staff_id)
    ended = service.revoke_sessions(staff_id)
    flash(_("已结束 %(n)s 处登录。", n=ended), "ok")
    return back_to(staff_id)
