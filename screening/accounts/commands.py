"""`flask --app wsgi admin ...`: the first administrator, a forgotten password, who administers."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from screening.accounts import queries, rules, secret_words, service
from screening.accounts.roles import EVERYWHERE, Role, Scope
from screening.db import db, fetch
from screening.errors import Problem

group = AppGroup("admin", help="Administrators of the whole city.")


@group.command("create")
@click.option("--number", prompt=True, help="staff number, typed at sign-in")
@click.option("--name", prompt=True)
@click.option("--phone", default="")
@click.option("--generate", is_flag=True, help="make a first password and print it once")
def create(number: str, name: str, phone: str, generate: bool) -> None:
    """Make an administrator of the whole city."""
    word = secret_words.spoken(12) if generate else _ask(number)
    scope = Scope(Role.ADMINISTRATOR, EVERYWHERE)
    if queries.find_staff_no(number) is not None:
        raise click.ClickException(service.NumberTaken().sentence("en"))
    service.make_staff(number, name, phone, password=word, grants=[scope], must_change=generate)
    db.session.commit()
    click.echo(f"administrator {number} made" + (f", first password {word}" if generate else ""))


@group.command("password")
@click.argument("number")
@click.option("--generate", is_flag=True, help="make a first password and print it once")
def password(number: str, generate: bool) -> None:
    """Set a new password; every session of the person ends."""
    row = queries.find_staff_no(number)
    if row is None:
        raise click.ClickException(queries.NoSuchStaff().sentence("en"))
    word = secret_words.spoken(12) if generate else _ask(number)
    service.set_password(row.staff_id, word, must_change=generate)
    service.note("password_reset", "staff", row.staff_id, detail={"by": "command"})
    db.session.commit()
    click.echo(f"password of {number} set" + (f": {word}" if generate else ""))


@group.command("list")
def list_administrators() -> None:
    """Print the staff numbers of administrators, with the state of each."""
    rows = fetch(
        "SELECT DISTINCT s.staff_no, s.active, g.scope FROM staff s JOIN grant_role g "
        "USING (staff_id) WHERE g.role = %s ORDER BY s.staff_no",
        (Role.ADMINISTRATOR.value,),
    )
    for number, active, scope in rows:
        click.echo(f"{number}\t{scope}\t{'active' if active else 'off'}")


def _ask(number: str) -> str:
    word = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    try:
        rules.check_password(word, number)
    except Problem as problem:
        raise click.ClickException(problem.sentence("en")) from None
    return word


@group.command("check-audit")
def check_audit() -> None:
    """Walk every cell's chain of audit; exit 1 and name the place where one does not hold."""
    cells = fetch("SELECT cell_id FROM audit_head ORDER BY cell_id /* fan-out: command */")
    broken = 0
    for (cell,) in cells:
        verdict = service.verify_audit(cell)
        state = "whole" if verdict.whole else f"BROKEN at line {verdict.broken_at}"
        click.echo(f"cell {cell}: {verdict.sealed} sealed, {verdict.waiting} waiting, {state}")
        broken += not verdict.whole
    if broken:
        raise SystemExit(1)
