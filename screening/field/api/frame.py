"""The blueprint that all routes of the door share, and a request's body, unpacked and bounded."""

from __future__ import annotations

import gzip
import io
import zlib

from flask import Blueprint, request

from screening.errors import TooLarge
from screening.field.chain import MalformedBatch

bp = Blueprint("field_api", __name__)
MAX_BATCH = 8 * 1024 * 1024  # bytes after unpacking


def body() -> bytes:
    """The request's bytes, unpacked, bounded. Raises TooLarge, MalformedBatch."""
    data = request.get_data(cache=False)
    if request.headers.get("Content-Encoding", "").lower() != "gzip":
        return _bounded(data)
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
            return _bounded(packed.read(MAX_BATCH + 1))
    except (OSError, EOFError, zlib.error):
        raise MalformedBatch(what="gzip") from None


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_BATCH:
        raise TooLarge()
    return data
