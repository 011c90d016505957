"""Run files of real cyclers: bytes in, readings out; recognised by content, never by file name."""

from __future__ import annotations

from hashlib import sha256

from screening.lab.readers import (
    apart,
    around,
    cfx,
    chinese,
    generic,
    markup,
    others,
    plate_view,
    quantstudio,
    rdml,
    rotor_gene,
    tables,
    text,
    wide,
    workbook,
)
from screening.lab.readers.columns import key
from screening.lab.readers.readings import remarks
from screening.lab.readers.refusals import EmptyFile, NotARunFile, Packed, TooBig
from screening.lab.readers.run import OPEN_END, UNKNOWN_MAKER, Remark, RunFile, WellReading

__all__ = ["NotARunFile", "Remark", "RunFile", "WellReading", "read_run"]

MAX_BYTES = 20 * 2**20  # the largest real export seen is 2 MB

GZIP = b"\x1f\x8b"

Tables = dict[str, list[list[str]]]


def read_run(data: bytes, name: str = "", *, several: bool = False) -> RunFile:
    """Read one exported run file.

    `name` is for people and decides nothing. A study over several plates is one file with a column
    of plates: only who asks for `several` is given all of it, an import never. Raises NotARunFile
    with the reason and with what to export instead; then nothing of the file may be used.
    """
    if not data.strip(b"\0\t\r\n "):
        raise EmptyFile
    if len(data) > MAX_BYTES:
        raise TooBig(limit=f"{MAX_BYTES // 2**20} MB")
    if data.startswith(GZIP):
        raise Packed(kind="gzip")
    if data.startswith(workbook.ZIP):
        workbook.look_inside(data)
    if (xml := rdml.find(data)) is not None:
        readings, about = rdml.read(xml, several=several)
        return _made(rdml.INSTRUMENT, readings, about, data)
    if data.startswith((*workbook.ZIP, workbook.OLE)):
        return _of_workbook(data, several)
    if (tables_of := markup.find(data)) is not None:
        return _run(tables_of, data, several=several)
    decoded, rows = text.decoded_rows(data, _is_header)
    whole = {"": rows or text.plain_rows(decoded)}
    return _run(whole, data, open_end=not decoded.endswith("\n"), several=several)


def _of_workbook(data: bytes, several: bool) -> RunFile:
    """Results may stand on a sheet that is called as sheets of curves are."""
    try:
        return _run(apart.PARSER.sheets_of(data), data, several=several)
    except NotARunFile as why:
        if type(why) not in others.UNKNOWN:
            raise
        return _run(apart.PARSER.sheets_of(data, every=True), data, several=several)


def _run(sheets: Tables, data: bytes, *, open_end: bool = False, several: bool = False) -> RunFile:
    sheets = {name: around.with_wells(rows) for name, rows in sheets.items()}
    instrument, rows, about = _read(sheets, several)
    return _made(instrument, rows, about, data, open_end=open_end)


def _made(
    instrument: str, rows: list[WellReading], about: dict[str, str], data: bytes, *,
    open_end: bool = False,
) -> RunFile:  # fmt: skip
    odd = remarks(rows) + ([Remark(OPEN_END)] if open_end else [])
    odd += [Remark(UNKNOWN_MAKER)] if instrument == tables.UNKNOWN else []
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


def _read(sheets: Tables, several: bool) -> tuple[str, list[WellReading], dict[str, str]]:
    """The first family that knows the file reads it; families never guess."""
    if qs := quantstudio.find(sheets):
        rows, about = quantstudio.read(qs), quantstudio.run_of(qs)
        return about.get("model", quantstudio.INSTRUMENT), rows, about
    if slan := chinese.find(sheets):
        return slan.layout.instrument, chinese.read(slan), chinese.run_of(sheets)
    if grids := plate_view.find(sheets):
        return plate_view.INSTRUMENT, plate_view.read(grids), cfx.run_of(sheets)
    if bio := cfx.find(sheets):
        return cfx.INSTRUMENT, cfx.read(bio), cfx.run_of(sheets)
    if plain := generic.find(sheets):
        rows, code = generic.read(plain), generic.plate(plain, several=several)
        return generic.INSTRUMENT, rows, {"plate": code} if code else {}
    return _stacked(sheets, several)


def _stacked(sheets: Tables, several: bool) -> tuple[str, list[WellReading], dict[str, str]]:
    if pages := rotor_gene.find(sheets):
        return rotor_gene.INSTRUMENT, rotor_gene.read(pages), rotor_gene.run_of(sheets)
    if channels := wide.find(sheets):
        return channels.instrument, wide.read(channels), {}
    if table := tables.find(sheets):
        return tables.instrument(table), tables.read(table, several=several), table.about
    raise others.refusal(sheets)


_HEADERS = (quantstudio, cfx, generic, plate_view, rotor_gene, wide, tables)


def _vocabulary() -> frozenset[str]:
    names = (quantstudio.NAMES, cfx.NAMES, generic.NAMES, rotor_gene.NAMES, tables.NAMES)
    words = {w for n in (*names, tables.ANYBODY.names) for options in n.values() for w in options}
    return frozenset(words.union(wide.WORDS, *(family.needs for family in tables.FAMILIES)))


_WORDS = _vocabulary()


def _is_header(row: list[str]) -> bool:
    """Asked of every line: a row without any word of a header is not looked at twice."""
    known = any(key(c) in _WORDS or c.strip() in ("1", "1.0") for c in row)
    return known and any(family.is_header(row) for family in _HEADERS)
