"""The hash chain of a journal and the signed batch (pure; docs/journal.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec

from screening import crypto
from screening.crypto import b64, unb64
from screening.errors import Problem
from screening.field.codec import Header, header_decoder
from screening.tube.chain import genesis, journal_id, run_chain, signed_text

MAX_ENTRY = 8192  # bytes of one entry


class MalformedBatch(Problem):
    status = 400
    code = "malformed_batch"
    zh = "日志包格式有误：{what}。日志仍在设备上，没有丢失。"
    en = "The journal batch is malformed: {what}. The journal is still on the device."


class BrokenChain(Problem):
    status = 409
    code = "broken_chain"
    zh = "日志链不连续，整批未接收；请导出日志并联系管理员。"
    en = "The journal's chain is broken; the batch was refused whole. Export it and call for help."


class BadSignature(Problem):
    status = 403
    code = "bad_signature"
    zh = "日志签名不符，整批未接收；此设备可能需要重新登记。"
    en = "The journal's signature is wrong; the batch was refused whole."


@dataclass(slots=True)
class Batch:
    """A batch as sent: `entries` are the bytes, `digests` theirs, `heads` the chain after each."""

    device_id: int
    wire_id: str
    journal_id: int
    first: int
    prev: bytes
    head: bytes
    sent_ms: int
    practice: bool
    signature: bytes
    entries: list[bytes]
    digests: list[bytes]

    @property
    def last(self) -> int:
        return self.first + len(self.entries) - 1


def read(body: bytes) -> Batch:
    """Parse a batch and check its own chain. Raises MalformedBatch, BrokenChain."""
    lines = body.split(b"\n")
    if lines and not lines[-1]:
        lines.pop()
    if not lines:
        raise MalformedBatch(what="empty")
    try:
        head = header_decoder.decode(lines[0])
        signature = unb64(head.signature)
    except (msgspec.DecodeError, ValueError) as e:
        raise MalformedBatch(what=str(e)[:120]) from None
    entries = lines[1:]
    if len(entries) != head.count:
        raise MalformedBatch(what=f"count {head.count}, entries {len(entries)}")
    if max(map(len, entries)) > MAX_ENTRY:
        raise MalformedBatch(what=f"an entry is longer than {MAX_ENTRY} bytes")
    sha = hashlib.sha256
    digests = [sha(e).digest() for e in entries]
    prev = bytes.fromhex(head.prev)
    if head.first == 1 and prev != genesis(head.device, head.journal):
        raise BrokenChain()
    if run_chain(prev, digests) != bytes.fromhex(head.head):
        raise BrokenChain()
    return Batch(
        head.device, head.journal, journal_id(head.journal), head.first, prev,
        bytes.fromhex(head.head), head.sent_at, head.practice, signature, entries, digests,
    )  # fmt: skip


def check_signature(batch: Batch, point: bytes) -> None:
    """Whether the device's key signed this head. Raises BadSignature."""
    text = signed_text(batch.device_id, batch.wire_id, batch.last, batch.head, batch.sent_ms)
    if not crypto.verify(point, batch.signature, text):
        raise BadSignature()


def write(
    key: ec.EllipticCurvePrivateKey,
    device_id: int,
    wire_id: str,
    first: int,
    prev: bytes,
    entries: Sequence[bytes],
    *,
    sent_ms: int,
    practice: bool = False,
) -> tuple[bytes, bytes]:
    """What a device does: (the batch's bytes, the new head)."""
    head = run_chain(prev, [hashlib.sha256(e).digest() for e in entries])
    last = first + len(entries) - 1
    signature = crypto.sign(key, signed_text(device_id, wire_id, last, head, sent_ms))
    header = Header(
        format="screening-journal-1", device=device_id, journal=wire_id, first=first, count=len(entries),
        prev=prev.hex(), head=head.hex(), sent_at=sent_ms, practice=practice,
        signature=b64(signature),
    )  # fmt: skip
    return b"\n".join([msgspec.json.encode(header), *entries]) + b"\n", head
