"""Rows of one file that name the same document, found with sixteen bytes a row."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterator

BUCKETS = 256


class Seen:
    """Takes the keyed hash of every good row; afterwards tells which rows repeat an earlier one.

    Only 8 bytes of the hash are kept: among 21 million rows the chance that two different
    documents meet is one in 80,000, and such a row would be named to a person, not lost."""

    def __init__(self) -> None:
        self._hashes = [array("Q") for _ in range(BUCKETS)]
        self._rows = [array("I") for _ in range(BUCKETS)]
        self._names = [array("I") for _ in range(BUCKETS)]

    def add(self, doc_hash: bytes, row: int, name: str) -> None:
        bucket = doc_hash[0]
        self._names[bucket].append(zlib.crc32(name.encode()))
        self._hashes[bucket].append(int.from_bytes(doc_hash[1:9], "big"))
        self._rows[bucket].append(row)

    def repeated(self) -> Iterator[tuple[int, int, bool]]:
        """(row, first row with the same document, whether the name is the same too)."""
        for hashes, rows, names in zip(self._hashes, self._rows, self._names, strict=True):
            first: dict[int, tuple[int, int]] = {}
            for key, row, name in zip(hashes, rows, names, strict=True):
                earlier, its_name = first.setdefault(key, (row, name))
                if earlier != row:
                    yield row, earlier, its_name == name
