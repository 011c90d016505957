"""Journals that came by hand: exported on a phone, sealed to this server, carried by anybody."""

from __future__ import annotations

import gzip
import io
import zlib
from datetime import datetime
from typing import Annotated, Literal

import msgspec
from cryptography.exceptions import InvalidTag
from msgspec import Meta, Struct

from screening.accounts import audit
from screening.collection.persons import ring
from screening.crypto import unb64
from screening.errors import Problem, TooLarge
from screening.field import frames, service
from screening.field.service import Receipt

MOST_LINES = 60
MOST_UNPACKED = 32 * 1024 * 1024  # bytes of all lines


class BadCarried(Problem):
    status = 422
    code = "bad_carried"
    zh = "这不是导出的日志，或已损坏；日志还在原来的手机上。"
    en = "This is not an exported journal, or it is damaged; the journal is still on its phone."


class CarriedElsewhere(Problem):
    status = 422
    code = "carried_elsewhere"
    zh = "这份日志是封给另一台服务器的，这里打不开；日志还在原来的手机上。"
    en = "This journal was sealed to another server and cannot be opened here; it is still on its phone."


class Line(Struct, kw_only=True):
    """One line of an export (docs/journal.md). What it says of itself only helps people: the batch
    inside is signed."""

    format: Literal["screening-carry-1"]
    device: Annotated[str, Meta(pattern="^[0-9]{1,19}$")]
    journal: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    first: Annotated[int, Meta(ge=1, le=2**53)]
    last: Annotated[int, Meta(ge=1, le=2**53)]
    sealed: Annotated[str, Meta(min_length=100)]


_decode = msgspec.json.Decoder(Line).decode


def take(text: bytes, *, received_at: datetime) -> list[Receipt]:
    """Take in an export: each of its lines, or none. A receipt for each line.

    Raises BadCarried, CarriedElsewhere, TooLarge, and what a batch may raise (service.ingest)."""
    batches = opened(text)
    return [service.ingest_within(batch, received_at=received_at) for batch in batches]


def take_file(text: bytes, *, received_at: datetime) -> list[Receipt]:
    """The same for what somebody hands in at a desk: a file, or the lines a scanner read off a
    phone's QR codes. Raises what `take` and `frames.join` raise."""
    lines = text.decode("ascii", "replace").split()
    if lines and all(line.upper().startswith("SQ1.") for line in lines):
        text = frames.join(lines)
    receipts = take(text, received_at=received_at)
    for receipt in receipts:
        audit.note("journal_carried", "device", receipt.device, detail={"new": receipt.new})
    return receipts


def opened(text: bytes) -> list[bytes]:
    """The batches of an export. Raises BadCarried, CarriedElsewhere, TooLarge."""
    lines = [line for line in text.split(b"\n") if line.strip()]
    if not lines:
        raise BadCarried()
    if len(lines) > MOST_LINES:
        raise TooLarge()
    out: list[bytes] = []
    for line in lines:
        room = MOST_UNPACKED - sum(map(len, out))
        out.append(_unpack(_unseal(line), room))
    return out


def _unseal(line: bytes) -> bytes:
    try:
        sealed = unb64(_decode(line).sealed)
    except (msgspec.MsgspecError, ValueError):
        raise BadCarried() from None
    try:
        return unb64(ring().unseal(sealed).decode())
    except InvalidTag:
        raise CarriedElsewhere() from None
    except ValueError:
        raise BadCarried() from None


def _unpack(packed: bytes, room: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(packed)) as file:
            batch = file.read(room + 1)
    except (OSError, EOFError, zlib.error):
        raise BadCarried() from None
    if len(batch) > room:
        raise TooLarge()
    return batch
