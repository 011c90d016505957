"""Databases for tests: one migrated template, a copy for each process, tables emptied after a test.

Several test runs share one server, so every name carries the process and the hour it was made.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from screening import embedded

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "instance" / "tests"
# What costs time and helps only those whose rows outlive a test.
UNSAFE = ("fsync", "full_page_writes", "synchronous_commit", "autovacuum", "jit")
TEMPLATE = "screening_tpl_"
COPY = "screening_test_"
TEMPLATES_KEPT = 4  # of other versions of the tables, for whoever changes branches
LEFTOVER_AFTER = 2 * 3600  # seconds
ONE_MAKER = 7_160_411  # advisory lock: any number that nothing else on the server uses


@contextmanager
def own_copy(server: str, worker: str) -> Iterator[str]:
    """The URL of a fresh copy of the template; dropped when the block ends."""
    name = f"{COPY}{int(time.time())}_{os.getpid()}_{worker}"
    with _link(server) as link:
        link.execute("select pg_advisory_lock(%s)", [ONE_MAKER])
        template = _template(link, server)
        _drop_leftovers(link)
        _create(link, name, template)
    try:
        yield _url(server, name)
    finally:
        if held := _CLEANERS.pop(_url(server, name), None):
            held.close()  # only its own: a test with a second database leaves the worker's alone
        with _link(server) as link:
            _drop(link, name)


def server() -> str:
    """The URL of a server for tests alone: unlike the one that serves, it does not wait for disks."""
    url = embedded.ensure(HOME)
    if not os.environ.get("DATABASE_URL"):
        with _link(url) as link:
            for setting in UNSAFE:
                link.execute(f"alter system set {setting} = off")
            link.execute("select pg_reload_conf()")
    return url


def clean(url: str) -> None:
    """Empty every table that holds rows and drop the partitions of rounds.

    Tables that the migrations filled get their rows back.
    """
    link = _cleaner(url)
    try:
        _drop_rounds(link)
        seeded, held = _seeded(url), _tables_with_rows(link)
        spoiled = {t for t in seeded if t not in held or _differs(link, t)}
        targets = sorted(spoiled | (set(held) - set(seeded)))
        if targets:
            with link.transaction():
                _empty(link, targets)
                _put_back(link, seeded)
    except psycopg.OperationalError:
        if not link.closed:
            raise
        _CLEANERS.pop(url, None)  # a test that ended every connection ended this one
        clean(url)


def _empty(link: psycopg.Connection, tables: list[str]) -> None:
    names = sql.SQL(", ").join(_id(t) for t in tables)
    if not _is_superuser(link):
        link.execute(sql.SQL("truncate {} cascade").format(names))
        return
    # A test that left a transaction open fails here.
    link.execute(sql.SQL("lock table {} in exclusive mode").format(names))
    # TRUNCATE would make new files for every table that a foreign key leads to.
    link.execute(sql.SQL("; ").join(sql.SQL("delete from {}").format(_id(t)) for t in tables))


# --- the template ---------------------------------------------------------------------------


def _template(link: psycopg.Connection, server: str) -> str:
    name = TEMPLATE + _version()
    if not _exists(link, name):
        making = name + "_making"
        _drop(link, making)
        _create(link, making, "template0")
        _migrate(_url(server, making))
        _keep_seed(_url(server, making))
        link.execute(sql.SQL("alter database {} rename to {}").format(*map(_id, (making, name))))
        # A connection to the template would block copying it.
        link.execute(sql.SQL("alter database {} with allow_connections false").format(_id(name)))
    return name


@cache
def _version() -> str:
    tables = (
        "screening/**/models.py",
        "screening/**/models/*.py",
        "screening/jobs.py",
        "screening/outbox.py",
    )
    files = [p for pattern in ("migrations/**/*.py", *tables) for p in ROOT.glob(pattern)]
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _migrate(url: str) -> None:
    from flask_migrate import upgrade

    from screening.app import create_app
    from screening.config import Settings
    from screening.db import db

    with tempfile.TemporaryDirectory() as instance:
        app = create_app(Settings(database_url=url, instance=Path(instance), testing=True))
        with app.app_context():
            upgrade(directory=str(ROOT / "migrations"))
            db.session.remove()
            db.engine.dispose()


def _keep_seed(url: str) -> None:
    """Copies of the rows that the migrations wrote, in a schema of their own."""
    with _link(url) as link:
        link.execute("create schema seed")
        for table in _tables_with_rows(link):
            copy = sql.SQL("create table seed.{} as table public.{}")
            link.execute(copy.format(_id(table), _id(table)))


@cache
def _seeded(url: str) -> tuple[str, ...]:
    with _link(url) as link:
        rows = link.execute("select tablename from pg_tables where schemaname = 'seed'")
        return tuple(sorted(r[0] for r in rows))


def _drop_rounds(link: psycopg.Connection) -> None:
    """Partitions of rounds that a test made; that of round 0 comes with the migrations."""
    made = link.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace"
        " and relispartition and relkind = 'r' and relname ~ '_r[1-9][0-9]*$'"
    ).fetchall()
    if made:
        link.execute(sql.SQL("drop table {}").format(sql.SQL(", ").join(_id(t) for (t,) in made)))


def _tables_with_rows(link: psycopg.Connection) -> list[str]:
    """Those whose file has a page; rows that were deleted leave theirs behind."""
    rows = link.execute(
        "select relname from pg_class where relnamespace = 'public'::regnamespace"
        " and relkind = 'r' and pg_relation_size(oid) > 0 order by relname"
    )
    return [r[0] for r in rows]


def _differs(link: psycopg.Connection, table: str) -> bool:
    query = sql.SQL(
        "select exists ((table public.{t} except all table seed.{t})"
        " union all (table seed.{t} except all table public.{t}))"
    ).format(t=_id(table))
    row = link.execute(query).fetchone()
    return bool(row and row[0])


def _put_back(link: psycopg.Connection, tables: tuple[str, ...]) -> None:
    """Those that are empty now; parents go first."""
    from screening.db import Base

    order = {t.name: i for i, t in enumerate(Base.metadata.sorted_tables)}
    for table in sorted(tables, key=lambda t: order.get(t, -1)):
        back = sql.SQL(
            "insert into public.{t} select * from seed.{t}"
            " where not exists (select from public.{t})"
        )
        link.execute(back.format(t=_id(table)))


# --- databases ------------------------------------------------------------------------------


def _drop_leftovers(link: psycopg.Connection) -> None:
    copies = link.execute("select datname from pg_database where datname like %s", [COPY + "%"])
    for (name,) in copies.fetchall():
        made, pid = (int(n) for n in name.removeprefix(COPY).split("_")[:2])
        if time.time() - made > LEFTOVER_AFTER and not Path(f"/proc/{pid}").exists():
            _drop(link, name)
    templates = link.execute(
        "select datname from pg_database where datname like %s order by oid desc", [TEMPLATE + "%"]
    )
    for (name,) in templates.fetchall()[TEMPLATES_KEPT:]:
        _drop(link, name)


def _create(link: psycopg.Connection, name: str, template: str) -> None:
    link.execute(sql.SQL("create database {} template {}").format(_id(name), _id(template)))
    # A crash may lose a test's rows; nobody waits for the disk.
    link.execute(sql.SQL("alter database {} set synchronous_commit = off").format(_id(name)))


def _drop(link: psycopg.Connection, name: str) -> None:
    link.execute(sql.SQL("drop database if exists {} with (force)").format(_id(name)))


def _exists(link: psycopg.Connection, name: str) -> bool:
    return bool(link.execute("select 1 from pg_database where datname = %s", [name]).fetchone())


_CLEANERS: dict[str, psycopg.Connection] = {}


def _cleaner(url: str) -> psycopg.Connection:
    """One connection for all tests of a process; foreign keys do not trouble it."""
    if held := _CLEANERS.get(url):
        return held
    link = _CLEANERS[url] = _link(url)
    link.execute("set lock_timeout = '10s'")
    if _is_superuser(link):
        link.execute("set session_replication_role = replica")
    return link


def _is_superuser(link: psycopg.Connection) -> bool:
    return link.info.parameter_status("is_superuser") == "on"


def _link(url: str) -> psycopg.Connection:
    return psycopg.connect(_libpq(url), autocommit=True)


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _url(server: str, name: str) -> str:
    """The same server, another database, in the form that SQLAlchemy wants."""
    changed = make_url(server).set(drivername="postgresql+psycopg", database=name)
    return changed.render_as_string(hide_password=False)


def _id(name: str) -> sql.Identifier:
    return sql.Identifier(name)
