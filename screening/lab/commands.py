"""`flask --app wsgi lab ...`: read run files as they are, watch a folder of them, put the documented
rule sets in place."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click
import orjson
from flask.cli import AppGroup

from screening import clock
from screening.accounts import queries as accounts
from screening.db import db
from screening.lab import queries
from screening.lab.bench.folder import Look
from screening.lab.readers import MAX_BYTES, NotARunFile, RunFile, read_run, refusals
from screening.lab.scopes import WRITERS
from screening.lab.service import rule_sets
from screening.lab.watching import take_once
from screening.places import queries as places
from screening.places.rules import EVERYWHERE

group = AppGroup("lab", help="Laboratories.")
REFUSED = 2  # exit status when a file was refused


@group.command("rule-sets")
def seed() -> None:
    """Put the three documented rule sets in place; those that exist stay as they are."""
    rule_sets.ensure_defaults(at=clock.now())
    db.session.commit()
    for version in rule_sets.list_in_force(at=clock.now()):
        click.echo(f"{version.name} v{version.version}  {version.body['kit']}")


@click.command("read")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="one JSON object a line")
def read(files: tuple[Path, ...], as_json: bool) -> None:
    """Read cyclers' FILES and print their wells; needs neither database nor web.

    A refused file prints a problem on stderr, the rest go on; exit 2 if any was refused."""
    refused = False
    for file in files:
        try:
            run = read_run(_bytes(file), file.name, several=True)
        except (NotARunFile, OSError) as why:
            refused = True
            click.echo(_problem(file, why), err=True)
            continue
        sys.stdout.write(_lines(file, run) if as_json else _table(file, run))
    sys.stdout.flush()
    if refused:
        sys.exit(REFUSED)


group.add_command(read)


@group.command("watch")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--lab", "code", required=True, help="code of the laboratory")
@click.option("--by", "number", required=True, help="staff number of a technician there")
@click.option("--every", default=5.0, show_default=True, help="seconds between two looks")
@click.option("--looks", default=0, help="end after so many looks; 0: until stopped")
def watch(folder: Path, code: str, number: str, every: float, looks: int) -> None:
    """Take in the run files that instruments write into FOLDER.

    A file is taken when it has not changed between two looks. It goes to the plate whose code it
    carries, else into the tray, and then to the subfolder done; a refused one goes to refused,
    with its reason beside it. Nothing is adopted: a person confirms."""
    lab = next((x for x in queries.list_labs([EVERYWHERE]) if x.code == code), None)
    if lab is None:
        raise click.ClickException(queries.NoSuchLab().sentence("en"))
    by = _technician(number, lab.lab_id)
    click.echo(f"watching {folder} for {lab.name}")
    seen: dict[str, Look] = {}
    done = 0
    while not looks or done < looks:
        if done:
            time.sleep(every)
        seen = take_once(lab.lab_id, folder, seen, by=by, say=click.echo)
        db.session.rollback()  # no transaction stays open while nothing happens
        done += 1


def _technician(number: str, lab_id: int) -> int:
    """The staff member in whose name files are taken in."""
    row = accounts.find_staff_no(number)
    actor = accounts.actor_of(row.staff_id) if row else None
    if actor is None or not actor.may(WRITERS, places.place_of_lab(lab_id)):
        raise click.ClickException("This staff number is no technician of that laboratory.")
    return actor.staff_id


def _bytes(file: Path) -> bytes:
    if file.stat().st_size > MAX_BYTES:
        raise refusals.TooBig(limit=f"{MAX_BYTES // 2**20} MB")
    return file.read_bytes()


def _lines(file: Path, run: RunFile) -> str:
    return "".join(
        orjson.dumps(
            {"file": str(file), "well": r.well, "sample": r.sample, "target": r.target, "ct": r.ct}
        ).decode()
        + "\n"
        for r in run.rows
    )


def _table(file: Path, run: RunFile) -> str:
    head = f"{file}: {run.instrument}, {len(run.wells)} wells\n"
    odd = "".join(f"  {remark.sentence('en')}\n" for remark in run.warnings)
    rows = "".join(
        f"  {r.well:<4} {r.sample or '-':<24} {r.target or r.dye or '-':<16} "
        f"{'-' if r.ct is None else f'{r.ct:.2f}'}\n"
        for r in run.rows
    )
    return head + odd + rows


def _problem(file: Path, why: NotARunFile | OSError) -> str:
    if isinstance(why, OSError):
        body = {"code": "file_unreadable", "detail": why.strerror or "cannot be read"}
    else:
        body = {"code": why.code, "detail": why.sentence("en"), "detail_zh": why.sentence("zh")}
    kind = {"type": f"/docs/problems#{body['code']}", "file": str(file)}
    return orjson.dumps(kind | body).decode()
