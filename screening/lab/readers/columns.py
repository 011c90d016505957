"""Header names, wells and Ct cells: what is the same in the tables of every instrument."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

import msgspec

from screening.lab.readers.refusals import BadWell, NoValues, NoWells, SeveralTables
from screening.lab.readers.run import (
    IMPOSSIBLE,
    NO_VALUE,
    OMITTED,
    TWICE,
    UNREADABLE,
    Remark,
    WellReading,
)

PLAUSIBLE_CT = (0.0, 50.0)  # no kit runs more than 50 cycles; only a remark, rules decide

NOT_DETECTED = {
    "undetermined", "undet", "undet.", "no ct", "noct", "no cq", "n/a", "na", "nan", "n. def.",
    "n.def.", "-", "--", "none", "nd", "n.d.", "not detected", "no amplification",
    "未检出", "无", "无ct", "未检测到", "未确定", "未定", "indéterminé", "indetermine", "n. déf.",
    "unbestimmt", "nicht bestimmt", "indeterminado", "no determinado", "indeterminato",
    "não determinado",
}  # fmt: skip

_WELL = re.compile(r"<?\s*([A-P])0?([1-9]|1\d|2[0-4])\s*>?", re.IGNORECASE)
_NUMBER = re.compile(r"[+-]?\d{1,6}([.,]\d+)?([eE][+-]?\d{1,2})?")
# т is Cyrillic (U+0442): Applied Biosystems writes Cт in its headers
_LOOKALIKES = str.maketrans({"т": "t", "Т": "t"})
# The same header in the languages that the makers' programs are sold in, and the spellings of one
# maker: the delta of (dRn) comes as d, as Greek Δ or as a sign that is no letter.
_SAME = {
    name: ours
    for ours, names in {
        "well": "puits pocillo pozzetto poço vertiefung kavität лунка",
        "wellposition": "positiondupuits posicióndelpocillo posizionepozzetto wellposition",
        "sample": "échantillon muestra campione amostra образец проба",
        "samplename": "nomdeléchantillon nomdéchantillon nomdeéchantillon probenname "
        "nombredelamuestra nombredemuestra nomecampione nomedelcampione nomedaamostra",
        "target": "cible ziel diana objetivo bersaglio alvo мишень",
        "targetname": "nomdelacible nomdecible zielname nombredeladiana nombredediana "
        "nombredelobjetivo nomebersaglio nomedoalvo",
        "content": "contenu inhalt contenido contenuto conteúdo",
        "task": "tâche aufgabe tarea tarefa",
        "reporter": "rapporteur",
        "fluor": "荧光团 флуорофор fluorophore",
        "no": "nr",
        "type": "typ",
        "ctdrn": "ctδrn ctrn cqdrn cqδrn cqrn",
        "ctdr": "ctδr ctr cqdr cqδr cqr",
    }.items()
    for name in names.split()
}


class Ways(msgspec.Struct, frozen=True):
    """What an instrument means by its cells, where it differs from a plain table.

    `size`: of the plate whose wells are counted by number, from `first`; `blank`: an empty Ct cell
    is this instrument's word for "not detected"; `zero`: so is 0; `rotor`: positions are numbers.
    """

    size: int | None = None
    first: int = 1
    blank: bool = False
    zero: bool = False
    rotor: bool = False


PLAIN = Ways()


class Column(msgspec.Struct, frozen=True):
    """Where the columns of one table stand; None when the table has no such column."""

    well: int
    ct: int | None = None
    number: int | None = None
    sample: int | None = None
    target: int | None = None
    dye: int | None = None
    task: int | None = None
    call: int | None = None
    omit: int | None = None
    plate: int | None = None


def key(cell: str) -> str:
    """A header name without case, spaces, brackets and look-alike letters, in English: 'C(t)' →
    'ct', 'Puits' → 'well'."""
    text = unicodedata.normalize("NFKC", cell).translate(_LOOKALIKES).casefold()
    name = "".join(ch for ch in text if ch.isalnum())
    return _SAME.get(name, name)


def places(header: Iterable[str], names: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Field → column number. Of several names for a field the first in `names` wins."""
    at: dict[str, int] = {}
    for i, cell in enumerate(header):
        at.setdefault(key(cell), i)
    return {
        field: next(at[n] for n in options if n in at)
        for field, options in names.items()
        if any(n in at for n in options)
    }


def well_name(text: str) -> str | None:
    """'a01', '<A1>' → 'A1'; None when there is no such well on a 96 or 384 plate."""
    found = _WELL.fullmatch(text.strip())
    return f"{found[1].upper()}{found[2]}" if found else None


def well_of_number(number: int, size: int) -> str | None:
    """Instruments count wells by row from 1: 13 is B1 on 96 and A13 on 384."""
    width = 24 if size == 384 else 12
    if not 1 <= number <= size:
        return None
    row, col = divmod(number - 1, width)
    return f"{chr(65 + row)}{col + 1}"


def read_ct(text: str) -> tuple[float | None, bool]:
    """(ct, measured): ('', no value) and unreadable text are not measured, never 'not detected'."""
    text = text.strip()
    if text.casefold() in NOT_DETECTED:
        return None, True
    if _NUMBER.fullmatch(text):
        return float(text.replace(",", ".")), True
    return None, False


