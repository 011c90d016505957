"""Base 45 (RFC 9285), pure: bytes as the letters that a QR code keeps alphanumeric."""

from __future__ import annotations

LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {letter: value for value, letter in enumerate(LETTERS)}


class NotBase45(ValueError):
    """A letter, a length or a value that no bytes have."""


def encode(data: bytes) -> str:
    out = []
    for i in range(0, len(data) - 1, 2):
        rest, low = divmod(data[i] << 8 | data[i + 1], 45)
        high, middle = divmod(rest, 45)
        out.append(LETTERS[low] + LETTERS[middle] + LETTERS[high])
    if len(data) % 2:
        high, low = divmod(data[-1], 45)
        out.append(LETTERS[low] + LETTERS[high])
    return "".join(out)


def decode(text: str) -> bytes:
    """The bytes of `text`; raises NotBase45."""
    try:
        values = [_VALUES[letter] for letter in text]
    except KeyError:
        raise NotBase45 from None
    if len(values) % 3 == 1:
        raise NotBase45
    out = bytearray()
    for i in range(0, len(values), 3):
        low, middle, *high = values[i : i + 3]
        number = low + 45 * middle + sum(2025 * v for v in high)
        size = 1 + len(high)
        if number >> (8 * size):
            raise NotBase45
        out += number.to_bytes(size, "big")
    return bytes(out)
