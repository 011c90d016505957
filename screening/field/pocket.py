"""A device without a screen: one file holds its key and the head of its journal."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from screening import crypto
from screening.errors import Conflict, Problem
from screening.field import chain
from screening.tube import chain as hashing
from screening.tube.entries import decode

SALT = 16  # bytes
MOST = 5000  # entries of a batch, as its header says (codec.Header)


class BadLine(Problem):
    status = 422
    code = "bad_journal_line"
    zh = "第 {row} 行不是可用的条目：{what}"
    en = "Line {row} is not an entry: {what}"


class TooManyLines(Problem):
    status = 422
    code = "too_many_journal_lines"
    zh = "一个日志包最多 {most} 条，请分几次签名。"
    en = "A batch holds at most {most} entries; sign them in several."


class OtherDevice(Conflict):
    code = "other_device_of_key"
    zh = "这份密钥文件属于设备 {device}。"
    en = "This key file belongs to device {device}."


class Signed(NamedTuple):
    """A batch to be sent, and (number, kind, ref) of each entry, by which later ones name it."""

    batch: bytes
    entries: list[tuple[int, str, str]]


class Pocket:
    """A key file: the private key in PEM, the journal's id, and how far it is written."""

    def __init__(self, path: Path, state: dict[str, Any]) -> None:
        self.path, self.state = path, state
        key = serialization.load_pem_private_key(state["key"].encode(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        self.key = key

    @classmethod
    def new(cls, path: Path, *, practice: bool = False) -> Pocket:
        """A fresh key; an existing file is never written over. Raises FileExistsError."""
        pem = crypto.new_device_key().private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        state = {
            "key": pem.decode(), "journal": secrets.token_hex(16), "device": None, "last": 0,
            "head": None, "practice": practice,
        }  # fmt: skip
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(state, file, indent=1)
        return cls(path, state)

    @classmethod
    def open(cls, path: Path) -> Pocket:
        return cls(path, json.loads(path.read_text()))

    @property
    def public(self) -> str:
        """The public key as enrolment wants it."""
        return crypto.b64(crypto.public_bytes(self.key.public_key()))

    def sign(
        self,
        lines: Sequence[bytes],
        *,
        device: int,
        at_ms: int,
        defaults: Mapping[str, Any] | None = None,
    ) -> Signed:
        """The next batch of the journal out of JSON lines; number, time and salt are filled in.

        Nothing is kept before `keep`, so that what could not be written is not counted.
        Raises BadLine, TooManyLines, OtherDevice."""
        if len(lines) > MOST:
            raise TooManyLines(most=MOST)
        if self.state["device"] not in (None, device):
            raise OtherDevice(device=self.state["device"])
        first = self.state["last"] + 1
        raws = [
            self._entry(line, first + i, i + 1, at_ms, defaults or {})
            for i, line in enumerate(lines)
        ]
        wire = self.state["journal"]
        head = self.state["head"]
        prev = bytes.fromhex(head) if head else hashing.genesis(device, wire)
        batch, new_head = chain.write(
            self.key, device, wire, first, prev, raws, sent_ms=at_ms,
            practice=self.state["practice"],
        )  # fmt: skip
        self.state |= {"device": device, "last": first + len(raws) - 1, "head": new_head.hex()}
        told = [
            (first + i, str(json.loads(raw)["kind"]), hashing.ref(hashlib.sha256(raw).digest()))
            for i, raw in enumerate(raws)
        ]
        return Signed(batch, told)

    def _entry(
        self, line: bytes, seq: int, row: int, at_ms: int, defaults: Mapping[str, Any]
    ) -> bytes:
        try:
            said = json.loads(line)
            if not isinstance(said, dict):
                raise ValueError("{…}")
            entry = {
                "offset": 0, "at": at_ms, **defaults, **said, "seq": seq,
                "salt": crypto.b64(secrets.token_bytes(SALT)), "practice": self.state["practice"],
            }  # fmt: skip
            raw = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()
            decode(raw)
        except (ValueError, msgspec.MsgspecError) as why:
            raise BadLine(row=row, what=str(why)) from None
        if len(raw) > chain.MAX_ENTRY:
            raise BadLine(row=row, what=f"> {chain.MAX_ENTRY} bytes")
        return raw

    def keep(self) -> None:
        """Write the new head down, whole or not at all."""
        beside = self.path.with_name(self.path.name + ".new")
        write_whole(beside, json.dumps(self.state, indent=1).encode())
        beside.replace(self.path)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that only its owner reads, and wait until it is on disk."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
