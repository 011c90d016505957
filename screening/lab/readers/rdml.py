"""RDML 1.0-1.4 (rdml.org): a zip with one XML, or that XML alone; a reaction is one well."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

from screening.lab.readers.columns import read_ct, well_name
from screening.lab.readers.readings import checked
from screening.lab.readers.refusals import BadWell, CutOff, NoValues, SeveralRuns, Unsafe
from screening.lab.readers.run import WellReading

INSTRUMENT = "RDML"
HEAD = 4096  # bytes in which a document says what it is
_ENTITIES = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)


def find(data: bytes) -> bytes | None:
    """The XML of an RDML file; None for anything else. A zip was weighed before."""
    if data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for name in packed.namelist():
                if name.casefold().endswith(".xml") and is_rdml(packed.open(name).read(HEAD)):
                    return packed.read(name)
        return None
    return data if is_rdml(data[:HEAD]) else None


def is_rdml(head: bytes) -> bool:
    return re.search(rb"<([\w.-]+:)?rdml[\s>]", _narrow(head)) is not None


def read(xml: bytes, *, several: bool = False) -> tuple[list[WellReading], dict[str, str]]:
    """(readings, what the file says of the run). Raises Unsafe for a document with entities,
    CutOff for a broken one, NoValues when no reaction was ever given a Cq, SeveralRuns when a well's
    target stands in two runs, unless `several` may stand in one file."""
    if unsafe(xml):
        raise Unsafe
    try:
        root = plain(ElementTree.fromstring(xml))
    except ElementTree.ParseError as why:
        raise CutOff from why
    dyes = {t.get("id", ""): _dye(t) for t in root.iter("target")}
    kinds = {s.get("id", ""): s.findtext("type", "").strip() for s in root.iter("sample")}
    runs = [list(_run(run, dyes, kinds)) for run in root.iter("run")]
    if not several:
        _one_plate(runs)
    rows = [r for run in runs for r in run]
    if rows and not any(r.raw for r in rows):
        raise NoValues
    started = next((r.findtext("runDate", "").strip() for r in root.iter("run")), "")
    return checked(rows), {"started": started} if started else {}


def _one_plate(runs: list[list[WellReading]]) -> None:
    """Runs of one plate are its channels."""
    seen: set[tuple[str, str | None]] = set()
    for run in runs:
        names = {(r.well, r.target) for r in run}
        if names & seen:
            raise SeveralRuns(row=0)
        seen |= names


def unsafe(xml: bytes) -> bool:
    """Whether the document brings entities of its own."""
    return _ENTITIES.search(_narrow(xml)) is not None


def _narrow(xml: bytes) -> bytes:
    """UTF-16 as plain bytes, so that nothing is hidden in it; other encodings as they are."""
    return xml.replace(b"\0", b"")


def plain(root: ElementTree.Element) -> ElementTree.Element:
    """Without name spaces: versions 1.0 to 1.4 differ in nothing else that is read here."""
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
    return root


def _dye(target: ElementTree.Element) -> str:
    dye = target.find("dyeId")
    return "" if dye is None else (dye.get("id") or dye.text or "").strip()


def _run(
    run: ElementTree.Element, dyes: dict[str, str], kinds: dict[str, str]
) -> Iterator[WellReading]:
    for well, react in _reacts(run):
        sample = react.find("sample")
        name = "" if sample is None else (sample.get("id") or sample.text or "").strip()
        for data in react.findall("data"):  # not the data of a digital PCR's partitions
            yield _reading(data, well, name, dyes, kinds)


def _reacts(run: ElementTree.Element) -> Iterator[tuple[str, ElementTree.Element]]:
    columns = _columns(run)
    for react in run.iter("react"):
        yield _well(react.get("id", "").strip(), columns), react


def _columns(run: ElementTree.Element) -> int:
    """How many wells a row of the plate has; 0 for a rotor or a free format (rows or columns of 1
    or -1, both counted in numbers) and where the file does not say."""
    said = {e.tag: (e.text or "").strip() for e in run.findall("pcrFormat/*")}
    columns = int(_digits(said.get("columns", "")) or 0)
    numbers = said.get("rowLabel") == said.get("columnLabel") == "123"
    rotor = columns <= 1 or (numbers and said.get("rows") == "1")
    return 0 if rotor else columns


def wells(run: ElementTree.Element) -> Iterator[tuple[str, ElementTree.Element]]:
    """(well, what was measured of one target there) of a run."""
    for well, react in _reacts(run):
        for data in react.findall("data"):
            yield well, data


def target_of(data: ElementTree.Element) -> str:
    tar = data.find("tar")
    return "" if tar is None else (tar.get("id") or tar.text or "").strip()


def _reading(
    data: ElementTree.Element, well: str, sample: str, dyes: dict[str, str], kinds: dict[str, str]
) -> WellReading:
    target = target_of(data)
    raw = data.findtext("cq", "").strip()
    ct, measured = read_ct(raw)
    if ct is not None and ct <= 0:  # -1 and 0 stand for "no amplification" in the standard's files
        ct = None
    return WellReading(
        well=well, sample=sample or None, target=target or None, ct=ct, raw=raw,
        dye=dyes.get(target) or None, task=kinds.get(sample) or None, measured=measured,
        omitted=bool(data.findtext("excl", "").strip()),
    )  # fmt: skip


def _well(react: str, columns: int) -> str:
    """Reactions are counted row by row; free formats give the well, or a rotor's position."""
    if named := well_name(react):
        return named
    if not react.isdecimal():
        raise BadWell(row=0, seen="…")
    if not columns:
        return str(int(react))
    row, column = divmod(int(react) - 1, columns)
    if not 0 <= row < 16:
        raise BadWell(row=int(react), seen=react[:4])
    return f"{chr(65 + row)}{column + 1}"


def _digits(text: str) -> str:
    return text.strip() if text.strip().isdecimal() else ""
