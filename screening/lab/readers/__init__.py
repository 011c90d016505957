"""Run files of real cyclers: bytes in, readings out; recognised by content, never by file name."""

from __future__ import annotations

from hashlib import sha256

from screening.lab.readers import cfx, generic, others, quantstudio, text, workbook
from screening.lab.readers.columns import remarks
from screening.lab.readers.refusals import EmptyFile, NotARunFile, TooBig
from screening.lab.readers.run import OPEN_END, Remark, RunFile, WellReading

__all__ = ["NotARunFile", "Remark", "RunFile", "WellReading", "read_run"]

MAX_BYTES = 20 * 2**20  # the largest real export seen is 2 MB

Tables = dict[str, list[list[str]]]


def read_run(data: bytes, name: str = "") -> RunFile:
    """Read one exported run file.

    `name` is for people and decides nothing. Raises NotARunFile with the reason and with what to
    export instead; then nothing of the file may be used.
    """
    if not data.strip(b"\0\t\r\n "):
        raise EmptyFile
    if len(data) > MAX_BYTES:
        raise TooBig(limit=f"{MAX_BYTES // 2**20} MB")
    if data.startswith((*workbook.ZIP, workbook.OLE)):
        return _run(workbook.sheets_of(data), data)
    decoded = text.decode(data)
    rows = text.rows_of(decoded, _is_header)
    tables = {"": rows or text.plain_rows(decoded)}
    return _run(tables, data, open_end=not decoded.endswith("\n"))


def _run(tables: Tables, data: bytes, *, open_end: bool = False) -> RunFile:
    instrument, rows, about = _read(tables)
    odd = remarks(rows) + ([Remark(OPEN_END)] if open_end else [])
    return RunFile(
        instrument=instrument,
        rows=rows,
        sha256=sha256(data).hexdigest(),
        plate_barcode=about.get("plate"),
        started=about.get("started"),
        ended=about.get("ended"),
        serial=about.get("serial"),
        warnings=odd,
    )


def _read(tables: Tables) -> tuple[str, list[WellReading], dict[str, str]]:
    """The first family that knows the file reads it; families never guess."""
    if qs := quantstudio.find(tables):
        rows, about = quantstudio.read(qs), quantstudio.run_of(qs)
        return about.get("model", quantstudio.INSTRUMENT), rows, about
    if bio := cfx.find(tables):
        return cfx.INSTRUMENT, cfx.read(bio), cfx.run_of(tables)
    if plain := generic.find(tables):
        rows, code = generic.read(plain), generic.plate(plain)
        return generic.INSTRUMENT, rows, {"plate": code} if code else {}
    raise others.refusal(tables)


def _is_header(row: list[str]) -> bool:
    return quantstudio.is_header(row) or cfx.is_header(row) or generic.is_header(row)
