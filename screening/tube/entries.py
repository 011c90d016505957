"""What a journal can say: the kinds of entries (docs/journal.md is the contract; hot path)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

_LARGEST_ID = 2**63 - 1
Id = Annotated[int, Meta(ge=0, le=_LARGEST_ID)]
Code = Annotated[str, Meta(min_length=1, max_length=64)]
Ref = Annotated[str, Meta(pattern="^[0-9a-f]{16}$")]
Text = Annotated[str, Meta(max_length=200)]
Count = Annotated[int, Meta(ge=0, le=500)]
Salt = Annotated[str, Meta(min_length=22, max_length=24)]
Wire = Annotated[str, Meta(pattern="^[0-9]{1,10}-[0-9a-f]{16,32}$")]
FORMAT = "screening-journal-1"


class Document(Struct, kw_only=True):
    """A person by document; `type` as in registry.documents."""

    type: Annotated[str, Meta(max_length=20)]
    number: Annotated[str, Meta(max_length=40)]
    country: Annotated[str, Meta(max_length=3)] | None = None
    name: Annotated[str, Meta(max_length=100)] | None = None
    phone: Annotated[str, Meta(max_length=20)] | None = None


class Who(Struct, kw_only=True):
    """Exactly one of: a resident code; a document; minimum identity; any of the latter two sealed
    to the server's key (base64url)."""

    code: Code | None = None
    doc: Document | None = None
    name: Annotated[str, Meta(max_length=100)] | None = None
    phone: Annotated[str, Meta(max_length=20)] | None = None
    sealed: Annotated[str, Meta(max_length=2000)] | None = None


class Entry(Struct, kw_only=True, tag_field="kind"):
    """What every entry says: number, device time in ms, the known offset to the server's clock in
    ms (null: never met), acting staff, round, site or laboratory, a random salt of 16 bytes."""

    seq: Annotated[int, Meta(ge=1, le=2**53)]
    at: Annotated[int, Meta(ge=0, le=2**53)]
    offset: Annotated[int, Meta(ge=-(2**50), le=2**50)] | None = None
    staff: Id
    round: Id = 0
    site: Id | None = None
    lab: Id | None = None
    table: Annotated[int, Meta(ge=0, le=999)] | None = None
    salt: Salt
    practice: bool = False


class ShiftStart(Entry, tag="shift_start", kw_only=True):
    pass


class ShiftEnd(Entry, tag="shift_end", kw_only=True):
    """ "Closed at n": no number above `n` (its own) belongs to this shift."""

    n: Annotated[int, Meta(ge=1)]


class Open(Entry, tag="open", kw_only=True):
    tube: Code
    mode: Literal["single", "household", "pooled"]
    size: Annotated[int, Meta(ge=1, le=100)]


class Join(Entry, tag="join", kw_only=True):
    """Another device goes on with an open tube (shift change, dead phone)."""

    tube: Code


class Bind(Entry, tag="bind", kw_only=True):
    tube: Code
    seat: Annotated[int, Meta(ge=1, le=200)]
    who: Who
    purpose: Literal["screen", "resample", "recheck"] = "screen"
    reason: Text | None = None


class Unbind(Entry, tag="unbind", kw_only=True):
    tube: Code
    ref: Ref
    reason: Text


class Move(Entry, tag="move", kw_only=True):
    """A person goes from one tube to another: `ref` is the bind it takes back."""

    tube: Code
    ref: Ref
    to: Code
    seat: Annotated[int, Meta(ge=1, le=200)]
    who: Who
    reason: Text


class Mark(Entry, tag="mark", kw_only=True):
    """未采样, 遗洒, 破损, 其他 at one seat."""

    tube: Code
    ref: Ref
    what: Literal["not_swabbed", "spilled", "broken", "other"]


class Over(Entry, tag="over", kw_only=True):
    """More swabs than the tube's size, seen and noted."""

    tube: Code
    n: Count


class Close(Entry, tag="close", kw_only=True):
    """`n` is the number of swabs that the sampler confirmed."""

    tube: Code
    n: Count


class Reopen(Entry, tag="reopen", kw_only=True):
    tube: Code
    ref: Ref
    reason: Text


class Paper(Entry, tag="paper", kw_only=True):
    """A supervisor completes a tube's list from paper: `n` swabs are in it."""

    tube: Code
    n: Count


