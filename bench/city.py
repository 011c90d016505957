"""The filled database of the ingest benchmark: areas, sites, a round, a million persons, labels."""

from __future__ import annotations

from datetime import timedelta

import psycopg
from flask_migrate import upgrade
from psycopg.types.json import Jsonb

from screening import clock, crypto
from screening.app import create_app
from screening.config import ROOT, Settings, sqlalchemy_url
from screening.db import db, raw
from screening.registry import seals
from screening.registry.documents import DocType, Document
from screening.registry.rules import default_limits
from screening.registry.service.rounds import make_partitions
from screening.tube.codes import Kind, make_codes

CELLS = 8
ROUND = 1
INSTANCE = ROOT / "instance"


def settings(url: str) -> Settings:
    return Settings(database_url=sqlalchemy_url(url), instance=INSTANCE, log_level="WARNING")


def create(server: str, name: str) -> str:
    """A fresh database beside the server's own; its URL."""
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        link.execute(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
    return swap(server, name)


def copy(server: str, name: str, template: str) -> str:
    with psycopg.connect(server, autocommit=True) as link:
        link.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        link.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return swap(server, name)


def drop(server: str, *names: str) -> None:
    with psycopg.connect(server, autocommit=True) as link:
        for name in names:
            link.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def swap(server: str, name: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(server).set(database=name).render_as_string(hide_password=False)


def person_of(n: int) -> tuple[int, int]:
    """(cell, person id) of the n-th made person."""
    return 1001 + n % CELLS, 10_000_000 + n


def document_of(n: int) -> tuple[str, str]:
    """Type and number of the n-th made person's document: obviously made passports."""
    return "passport", f"M{n:08d}"


def fill(url: str, persons: int, tubes: int, with_documents: int) -> None:
    """Migrate and fill. The first `with_documents` persons can be found by document."""
    app = create_app(settings(url))
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        _places()
        _persons(persons, with_documents, app.extensions["keys"])
        _labels(tubes)
        db.session.commit()
        conn = raw()
        conn.commit()
        conn.autocommit = True
        conn.execute("VACUUM ANALYZE")
        conn.autocommit = False
        db.session.remove()
        db.engine.dispose()


def _places() -> None:
    conn, now = raw(), clock.now()
    add = conn.cursor().executemany
    since = now.date() - timedelta(days=1)
    areas = [(1, "1", "city", 1, None, "/1/", 0), (2, "2", "county", 2, 1, "/1/2/", 0)]
    for c in range(CELLS):
        street, community = 1001 + c, 2001 + c
        areas.append((street, f"s{c}", f"street {c}", 3, 2, f"/1/2/{street}/", street))
        path = f"/1/2/{street}/{community}/"
        areas.append((community, f"c{c}", f"community {c}", 4, street, path, street))
    add(
        "INSERT INTO area (area_id, code, name, level, parent_id, path, cell_id, valid_from) "
        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        [(*a, since) for a in areas],
    )
    add(
        "INSERT INTO site (site_id, code, name, kind, area_id, cell_id, tables) "
        "VALUES (%s, %s, %s, 'community', %s, %s, 4)",
        [(3001 + c, f"S{c}", f"site {c}", 2001 + c, 1001 + c) for c in range(CELLS)],
    )
    conn.execute(
        "INSERT INTO round (round_id, name, kind, state, starts_at, ends_at, started_at, limits, "
        "pool_rules, drill) VALUES (%s, 'bench', 'mass', 'sampling', %s, %s, %s, %s, '[]', false)",
        (ROUND, now - timedelta(hours=2), now + timedelta(days=1), now - timedelta(hours=2),
         Jsonb(default_limits())),
    )  # fmt: skip
    conn.execute("INSERT INTO round_area (round_id, area_id) VALUES (%s, 1)", (ROUND,))
    make_partitions(ROUND)


def _persons(n: int, with_documents: int, keys: crypto.KeyRing) -> None:
    """Rows of the size that the register makes; only some need a document that opens."""
    conn, now = raw(), clock.now()
    sealed = seals.seal_person(keys, seals.Details("居民", "MADE00000000", None, "16100000000"))
    cur = conn.cursor()
    with cur.copy(
        "COPY person (cell_id, person_id, community_id, doc_type, doc_hash, name_hash, sealed, "
        "flags, lane, created_at) FROM STDIN"
    ) as out:
        for i in range(n):
            cell, person = person_of(i)
            h = _hash(i, with_documents, keys)
            out.write_row((cell, person, cell + 1000, 6, h, h, sealed, 0, 0, now))
    with cur.copy("COPY person_key (doc_hash, person_id, cell_id) FROM STDIN") as out:
        for i in range(n):
            cell, person = person_of(i)
            out.write_row((_hash(i, with_documents, keys), person, cell))


def _hash(i: int, with_documents: int, keys: crypto.KeyRing) -> bytes:
    if i >= with_documents:
        return i.to_bytes(8, "big") * 2
    kind, number = document_of(i)
    found = seals.doc_hash(keys, Document(DocType(kind), f"GB-{number}"))
    assert found is not None
    return found


def _labels(n: int) -> None:
    with raw().cursor().copy("COPY tube_key (barcode, state) FROM STDIN") as out:
        for code in make_codes(Kind.TUBE, range(n)):
            out.write_row((code, 0))
