"""The key of a round: personal values in journals, tickets and files of a round lie under it."""

from __future__ import annotations

import os
import threading
import time

from flask import current_app

from screening.crypto import KeyRing
from screening.db import apart, fetch, run
from screening.errors import Problem

AAD = "round_key.wrapped"
SECONDS = 60.0  # after a purge another process forgets the key within this time

_lock = threading.Lock()
_held: dict[int, tuple[float, bytes]] = {}


class RoundPurged(Problem):
    status = 410
    code = "round_purged"
    zh = "本轮的个人信息已经销毁，只保留汇总数字。"
    en = "The personal data of this round has been destroyed; only its counts remain."


def round_key(round_id: int) -> bytes:
    """The 32-byte key of a round; raises RoundPurged once it was destroyed.

    A round that has none yet (round 0) gets one that commits apart: what is sealed under it must
    not outlive it.
    """
    held = _held.get(round_id)
    if held is not None and time.monotonic() - held[0] < _seconds():
        return held[1]
    rows = fetch("SELECT wrapped FROM round_key WHERE round_id = %s", (round_id,))
    wrapped = rows[0][0] if rows else _make_apart(round_id)
    if not wrapped:
        forget(round_id)
        raise RoundPurged(round_id=round_id)
    key = _ring().open(bytes(wrapped), f"{AAD}.{round_id}")
    with _lock:
        _held[round_id] = (time.monotonic(), key)
    return key


def make_round_key(round_id: int) -> None:
    """Write the key of a new round in the caller's transaction."""
    run(
        "INSERT INTO round_key (round_id, wrapped) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (round_id, _fresh(round_id)),
    )
    forget(round_id)


def destroy_round_key(round_id: int) -> None:
    """The purge: an empty row stays, so that no new key can take the place of the old one."""
    run(
        "INSERT INTO round_key (round_id, wrapped) VALUES (%s, '') "
        "ON CONFLICT (round_id) DO UPDATE SET wrapped = ''",
        (round_id,),
    )
    forget(round_id)


def forget(round_id: int) -> None:
    with _lock:
        _held.pop(round_id, None)


def _make_apart(round_id: int) -> bytes:
    with apart() as conn:
        conn.execute(
            b"INSERT INTO round_key (round_id, wrapped) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            (round_id, _fresh(round_id)),
        )
        row = conn.execute(
            b"SELECT wrapped FROM round_key WHERE round_id = %s", (round_id,)
        ).fetchone()
    assert row is not None
    return row[0]


def _fresh(round_id: int) -> bytes:
    return _ring().seal(os.urandom(32), f"{AAD}.{round_id}")


def _ring() -> KeyRing:
    return current_app.extensions["keys"]


def _seconds() -> float:
    return 0.0 if current_app.testing else SECONDS
