"""The tables of a round's own rows."""

from __future__ import annotations

from screening.db import fetch, ident, raw

BY_ROUND = ("tube", "specimen", "custody")
FILL = {"tube": "85", "specimen": "95", "custody": "100"}  # rewritten often, seldom, never


def make_partitions(round_id: int) -> None:
    """Tables of the round's own rows, made once.

    Made apart and then attached: that waits for no transaction of the hot path, whereas CREATE …
    PARTITION OF would lock the parent against all of them."""
    conn = raw()
    for parent in BY_ROUND:
        name = f"{parent}_r{int(round_id)}"
        if fetch("SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass(%s)", (name,)):
            continue
        conn.execute(
            b"CREATE TABLE IF NOT EXISTS "
            + ident(name).as_bytes(conn)
            + b" (LIKE "
            + ident(parent).as_bytes(conn)
            + b" INCLUDING DEFAULTS) WITH (fillfactor="
            + FILL[parent].encode()
            + b")"
        )
        conn.execute(
            f"ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES IN ({int(round_id)})".encode()
        )
