"""The first sheet of a workbook as rows of text, parsed in a process apart.

A sheet of a few bytes with one cell far away asks the parser for gigabytes, and a parser in another
language ends its whole process. Here it ends one that held nothing else."""

from __future__ import annotations

import io
import resource
import subprocess
import sys
import threading
from datetime import date, datetime, time, timedelta
from pathlib import Path

import msgspec

MEMORY = 4 * 2**30  # bytes; 250,000 rows of twenty columns took 0.6 GB
SECONDS = 300.0  # the same took 7 s
ROOT = Path(__file__).resolve().parents[3]


class Unread(Exception):
    """The parser refused the file, or did not survive it."""


def rows_of(data: bytes) -> list[list[str]]:
    """All rows from the first, each as long as its last cell that holds something."""
    with subprocess.Popen(
        [sys.executable, "-m", "screening.places.readers.apart"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": str(ROOT)},  # no keys
    ) as process:  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        alarm = threading.Timer(SECONDS, process.kill)
        alarm.start()
        try:
            process.stdin.write(data)
            process.stdin.close()
            rows = [msgspec.json.decode(line, type=list[str]) for line in process.stdout]
        except (OSError, msgspec.DecodeError) as why:
            process.kill()
            raise Unread from why
        finally:
            alarm.cancel()
    if process.returncode != 0:
        raise Unread
    return rows


def as_text(value: object) -> str:
    """A cell as a clerk sees it: 13800000000.0 is 13800000000, dates are ISO.

    A number that has lost digits stays visibly scientific, so that it is refused."""
    if isinstance(value, bool):
        return "是" if value else ""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value:.5E}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(" ")
    if isinstance(value, date | time | timedelta):
        return str(value)
    return str(value)


def _serve() -> None:
    """The other side: a workbook in, a line of JSON for each row out."""
    import python_calamine

    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    data = sys.stdin.buffer.read()
    sheet = python_calamine.load_workbook(io.BytesIO(data)).get_sheet_by_index(0)
    encode = msgspec.json.Encoder().encode
    _, left = sheet.start or (0, 0)
    out = sys.stdout.buffer
    for line in sheet.iter_rows():  # from the first row, but from the first column that is used
        cells = [""] * left + [as_text(value) for value in line]
        while cells and not cells[-1].strip():
            cells.pop()
        out.write(encode(cells) + b"\n")
    out.flush()


if __name__ == "__main__":
    _serve()
