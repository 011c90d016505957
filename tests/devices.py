"""Phones for tests: real journals, signed and chained as a device does, posted over HTTP."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from typing import Any

from screening import clock, crypto
from screening.db import db, insert, new_id
from screening.field import chain
from screening.tube import chain as hashing


@dataclass
class Phone:
    """One installation: its key, its journal, and what it has not sent yet."""

    device_id: int
    key: Any
    staff: int
    round: int = 0
    site: int | None = None
    lab: int | None = None
    wire: str = field(default_factory=lambda: secrets.token_hex(16))
    entries: list[bytes] = field(default_factory=list)
    now: int | None = None  # device clock in ms; None = the server's
    offset: int | None = 0

    def write(self, kind: str, **body: Any) -> str:
        """Append an entry; returns the ref by which later entries name it."""
        at = self.now if self.now is not None else clock.to_ms(clock.now())
        entry = {
            "kind": kind, "seq": len(self.entries) + 1, "at": at, "offset": self.offset,
            "staff": self.staff, "round": self.round, "site": self.site, "lab": self.lab,
            "salt": base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("="),
            **body,
        }  # fmt: skip
        raw = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()
        self.entries.append(raw)
        return hashing.ref(hashlib.sha256(raw).digest())

    def batch(self, first: int = 1, last: int | None = None, *, practice: bool = False) -> bytes:
        """Entries `first` to `last` as one signed batch."""
        digests = [hashlib.sha256(e).digest() for e in self.entries[: first - 1]]
        prev = hashing.run_chain(hashing.genesis(self.device_id, self.wire), digests)
        body, _ = chain.write(
            self.key, self.device_id, self.wire, first, prev, self.entries[first - 1 : last],
            sent_ms=clock.to_ms(clock.now()), practice=practice,
        )  # fmt: skip
        return body

    def send(self, client: Any, first: int = 1, last: int | None = None) -> Any:
        """POST a batch; the response."""
        return client.post(
            "/api/v1/journal",
            data=self.batch(first, last),
            content_type="application/x-ndjson",
        )

    def copy(self) -> Phone:
        """The same phone restored from a backup: the same numbers may be written twice."""
        twin = Phone(
            self.device_id, self.key, self.staff, self.round, self.site, self.lab, self.wire
        )
        twin.entries, twin.now, twin.offset = list(self.entries), self.now, self.offset
        return twin

    # --- what people do -------------------------------------------------------------------

    def fill(
        self,
        tube: str,
        codes: list[str],
        *,
        mode: str = "pooled",
        size: int = 10,
        close: bool = True,
    ) -> list[str]:
        """Open a tube, bind these resident codes, close it; the refs of the binds."""
        self.write("open", tube=tube, mode=mode, size=size)
        refs = [
            self.write("bind", tube=tube, seat=i, who={"code": c}) for i, c in enumerate(codes, 1)
        ]
        if close:
            self.write("close", tube=tube, n=len(codes))
        return refs


def phone(
    *, site: Any = None, lab: Any = None, staff: int = 1, round: int = 0, practice: bool = False
) -> Phone:
    """Enrol a phone by its row; `site` or `lab` is a model with its id and cell."""
    key = crypto.new_device_key()
    device_id = new_id()
    place = site if site is not None else lab
    columns = (
        "device_id", "name", "kind", "site_id", "lab_id", "cell_id", "public_key", "state",
        "practice", "enrolled_at",
    )  # fmt: skip
    row = (
        device_id, f"phone {device_id}", "phone", getattr(site, "site_id", None),
        getattr(lab, "lab_id", None), place.cell_id, crypto.public_bytes(key.public_key()),
        "active", practice, clock.now(),
    )  # fmt: skip
    insert("device", columns, [row])
    db.session.commit()
    return Phone(
        device_id, key, staff, round, getattr(site, "site_id", None), getattr(lab, "lab_id", None)
    )


def exported(phone: Phone, server_public: bytes, first: int = 1, last: int | None = None) -> bytes:
    """What a phone exports for somebody to carry: one line, sealed to the server."""
    inside = crypto.b64(gzip.compress(phone.batch(first, last))).encode()
    line = {
        "format": "screening-carry-1", "device": str(phone.device_id), "journal": phone.wire,
        "first": first, "last": last or len(phone.entries),
        "sealed": crypto.b64(crypto.seal_to(server_public, inside)),
    }  # fmt: skip
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"
