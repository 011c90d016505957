"""The hash chain over a journal's entries: pure functions (docs/journal.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from screening.crypto import digest_id
from screening.tube.entries import FORMAT


def genesis(device_id: int, wire_id: str) -> bytes:
    """The hash before entry 1."""
    return hashlib.sha256(f"{FORMAT}\n{device_id}\n{wire_id}".encode()).digest()


def link(prev: bytes, digest: bytes) -> bytes:
    return hashlib.sha256(prev + digest).digest()


def run_chain(prev: bytes, digests: Sequence[bytes]) -> bytes:
    """The head after `digests`, from the hash before them."""
    sha = hashlib.sha256
    for digest in digests:
        prev = sha(prev + digest).digest()
    return prev


def signed_text(device_id: int, wire_id: str, last: int, head: bytes, sent_ms: int) -> bytes:
    return f"{FORMAT}\n{device_id}\n{wire_id}\n{last}\n{head.hex()}\n{sent_ms}".encode()


def journal_id(wire_id: str) -> int:
    """The journal's number in tables: the first 63 bits of its random id."""
    return digest_id(bytes.fromhex(wire_id[:16]))


def split(digests: bytes) -> list[bytes]:
    """Stored digests, 32 bytes each, as a list."""
    return [digests[i : i + 32] for i in range(0, len(digests), 32)]


def line_id(digest: bytes) -> int:
    """The id of the rows an entry makes: its content decides, so a replay makes the same ones."""
    return digest_id(digest)


def ref(digest: bytes) -> str:
    """How an entry names an earlier one: the first 8 bytes of its digest, in hex."""
    return digest[:8].hex()


def ref_id(text: str) -> int:
    """The row id that a `ref` stands for."""
    return int(text, 16) >> 1
