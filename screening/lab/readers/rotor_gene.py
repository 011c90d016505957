"""Rotor-Gene (Corbett, Qiagen): pages of quantitative analysis stacked in one sheet or csv.

Positions are the rotor's: 1..72, 1..100, or A1..I8 and A1..M4 as its software names them in eights. An
empty Ct is this software's word for "not detected"."""

from __future__ import annotations

import re

import msgspec

from screening.lab.readers.columns import Ways, ct_of, key, places
from screening.lab.readers.preamble import chosen, facts
from screening.lab.readers.readings import checked, joined
from screening.lab.readers.refusals import BadWell
from screening.lab.readers.run import WellReading

INSTRUMENT = "Rotor-Gene"
NAMES = {
    "well": ("no", "编号", "序号"), "sample": ("name", "名称"), "task": ("type", "类型"), "ct": ("ct",),
}  # fmt: skip
WAYS = Ways(blank=True, rotor=True)
# 'Quantitative analysis of Cycling A.Green (Page 1)', in the languages of the software
_TITLE = r"(?:analys\w+ (?:of|von)|analyse \w+ de|an[áa]lis\w+ \w+ d[ei]|定量分析)"
_PAGE = re.compile(
    r"(?:quantitati\w+ analys\w+ (?:of|von)|analyse quantitative de|an[áa]lisis cuantitativo de|"
    r"an[áa]lise quantitativa de|analisi quantitativa di|定量分析[:：]?) "
    r"(?P<channel>.+?)(?:\s*\((?P<page>[^()]+)\))?\s*$",
    re.IGNORECASE,
)
_PLACE = re.compile(r"0*(\d{1,3})|([A-M])0?([1-8])")
ABOUT = {"started": ("date",), "serial": ("machineserialno",)}

Rows = list[list[str]]


class Page(msgspec.Struct, frozen=True):
    channel: str
    page: str
    header: list[str]
    rows: list[tuple[int, list[str]]]


def find(tables: dict[str, Rows]) -> list[Page] | None:
    """The pages with a Ct, melt pages left out; None when this is another family."""
    pages: list[Page] = []
    for page in (page for rows in tables.values() for page in _pages(rows)):
        if not any(_same(page, other) for other in pages):  # once more it adds nothing
            pages.append(page)
    return pages or None


def read(pages: list[Page]) -> list[WellReading]:
    """Raises BadWell for a position that no rotor has, SeveralTables for pages without a title that
    speak of the same positions."""
    blocks = [[r for n, row in page.rows if (r := _reading(page, n, row))] for page in pages]
    if all(page.channel for page in pages):
        return checked([r for block in blocks for r in block])
    return checked(joined(blocks, pages[-1].rows[0][0] if pages[-1].rows else 0))


def run_of(tables: dict[str, Rows]) -> dict[str, str]:
    about = facts(tables)
    said = chosen(about, ABOUT)
    if "started" in said and about.get("time"):
        said["started"] = f"{said['started']} {about['time']}"
    return said


def is_header(row: list[str]) -> bool:
    return {"well", "sample", "ct"} <= places(row, NAMES).keys()


def _pages(rows: Rows) -> list[Page]:
    pages: list[Page] = []
    title, page, ended = "", None, False
    for n, row in enumerate(rows, 1):
        filled = [c.strip() for c in row if c.strip()]
        if len(filled) == 1 and re.search(rf"(?<!\w){_TITLE} ", filled[0], re.I):
            title, page = filled[0], None
        elif is_header(row) and ((named := _PAGE.match(title)) or (not title and _alone(row))):
            about = named.groupdict("") if named else {"channel": "", "page": ""}
            page = Page(about["channel"], about["page"], row, [])
            pages.append(page)
            ended = False
        elif not filled:
            ended = bool(page and page.rows)
        elif page is not None and ended and not _placed(page, row):
            page = None  # below an empty line stands something else than the next position
        elif page is not None:
            page.rows.append((n, row))
    return pages


def _same(page: Page, other: Page) -> bool:
    said, theirs = ([row for _, row in p.rows if any(row)] for p in (page, other))
    named = bool(page.channel) and (page.channel, page.page) == (other.channel, other.page)
    return named and said == theirs


def _placed(page: Page, row: list[str]) -> bool:
    at = places(page.header, NAMES)["well"]
    return at < len(row) and _PLACE.fullmatch(row[at].strip().removesuffix(".0")) is not None


def _alone(header: list[str]) -> bool:
    """The table itself, copied without its title: rotor positions, colours and types, no wells."""
    names = {key(c) for c in header}
    return bool(names & {"colour", "color", "farbe"}) and "type" in names and "well" not in names


def _reading(page: Page, n: int, row: list[str]) -> WellReading | None:
    at = places(page.header, NAMES)

    def cell(field: str) -> str:
        return row[at[field]].strip() if field in at and at[field] < len(row) else ""

    place, sample, raw = cell("well").removesuffix(".0"), cell("sample"), cell("ct")
    if not (sample or raw):
        return None
    named = _PLACE.fullmatch(place)
    if named is None:
        raise BadWell(row=n, seen="…")
    ct, measured = ct_of(raw, WAYS)
    return WellReading(
        well="".join(part for part in named.groups() if part), sample=sample or None,
        target=page.page or None, ct=ct, raw=raw, dye=page.channel.rpartition(".")[2] or None,
        task=cell("task") or None, measured=measured,
    )  # fmt: skip
