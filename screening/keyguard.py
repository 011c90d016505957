"""Whether the keys at hand open the stored data: asked once at every start."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from screening.crypto import KeyRing, WrongKey
from screening.db import Base, apart

PROBE = b"these keys open the data"
AAD = "key_probe.probe"


class KeyProbe(Base):
    """One sentence sealed under each data key that was ever used here."""

    __tablename__ = "key_probe"
    key_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    probe: Mapped[bytes]
    index_mark: Mapped[str]  # made with the hash key: a foreign one would find nobody


def check(keys: KeyRing) -> None:
    """Raise WrongKey unless every probe opens; leave one for a key that is new here.

    Before the first migration there is nothing to open, and nothing is asked."""
    with apart() as conn:
        if conn.execute("SELECT to_regclass('key_probe')").fetchone() == (None,):
            return
        rows = conn.execute("SELECT key_id, probe, index_mark FROM key_probe").fetchall()
        mark = keys.token("key_probe", "index")
        for key_id, probe, stored in rows:
            if stored != mark or key_id not in keys.data or keys.open(probe, AAD) != PROBE:
                raise WrongKey(
                    "The key ring does not open the data in this database: put the right keys.json "
                    "in place (docs/operations.md). Nothing was changed."
                )
        if keys.newest not in {r[0] for r in rows}:
            conn.execute(
                "INSERT INTO key_probe (key_id, probe, index_mark) VALUES (%s, %s, %s) "
                "ON CONFLICT DO NOTHING",
                (keys.newest, keys.seal(PROBE, AAD), mark),
            )