class BoxOpen(Entry, tag="box_open", kw_only=True):
    """`batch` is the cell and a random number: each trip of a box is a new batch."""

    batch: Wire
    box: Code


class Pack(Entry, tag="pack", kw_only=True):
    batch: Wire
    box: Code
    tube: Code


class Unpack(Entry, tag="unpack", kw_only=True):
    batch: Wire
    tube: Code
    ref: Ref
    reason: Text


class Difference(Struct, kw_only=True):
    """One coded reason for `n` tubes that the counts differ by."""

    code: Literal["late_tube", "broken", "stays", "not_sent", "other"]
    n: Annotated[int, Meta(ge=-500, le=500)]
    tube: Code | None = None


class Seal(Entry, tag="seal", kw_only=True):
    """`n` is what the packer counted with the box open, before seeing the system's count."""

    batch: Wire
    box: Code
    seal: Code
    n: Count
    differences: Annotated[list[Difference], Meta(max_length=100)] = []


class Unseal(Entry, tag="unseal", kw_only=True):
    batch: Wire
    ref: Ref
    reason: Text


class HandOver(Entry, tag="hand_over", kw_only=True):
    """`to` is the other's staff id (badge); boxes and seals are counted, not tubes."""

    seal: Code
    box: Code | None = None
    batch: Wire | None = None
    to: Id
    to_lab: Id | None = None
    boxes: Count
    temperature: Annotated[float, Meta(ge=-100, le=100)] | None = None
    difference: Text | None = None
    note: Text | None = None


class Arrive(Entry, tag="arrive", kw_only=True):
    """A box at the laboratory's door: seal intact or not, its own count if it was counted."""

    seal: Code
    batch: Wire | None = None
    intact: bool = True
    n: Count | None = None
    temperature: Annotated[float, Meta(ge=-100, le=100)] | None = None


class Receive(Entry, tag="receive", kw_only=True):
    """A tube on unpacking; `seal` is the box it lay in."""

    tube: Code
    seal: Code | None = None


class Reject(Entry, tag="reject", kw_only=True):
    tube: Code
    reason: Literal["leak", "empty", "unlabelled", "no_swab", "late", "temperature", "other"]


class Unpacked(Entry, tag="unpacked", kw_only=True):
    """Unpacking of one box is finished: what is missing now is missing."""

    seal: Code
    batch: Wire | None = None


class Visit(Entry, tag="visit", kw_only=True):
    """What came of one knock at a person's door. `undone` takes back the visit `ref`; `callback`
    names the callback that was answered, where the team's list said one."""

    who: Who
    outcome: Literal["done", "absent", "refused", "moved", "come_back", "undone"]
    until: Annotated[int, Meta(ge=0, le=2**53)] | None = None
    note: Text | None = None
    callback: Id | None = None
    ref: Ref | None = None


AnyEntry = (
    ShiftStart | ShiftEnd | Open | Join | Bind | Unbind | Move | Mark | Over | Close | Reopen
    | Paper | BoxOpen | Pack | Unpack | Seal | Unseal | HandOver | Arrive | Receive | Reject
    | Unpacked | Visit
)  # fmt: skip

KINDS: Sequence[type[Entry]] = AnyEntry.__args__
# not strict: an id may be written as a decimal string, since browsers count only to 2^53
_decode = msgspec.json.Decoder(AnyEntry, strict=False).decode
who_decoder = msgspec.json.Decoder(Who)


def decode(raw: bytes) -> AnyEntry:
    """One entry. Raises msgspec.ValidationError or DecodeError."""
    return _decode(raw)


def json_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of an entry, as the server reads it."""
    schema = _either(msgspec.json.schema(AnyEntry))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": FORMAT,
        "description": "One entry of a journal; see docs/journal.md.",
        **schema,
    }


def _either(schema: Any) -> Any:
    """The schema with every id as a number or its decimal string."""
    if isinstance(schema, list):
        return [_either(x) for x in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "integer" and schema.get("maximum") == _LARGEST_ID:
        text = {"type": "string", "pattern": "^[0-9]{1,19}$"}
        return {"anyOf": [{k: v for k, v in schema.items() if k != "default"}, text]}
    return {k: _either(v) for k, v in schema.items()}


class Told(NamedTuple):
    """One decoded entry with what the door knows of it: row id, corrected time, its journal."""

    entry: Any
    line_id: int
    at: datetime
    device_id: int
    journal_id: int
