"""Workbooks are parsed in a process apart, with a limit on its memory and its time.

A damaged or made-up .xls of a few bytes can ask the parser for tens of gigabytes, and a parser in
another language ends the whole process with it. Here it ends a process that held nothing else."""

from __future__ import annotations

import atexit
import contextlib
import os
import resource
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import IO, Any

import msgspec

from screening.lab.readers.refusals import CutOff, Locked, NotARunFile

MEMORY = 2 * 2**30  # bytes; the largest real workbook took 0.3 GB
SECONDS = 60.0  # the slowest real workbook took 1.1
ROOT = Path(__file__).resolve().parents[3]
_LENGTH = struct.Struct("<I")
_TABLES, _CURVES, _ALL = b"T", b"C", b"A"  # what is wanted of the workbook that follows
_REFUSALS = {c.code: c for c in (CutOff, Locked, NotARunFile)}

Sheets = dict[str, list[list[str]]]


class _Told(msgspec.Struct):
    sheets: Sheets = {}
    refusal: str | None = None


class Parser:
    """The process apart: started when it is needed, and again after it ended."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def sheets_of(self, data: bytes, *, curves: bool = False, every: bool = False) -> Sheets:
        """Sheet name → rows of texts; with `curves` their sheets instead of the tables of Ct, with
        `every` both.

        Raises CutOff, also when the parser did not survive it."""
        with self._turn:
            told = self._ask((_ALL if every else _CURVES if curves else _TABLES) + data)
        if told.refusal is not None:
            raise _REFUSALS[told.refusal]
        return told.sheets

    def _ask(self, data: bytes) -> _Told:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        alarm = threading.Timer(SECONDS, process.kill)
        alarm.start()
        try:
            _send(process.stdin, data)
            return msgspec.json.decode(_receive(process.stdout), type=_Told)
        except (OSError, EOFError, msgspec.DecodeError) as why:
            self.stop()
            raise CutOff from why
        finally:
            alarm.cancel()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "screening.lab.readers.apart"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)},  # no keys
            )  # fmt: skip
        return self._process

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        process.wait()


PARSER = Parser()
atexit.register(PARSER.stop)


def serve(inward: IO[bytes], outward: IO[bytes]) -> None:
    """The other side: a workbook in, its cells out, until the pipe closes."""
    from screening.lab.readers import workbook

    skipped = {_TABLES: workbook.CURVES, _CURVES: workbook.UNDRAWN, _ALL: ()}
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while True:
        try:
            data = _receive(inward)
        except EOFError:
            return
        try:
            told = _Told(sheets=workbook.parse(data[1:], skipped[data[:1]]))
        except NotARunFile as why:
            told = _Told(refusal=why.code)
        except MemoryError:
            told = _Told(refusal=CutOff.code)
        _send(outward, msgspec.json.encode(told))


def _send(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    return _exactly(pipe, length)


def _exactly(pipe: Any, length: int) -> bytes:
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return data


if __name__ == "__main__":
    serve(sys.stdin.buffer, sys.stdout.buffer)
