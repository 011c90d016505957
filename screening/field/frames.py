"""A text as a chain of QR codes, put together again: `SQ1.<id>.<i>.<n>.<base32>` (pure)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable

from screening.errors import Problem

FRAME = re.compile(r"(SQ1)\.([0-9A-F]{8})\.([1-9][0-9]{0,3})\.([1-9][0-9]{0,3})\.([A-Z2-7]+)")
MOST = 2000  # frames of a chain


class BadFrame(Problem):
    status = 422
    code = "bad_frame"
    zh = "第 {row} 行不是日志二维码的内容。"
    en = "Line {row} is not of a journal's QR codes."


class FramesMixed(Problem):
    status = 422
    code = "frames_mixed"
    zh = "这里混有两部手机的二维码，请一部一部地扫。"
    en = "The QR codes of two exports are mixed; scan one after the other."


class FramesMissing(Problem):
    status = 422
    code = "frames_missing"
    zh = "还差 {count} 张：{missing}。"
    en = "{count} codes are missing: {missing}."


class FramesBroken(Problem):
    status = 422
    code = "frames_broken"
    zh = "二维码的内容合起来不对，请从头再扫。"
    en = "The QR codes do not fit together; scan them again from the first."


def join(lines: Iterable[str]) -> bytes:
    """The payload of a chain's frames, in any order, with repeats.

    Raises BadFrame, FramesMixed, FramesMissing, FramesBroken."""
    parts: dict[int, str] = {}
    chains: set[tuple[str, str]] = set()
    for row, line in enumerate(lines, 1):
        found = FRAME.fullmatch(line.strip().upper())
        if found is None or not int(found[3]) <= int(found[4]) <= MOST:
            raise BadFrame(row=row)
        chains.add((found[2], found[4]))
        parts[int(found[3])] = found[5]
    if len(chains) != 1:
        raise FramesMixed() if chains else BadFrame(row=1)
    (name, count) = chains.pop()
    missing = [i for i in range(1, int(count) + 1) if i not in parts]
    if missing:
        shown = ", ".join(map(str, missing[:12])) + (" …" if len(missing) > 12 else "")
        raise FramesMissing(count=len(missing), missing=shown)
    text = "".join(parts[i] for i in sorted(parts))
    try:
        payload = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error:
        raise FramesBroken() from None
    if hashlib.sha256(payload).hexdigest()[:8].upper() != name:
        raise FramesBroken()
    return payload
