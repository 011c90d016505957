"""The first line of a batch (docs/journal.md)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from screening.tube.entries import Id


class Header(Struct, kw_only=True):
    """The first line of a batch. Hashes in hex, the signature in base64url (r ‖ s)."""

    format: Literal["screening-journal-1"]
    device: Id
    journal: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    first: Annotated[int, Meta(ge=1, le=2**53)]
    count: Annotated[int, Meta(ge=1, le=5000)]
    prev: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    head: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    sent_at: Annotated[int, Meta(ge=0, le=2**53)]
    practice: bool = False
    signature: Annotated[str, Meta(min_length=86, max_length=88)]


header_decoder = msgspec.json.Decoder(Header, strict=False)  # ids as in tube.entries
