"""A city on the morning after: persons, swabs, tubes at every link, boxes, alerts, callbacks, contacts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask_migrate import upgrade
from psycopg.types.json import Jsonb

from bench import city
from screening import clock
from screening.accounts import service as accounts
from screening.accounts.queries import actor_of
from screening.accounts.roles import EVERYWHERE, Role, Scope
from screening.accounts.sessions import open_session
from screening.app import create_app
from screening.config import ROOT
from screening.coverage import service as coverage
from screening.db import db, raw
from screening.figures import service as figures
from screening.ledger import service as ledger
from screening.registry import seals
from screening.registry.rules import default_limits
from screening.registry.service.rounds import make_partitions

COUNTIES, STREETS, COMMUNITIES = 4, 32, 192  # streets are the cells
ROUND = 1
POOL = 10
SWABBED = 0.9

_AREAS = """
INSERT INTO area (area_id, code, name, level, parent_id, path, cell_id, valid_from)
SELECT * FROM (
  SELECT 1::int8, 'c', 'city', 1::int2, NULL::int8, '/1/', 0::int8, %(day)s::date
  UNION ALL SELECT 10 + n, 'q' || n, 'county ' || n, 2, 1, '/1/' || 10 + n || '/', 0, %(day)s
    FROM generate_series(0, %(counties)s - 1) n
  UNION ALL SELECT 1000 + n, 's' || n, 'street ' || n, 3, 10 + n %% %(counties)s,
    '/1/' || 10 + n %% %(counties)s || '/' || 1000 + n || '/', 1000 + n, %(day)s
    FROM generate_series(0, %(streets)s - 1) n
  UNION ALL SELECT 2000 + n, 'k' || n, 'community ' || n, 4, 1000 + n %% %(streets)s,
    '/1/' || 10 + n %% %(streets)s %% %(counties)s || '/' || 1000 + n %% %(streets)s || '/' || 2000 + n || '/',
    1000 + n %% %(streets)s, %(day)s
    FROM generate_series(0, %(communities)s - 1) n) a"""
_PLACES = (
    "INSERT INTO site (site_id, code, name, kind, area_id, cell_id, tables) SELECT 3000 + n, "
    "'S' || n, 'site ' || n, 'community', 2000 + n, 1000 + n %% %(streets)s, 4 "
    "FROM generate_series(0, %(communities)s - 1) n",
    "INSERT INTO lab (lab_id, code, name, area_id, cell_id, capacity, own_lis) SELECT 4000 + n, "
    "'L' || n, 'laboratory ' || n, 1000 + n, 1000 + n, 60000, false FROM generate_series(0, 3) n",
    "INSERT INTO device (device_id, name, kind, site_id, cell_id, public_key, state, practice, "
    "enrolled_at, heard_at) SELECT 5000 + n, 'D' || n, 'phone', 3000 + n / 2, "
    "1000 + n / 2 %% %(streets)s, '\\x00', 'active', false, %(now)s - interval '1 day', "
    "CASE WHEN n %% 40 > 0 THEN %(now)s - n %% 50 * interval '1 minute' END "
    "FROM generate_series(0, 2 * %(communities)s - 1) n",
)
_PERSONS = """
INSERT INTO person (cell_id, person_id, community_id, doc_type, doc_hash, name_hash, sealed, flags,
  lane, created_at)
SELECT 1000 + n %% %(communities)s %% %(streets)s, 10000000 + n, 2000 + n %% %(communities)s, 6,
  decode(lpad(to_hex(n), 16, '0'), 'hex'), decode(lpad(to_hex(n), 16, '0'), 'hex'), %(sealed)s, 0, 0,
  %(now)s - interval '30 days' FROM generate_series(0, %(persons)s - 1) n
ORDER BY n %% %(communities)s, n"""  # as registers come: one community after the other
# a tube holds ten neighbours: persons of one community lie COMMUNITIES numbers apart
_TUBES = """
INSERT INTO tube (cell_id, round_id, barcode, site_id, table_no, mode, pool_size, channel, stage,
  since, due_at, holder_kind, holder_id, confirmed, members, complete, holds, home_cells, opened_at,
  closed_at, received_at, lab_id, outcome, version)
SELECT 1000 + c %% %(streets)s, %(round)s, lpad(t::text, 14, '0'), 3000 + c, 1 + t %% 4, 3, %(pool)s,
  'community', q.stage, CASE WHEN q.stage = 10 THEN q.closed + interval '5 hours' ELSE q.closed END,
  CASE WHEN q.stage < 10 THEN q.closed + interval '4 hours' END, 'site', 3000 + c, %(pool)s, %(pool)s,
  true, 0, ARRAY[1000 + c %% %(streets)s], q.closed - interval '8 minutes', q.closed,
  CASE WHEN q.stage >= 6 THEN q.closed + interval '70 minutes' END,
  CASE WHEN q.stage >= 5 THEN 4000 + c %% 4 END, CASE WHEN q.stage >= 8 THEN 1 END, 1
FROM (SELECT t, t %% %(communities)s AS c,
    %(now)s - interval '7 hours' + (t %% 400) * interval '1 minute' AS closed,
    CASE WHEN t %% 20 < 13 THEN 10 WHEN t %% 20 < 15 THEN 9 WHEN t %% 20 < 16 THEN 8
      WHEN t %% 20 < 17 THEN 6 WHEN t %% 20 < 18 THEN 5 WHEN t %% 20 < 19 THEN 4 ELSE 3 END AS stage
  FROM generate_series(0, %(tubes)s - 1) t) q"""
_SWABS = """
INSERT INTO specimen (cell_id, round_id, specimen_id, person_id, community_id, tube_cell, barcode,
  seat, purpose, of_record, void, at, device_id, journal_id, seq, site_id)
