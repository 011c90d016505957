"""Commands: `flask --app wsgi ...`. Slices that have a `commands` room bring their own."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import logging
import signal
import time
from pathlib import Path

import click
import psycopg
from flask import Flask, current_app
from flask.cli import with_appcontext
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError

from screening import jobs
from screening.db import db

IDLE = 0.5  # seconds between two looks for work
AWAY = 2  # seconds between two looks for a database that is away
LOST = (psycopg.OperationalError, psycopg.InterfaceError)
log = logging.getLogger("screening.jobs")
ALONE = ("lab", "read")  # needs neither database nor keys: a laboratory's own computer runs it


def is_alone(words: list[str]) -> bool:
    """Whether a command line asks for what needs no database."""
    return any(tuple(words[i : i + 2]) == ALONE for i in range(len(words)))


def alone() -> Flask:
    """An application of the commands that need nothing else."""
    from screening.lab import commands

    app = Flask("screening")
    app.cli.add_command(commands.group)
    return app


def init_cli(app: Flask) -> None:
    for name in ("accounts", "registry", "field", "lab", "ledger", "coverage"):
        path = f"screening.{name}.commands"
        if importlib.util.find_spec(path) is not None:
            app.cli.add_command(importlib.import_module(path).group)
    for command in (worker, backup, restore):
        app.cli.add_command(command)


@click.command()
@click.option("--once", is_flag=True, help="run what is due and stop")
@with_appcontext
def worker(once: bool) -> None:
    """Run jobs, schedules and the outbox until it is told to stop."""
    stopping: list[int] = []
    signal.signal(signal.SIGTERM, lambda *_: stopping.append(1))
    signal.signal(signal.SIGINT, lambda *_: stopping.append(1))
    while not stopping:
        ran = jobs.run_due() if once else _run_due()
        db.session.remove()
        if once and not ran:
            return
        if not ran:
            time.sleep(IDLE)


def _run_due() -> int:
    """What is due; none while the database is away. It comes back, and the worker is still there:
    what it was at is taken up again, since its locks went with the connection."""
    try:
        return jobs.run_due()
    except (OperationalError, InterfaceError, *LOST) as e:
        log.error("database: %s; the worker waits for it", type(e).__name__)
        with contextlib.suppress(SQLAlchemyError, *LOST):
            db.session.remove()
        db.engine.dispose()
        time.sleep(AWAY)
        return 0


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@with_appcontext
def backup(path: Path) -> None:
    """Write the whole database to PATH. The keys are not in it: keep them elsewhere, together
    with this file's date (docs/operations.md)."""
    from screening import archive

    size = archive.write(path, current_app.extensions["settings"], current_app.extensions["keys"])
    click.echo(f"{path}: {size:,} bytes")


@click.command()
@click.argument("path", type=click.Path(path_type=Path, exists=True))
@click.option("--yes", is_flag=True, help="do not ask before the present data is replaced")
@with_appcontext
def restore(path: Path, yes: bool) -> None:
    """Replace the database by the backup in PATH, if the present keys open it."""
    from screening import archive

    settings, keys = current_app.extensions["settings"], current_app.extensions["keys"]
    archive.check(path, keys)
    if not yes:
        click.confirm("All present data will be replaced. Go on?", abort=True)
    db.session.remove()
    db.engine.dispose()
    archive.read(path, settings)
    click.echo("restored")
