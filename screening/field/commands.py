"""`flask --app wsgi journal ...`: journals as files, for desks without a phone and for imports."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import BinaryIO

import click
from flask.cli import AppGroup

from screening import clock
from screening.db import db
from screening.errors import Problem
from screening.field import service
from screening.field.pocket import Pocket, write_whole

group = AppGroup("journal", help="Journals as files: make a key, sign a batch, take one in.")
FILE = click.Path(path_type=Path, dir_okay=False)
HELD = click.Path(path_type=Path, dir_okay=False, exists=True)


@group.command("new-key")
@click.argument("key", type=FILE)
@click.option("--practice", is_flag=True, help="for a practice device")
def new_key(key: Path, practice: bool) -> None:
    """Make a device key in the file KEY (keep it secret) and print its public half for enrolment."""
    try:
        click.echo(Pocket.new(key, practice=practice).public)
    except FileExistsError:
        raise click.ClickException(f"{key} exists; a key is never written over") from None


@group.command("sign")
@click.argument("key", type=HELD)
@click.argument("entries", type=click.File("rb"))
@click.argument("batch", type=FILE)
@click.option("--device", type=int, required=True, help="the number that enrolment gave")
@click.option("--staff", type=int, help="who acts, for lines that do not say it")
@click.option("--round", "round_id", type=int, help="likewise")
@click.option("--site", type=int, help="likewise")
@click.option("--lab", type=int, help="likewise")
def sign(
    key: Path,
    entries: BinaryIO,
    batch: Path,
    device: int,
    staff: int | None,
    round_id: int | None,
    site: int | None,
    lab: int | None,
) -> None:
    """Sign the JSON lines of ENTRIES as the next entries of KEY's journal, into the file BATCH.

    Prints number, kind and ref of each. Entries are as in docs/journal.md; number, salt and, where
    a line does not say them, time and offset are filled in."""
    given = {"staff": staff, "round": round_id, "site": site, "lab": lab}
    defaults = {k: v for k, v in given.items() if v is not None}
    lines = [line for line in entries.read().splitlines() if line.strip()]
    if not lines:
        raise click.ClickException("there are no entries")
    if batch.exists():
        raise click.ClickException(f"{batch} exists; send it first")
    pocket = _open(key)
    try:
        signed = pocket.sign(
            lines, device=device, at_ms=clock.to_ms(clock.now()), defaults=defaults
        )
    except Problem as problem:
        raise click.ClickException(problem.sentence("en")) from None
    # the batch is on disk before the head moves, and has its name only afterwards: whatever stops
    # us between, no number is signed twice and none is lost
    beside = batch.with_name(batch.name + ".new")
    write_whole(beside, signed.batch)
    pocket.keep()
    beside.replace(batch)
    for number, kind, ref in signed.entries:
        click.echo(f"{number}\t{kind}\t{ref}")


def _open(key: Path) -> Pocket:
    try:
        return Pocket.open(key)
    except (ValueError, KeyError, TypeError):
        raise click.ClickException(f"{key} is not a key file of `journal new-key`") from None


@group.command("import")
@click.argument("batch", type=click.File("rb"))
def take_in(batch: BinaryIO) -> None:
    """Take in a signed batch from a file, as the door does over HTTP, and print the receipt.

    Again is safe. Exit 1: the batch was refused, or an entry is parked and waits for a person."""
    try:
        receipt = service.ingest(batch.read(), received_at=clock.now())
    except Problem as problem:
        raise click.ClickException(problem.sentence("en")) from None
    db.session.commit()
    click.echo(json.dumps(receipt.to_dict(), ensure_ascii=False))
    sys.exit(1 if receipt.parked else 0)
