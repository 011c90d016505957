"""Commands of the register: `flask --app wsgi registry …`, for files too large for a browser."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import AppGroup

from screening import clock
from screening.accounts.queries import find_staff_no
from screening.accounts.roles import Actor
from screening.db import db
from screening.errors import Faults, Problem
from screening.places import queries as places
from screening.registry.service import imports, setting_up

group = AppGroup("registry", help="Areas and registers from files.")


@group.command("areas")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_areas(file: Path) -> None:
    """Bring the tree of areas in line with FILE (code, name, parent, level, code12)."""
    try:
        report = setting_up.import_areas(file.read_bytes(), on=clock.now().date())
    except Problem as problem:
        raise _said(problem) from None
    db.session.commit()
    click.echo(", ".join(f"{k} {v}" for k, v in report._asdict().items()))


@group.command("persons")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--by", required=True, help="staff number in whose name the files are loaded")
@click.option("--area", help="code of the area to write into; the whole city without it")
@click.option("--dry-run", is_flag=True, help="check only")
def import_persons(files: tuple[Path, ...], by: str, area: str | None, dry_run: bool) -> None:
    """Check and load FILES of persons, one after the other; several of these may run at once."""
    staff = find_staff_no(by)
    if staff is None:
        raise click.ClickException("there is no such staff number")
    node = places.find_area_by_code(area) if area else None
    if area and node is None:
        raise click.ClickException("there is no such area")
    actor = Actor(staff.staff_id, by, ())
    for file in files:
        try:
            held = _bring(file, node.area_id if node else None, actor, dry_run)
        except Problem as problem:
            raise _said(problem) from None
        counts = " ".join(f"{k} {v}" for k, v in held.report.items() if k != "sheet_full")
        click.echo(f"{file.name}: {held.state} rows {held.total} faults {held.faults} {counts}")


def _bring(file: Path, area_id: int | None, actor: Actor, dry_run: bool) -> imports.Import:
    made = imports.upload(file.read_bytes(), area_id, by=actor, at=clock.now(), queued=False)
    db.session.commit()
    imports.check(made, at=clock.now())
    if not dry_run and imports.get_import(made).state == imports.CHECKED:
        imports.start(made, queued=False)
        db.session.commit()
        imports.load(made, at=clock.now())
    return imports.get_import(made)


def _said(problem: Problem) -> click.ClickException:
    lines = [problem.sentence("en")]
    if isinstance(problem, Faults):
        lines += [
            f"row {f.row} {f.column or ''}: {f.problem.sentence('en')}" for f in problem.faults
        ]
    return click.ClickException("\n".join(lines))