def ct_of(raw: str, ways: Ways = PLAIN) -> tuple[float | None, bool]:
    """As read_ct, with what this instrument means by an empty cell and by 0."""
    ct, measured = read_ct(raw)
    if ct == 0 and ways.zero:
        return None, True
    return ct, measured or (ways.blank and not raw)


def readings(
    rows: list[list[str]], start: int, col: Column, ways: Ways = PLAIN
) -> list[WellReading]:
    """The table that starts below `rows[start]` (its header), down to its end.

    The header may come again over the next channel's wells. Raises BadWell rather than lose a row
    that carries a Ct; SeveralTables when the wells below a second header are another plate's.
    """
    header = [key(c) for c in rows[start]]
    blocks: list[list[WellReading]] = [[]]
    again = 0
    below = False  # an empty line after the wells: remarks may follow, and wells are still read
    for n, row in enumerate(rows[start + 1 :], start + 2):
        if [key(c) for c in row] == header:
            blocks.append([])
            again = again or n
            continue
        below = below or (any(blocks) and not any(c.strip() for c in row))
        if (reading := _reading(row, col, ways, n, below)) is not None:
            blocks[-1].append(reading)
    return checked(joined(blocks, again))


def joined(blocks: list[list[WellReading]], row: int) -> list[WellReading]:
    """The readings of one plate that stand in several blocks, one a channel.

    Raises SeveralTables when a well's target comes again, or its sample is another one."""
    seen: set[tuple[str, str | None, str | None]] = set()
    samples: dict[str, str] = {}
    for block in blocks:
        names = {(r.well, r.target, r.dye) for r in block}
        other = (r.sample and samples.get(r.well, r.sample) != r.sample for r in block)
        if names & seen or (seen and any(other)):
            raise SeveralTables(row=row)
        seen |= names
        samples |= {r.well: r.sample for r in block if r.sample}
    return [r for block in blocks for r in block]


def with_twins(tables: Mapping[str, list[list[str]]], name: str, header: int) -> list[list[str]]:
    """The table of that name, and below it any other with the same header and other wells.

    A copy of it, whole or in part, adds nothing; `readings` refuses another plate's."""
    rows = tables[name]
    names = [key(c) for c in rows[header] if c.strip()]
    known = {_filled(row) for row in rows[header:]}
    below: list[list[str]] = []
    for other, theirs in tables.items():
        starts = (i for i, r in enumerate(theirs) if [key(c) for c in r if c.strip()] == names)
        start = next(starts, None) if other != name else None
        if start is not None and not {_filled(row) for row in theirs[start:]} <= known:
            below += [rows[header], *theirs[start + 1 :]]
    return rows + below


def _filled(row: list[str]) -> tuple[str, ...]:
    return tuple(c.strip() for c in row if c.strip())


def checked(rows: list[WellReading]) -> list[WellReading]:
    """The same rows. Raises NoWells, NoValues: an empty plate must never read as a negative one."""
    if not rows:
        raise NoWells
    if not any(r.measured or r.call for r in rows):
        raise NoValues
    return rows


def _reading(row: list[str], col: Column, ways: Ways, n: int, below: bool) -> WellReading | None:
    def cell(i: int | None) -> str:
        return row[i].strip() if i is not None and i < len(row) else ""

    sample, target, raw, call = (cell(i) for i in (col.sample, col.target, col.ct, col.call))
    if not (sample or target or raw or (call and col.ct is None)):
        return None
    named = cell(col.well)
    counted = cell(col.number) if not named or col.number == col.well else ""
    well = well_name(named) or _numbered(counted, ways)
    if well is None:
        if below or (not raw and col.ct is not None):
            return None  # a line of remarks below the table
        raise BadWell(row=n, seen=_harmless(cell(col.well)))
    ct, measured = ct_of(raw, ways) if col.ct is not None else (None, False)
    return WellReading(
        well=well,
        sample=sample or None,
        target=target or None,
        ct=ct,
        raw=raw if col.ct is not None else None,
        dye=cell(col.dye) or None,
        task=cell(col.task) or None,
        call=call or None,
        measured=measured,
        omitted=cell(col.omit).casefold() in ("true", "yes", "y", "1"),
    )


def _harmless(text: str) -> str:
    """What may stand in an error text: a shifted column can hold a name."""
    return text if len(text) <= 4 and text.isascii() and text.isalnum() else "…"


def _numbered(text: str, ways: Ways) -> str | None:
    digits = text.removesuffix(".0")
    if not digits.isdecimal() or not digits.isascii():
        return None
    if ways.rotor:
        return str(int(digits))
    if ways.size is None:
        return None
    return well_of_number(int(digits) + 1 - ways.first, ways.size)


def remarks(rows: list[WellReading]) -> list[Remark]:
    """What a person should look at although the file was read."""
    kinds: dict[str, list[str]] = {}
    for code, row in _oddities(rows):
        kinds.setdefault(code, []).append(row.well)
    return [Remark(code, list(dict.fromkeys(wells))) for code, wells in kinds.items()]


def _oddities(rows: list[WellReading]) -> Iterator[tuple[str, WellReading]]:
    low, high = PLAUSIBLE_CT
    seen = set()
    for row in rows:
        if row.ct is not None and not low < row.ct <= high:
            yield IMPOSSIBLE, row
        if not row.measured and row.raw is not None:
            yield (UNREADABLE if row.raw else NO_VALUE), row
        if row.omitted:
            yield OMITTED, row
        if (same := (row.well, row.target, row.dye)) in seen:
            yield TWICE, row
        seen.add(same)
