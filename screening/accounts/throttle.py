"""Failed tries, counted apart from the request's transaction, in a table that all workers share.

Three counters a try: the pair (name, where), the name, the address. Only the pair is ever made to
wait; the other two take its free tries away (rules.wait_after). Keys are hashes. Real time."""

from __future__ import annotations

import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app

from screening import clock
from screening.accounts import rules
from screening.db import apart, run
from screening.errors import TooMany


@dataclass(frozen=True)
class Try:
    """One attempt at a secret: `pair` is what waits, `soft` what only tightens it."""

    pair: bytes
    soft: tuple[bytes, ...]


def attempt(purpose: str, name: str, where: str, secret_mark: str = "") -> Try:
    """The counters of one attempt. `secret_mark` names the secret's version (part of its stored
    hash): whoever is given a new password starts without the old one's failures."""
    keys = current_app.extensions["keys"]
    return Try(
        keys.hash("throttle", f"{purpose}|{name}|{where}|{secret_mark}"),
        (
            keys.hash("throttle", f"{purpose}|name|{name}"),
            keys.hash("throttle", f"{purpose}|where|{where}"),
        ),
    )


def address_of(remote: str | None) -> str:
    """The address that counts as one place: an IPv6 customer owns a whole /64."""
    try:
        ip = ipaddress.ip_address(remote or "")
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def begin(this: Try) -> None:
    """Count this try before the secret is looked at; raise TooMany while the pair has to wait.

    Counted first and committed apart: a burst of guesses in parallel gains nothing."""
    now = clock.real_now()
    with apart() as conn:
        row = conn.execute(_COUNT + b" WHERE t.not_before <= %s RETURNING t.fails",
                           (*_counted(this.pair, now), now)).fetchone()  # fmt: skip
        if row is not None:
            attacked = conn.execute(
                b"SELECT 1 FROM throttle WHERE key = ANY(%s) AND fails >= %s AND since > %s",
                (list(this.soft), rules.ATTACK_FROM.value, now - MEMORY),
            ).fetchone()
            wait = rules.wait_after(row[0], attacked=attacked is not None)
            if wait:  # a free try moves nothing: whoever asked a moment before waits for nobody
                conn.execute(
                    b"UPDATE throttle SET not_before = %s WHERE key = %s",
                    (now + timedelta(seconds=wait), this.pair),
                )
            return
        until = conn.execute(b"SELECT not_before FROM throttle WHERE key = %s", (this.pair,))
        left = (until.fetchone() or (now,))[0] - now
    raise TooMany(seconds=max(1, math.ceil(left.total_seconds())))


def failed(this: Try) -> None:
    """The secret was wrong: the name and the address are remembered too, apart."""
    now = clock.real_now()
    with apart() as conn:
        for key in sorted(this.soft):  # one order for all workers: no deadlock
            conn.execute(_COUNT, _counted(key, now))


MEMORY = timedelta(hours=rules.MEMORY_HOURS.value)


def _counted(key: bytes, now: datetime) -> tuple:
    return key, now, now - MEMORY, now - MEMORY, now - MEMORY, now


_COUNT = (
    b"INSERT INTO throttle AS t (key, fails, since, not_before) VALUES (%s, 1, %s, %s) "
    b"ON CONFLICT (key) DO UPDATE SET "
    b"fails = CASE WHEN t.since < %s THEN 1 ELSE t.fails + 1 END, "
    b"since = CASE WHEN t.since < %s THEN %s ELSE t.since END"
)


def passed(this: Try) -> None:
    """The right secret ends the pair's count; what others failed under the name stays counted.

    Apart as well: a row held by the request would let its next try wait for itself."""
    with apart() as conn:
        conn.execute(b"DELETE FROM throttle WHERE key = %s", (this.pair,))


def forget_old() -> int:
    """Drop counters that no longer matter; the number dropped."""
    before = clock.real_now() - timedelta(hours=2 * rules.MEMORY_HOURS.value)
    return run("DELETE FROM throttle WHERE since < %s AND not_before < %s", (before, before))