SELECT t.cell_id, t.round_id, n.id, 10000000 + n.id, t.site_id - 1000, t.cell_id, t.barcode,
  n.seat + 1, 0, true, 0, t.closed_at - interval '4 minutes', 5000, 1, n.id, t.site_id
FROM tube t CROSS JOIN LATERAL (SELECT s AS seat, (t.site_id - 3000) + %(communities)s *
  ((t.barcode::int8 / %(communities)s) * %(pool)s + s) AS id FROM generate_series(0, %(pool)s - 1) s) n
WHERE t.round_id = %(round)s AND n.id < %(persons)s"""
_REST = (
    "INSERT INTO custody (cell_id, round_id, barcode, line_id, verb, stage, at, recorded_at, "
    "device_id, journal_id, seq, late) SELECT cell_id, round_id, barcode, v, v, 3, closed_at, "
    "closed_at, 5000, 1, barcode::int8 * 2 + v, false FROM tube, generate_series(1, 2) v "
    "WHERE round_id = %(round)s",
    "INSERT INTO batch (cell_id, batch_id, wire_id, round_id, box_code, site_id, stage, since, seal, "
    "counted, known, received, lab_id, opened_at) SELECT 1000 + n %% %(communities)s %% %(streets)s, n, "
    "n::text, %(round)s, 'B' || n, 3000 + n %% %(communities)s, CASE WHEN n %% 10 < 8 THEN 6 ELSE "
    "n %% 10 - 6 END, %(now)s - n %% 300 * interval '1 minute', 'E' || n, 50, 50, 0, 4000 + n %% 4, "
    "%(now)s FROM generate_series(0, %(tubes)s / 50) n",
    "INSERT INTO alert (cell_id, alert_id, round_id, barcode, kind, outcome, lab_id, raised_at) "
    "SELECT cell_id, barcode::int8, round_id, barcode, 'positive', 2, lab_id, since FROM tube "
    "WHERE round_id = %(round)s AND stage IN (8, 9) AND barcode::int8 %% 600 = 15",
    "INSERT INTO callback (cell_id, callback_id, person_id, community_id, round_id, tube_cell, barcode, "
    "reason, state, opened_at, due_at) SELECT s.cell_id, s.specimen_id, s.person_id, s.community_id, "
    "s.round_id, s.tube_cell, s.barcode, 'pool_positive', 'open', %(now)s, %(now)s + interval '1 hour' "
    "FROM specimen s WHERE s.round_id = %(round)s AND s.barcode::int8 %% 1000 = 0",
    "INSERT INTO contact (cell_id, contact_id, round_id, person_id, community_id, kind, outcome, at) "
    "SELECT cell_id, person_id, %(round)s, person_id, community_id, 'call', 'unreachable', %(now)s "
    "FROM person WHERE person_id %% 33 = 0",
)  # fmt: skip


def fill(url: str, persons: int) -> str:
    """Migrate, fill and count; the token of a signed-in head of the whole city."""
    app = create_app(city.settings(url))
    with app.app_context():
        upgrade(directory=str(ROOT / "migrations"))
        now = clock.now()
        sealed = seals.seal_person(app.extensions["keys"],
                                   seals.Details("居民", "MADE00000000", None, "16100000000"))  # fmt: skip
        args: dict[str, Any] = {
            "day": (now - timedelta(days=2)).date(), "now": now, "counties": COUNTIES,
            "streets": STREETS, "communities": COMMUNITIES, "persons": persons, "round": ROUND,
            "tubes": int(persons * SWABBED) // POOL, "pool": POOL, "sealed": sealed,
        }  # fmt: skip
        _write(_AREAS, args)
        for statement in _PLACES:
            _write(statement, args)
        _round(now)
        for statement in (_PERSONS, _TUBES, _SWABS, *_REST):
            _write(statement, args)
        db.session.commit()
        conn = raw()
        conn.commit()
        conn.autocommit = True
        conn.execute("VACUUM ANALYZE")
        conn.autocommit = False
        token = _head()
        _count()
        db.session.remove()
        db.engine.dispose()
    return token


def _write(statement: str, args: dict[str, Any]) -> None:
    raw().execute(statement.encode(), args)


def _round(now: Any) -> None:
    raw().execute(
        "INSERT INTO round (round_id, name, kind, state, starts_at, ends_at, started_at, limits, "
        "pool_rules, drill) VALUES (%s, 'bench', 'mass', 'sampling', %s, %s, %s, %s, '[]', false)",
        (ROUND, now - timedelta(hours=8), now + timedelta(hours=16), now - timedelta(hours=8),
         Jsonb(default_limits())),
    )  # fmt: skip
    raw().execute("INSERT INTO round_area (round_id, area_id) VALUES (%s, 1)", (ROUND,))
    make_partitions(ROUND)


def _head() -> str:
    """Somebody who may look at everything; only the session's token leaves this function."""
    who = accounts.make_staff("HEAD1", "头", "", password=None,
                              grants=[Scope(Role.DISTRICT_HEAD, EVERYWHERE)])  # fmt: skip
    assert actor_of(who)
    token, _until = open_session(who)
    db.session.commit()
    return token


def _count() -> None:
    """What the worker keeps: coverage, stages, paces, the ledger's picture."""
    coverage.mark_new()
    coverage.mark((1000 + c, ROUND, coverage.TUBES) for c in range(STREETS))
    while coverage.take_marks(at=clock.now()):
        db.session.commit()
    figures.take_rollups(at=clock.now())
    ledger.keep_live(ROUND, at=clock.now())
    db.session.commit()
