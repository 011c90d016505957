"""What is printed from the tables: sheets and streams of a run, badges, site sheets, resident codes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from pathlib import Path

from screening.accounts import audit
from screening.accounts.queries import grants_of, list_staff
from screening.accounts.roles import NAMES, Actor
from screening.config import ROOT
from screening.db import fetch
from screening.errors import Problem
from screening.i18n import ZONE, day, dt
from screening.places import queries as places
from screening.places.rules import Place
from screening.registry import code_keys, seals
from screening.registry.names import mask_name
from screening.registry.person_codes import make_resident_code
from screening.registry.queries import stores_of
from screening.registry.service.persons import ring
from screening.tube.codes import Kind, make_code
from screening.tube.label_queries import Run
from screening.tube.printers import pdf, tspl, zpl
from screening.tube.printers.layouts import Shift
from screening.tube.printers.paper import Stamp
from screening.tube.service.label_runs import KINDS, numbers_of

SHEETS = ROOT / "static" / "vendor" / "fonts" / "NotoSansSC-Regular.ttf"


class ForeignRun(Problem):
    status = 409
    code = "foreign_run"
    zh = "这是外来标签，已经印好，不再打印。"
    en = "These are another maker's labels, printed already."


def font() -> Path | None:
    """The Chinese font that set-up brings; without it sheets print Latin letters and digits."""
    return SHEETS if SHEETS.exists() else None


def stamp(actor: Actor, run: str, *, at: datetime) -> Stamp:
    return Stamp(who=actor.staff_no, at=at.astimezone(ZONE), run=run, record=run)


def codes_of(run: Run, skip: int, count: int) -> list[str]:
    """The numbers to print. Raises ForeignRun."""
    if run.pattern_id is not None:
        raise ForeignRun()
    return numbers_of(run)[skip : skip + count]


def title_of(run: Run) -> str:
    return f"LR-{run.run_id}" + (" 练习" if run.practice else "")


def sheet(
    run: Run, actor: Actor, *, skip: int, count: int, copies: int, layout: str, at: datetime,
    used: int = 0, shift: Shift = Shift(),
) -> bytes:  # fmt: skip
    """A4 label sheets as PDF; the first `used` labels of the first sheet are gone already.

    Raises NothingToPrint, ForeignRun."""
    _noted(run, "pdf")
    return pdf.label_sheet(
        codes_of(run, skip, count), title=run.site_name or title_of(run), kind=KINDS[run.kind],
        layout=pdf.LAYOUTS[layout], copies=copies, used=used, shift=shift,
        stamp=stamp(actor, title_of(run), at=at), font=font(),
    )  # fmt: skip


def stream(
    run: Run, language: str, *, skip: int, count: int, copies: int, layout: str, dpi: int
) -> bytes:
    """A ZPL or TSPL stream, encoded as the printer reads it. Raises ForeignRun, NothingToPrint."""
    codes = codes_of(run, skip, count)
    if not codes:
        raise pdf.NothingToPrint()
    _noted(run, language)
    size = pdf.LAYOUTS[layout]
    if language == "zpl":
        text = zpl.labels(codes, copies=copies, width_mm=size.width, height_mm=size.height, dpi=dpi)
        return text.encode()
    text = tspl.labels(codes, copies=copies, width_mm=size.width, height_mm=size.height, dpi=dpi)
    return text.encode("gb18030")


def _noted(run: Run, how: str) -> None:
    audit.note("labels_printed", "label_run", run.run_id, detail={"as": how})


def badges(place: Place, actor: Actor, *, at: datetime) -> bytes:
    """A card for everybody with a role at this site or laboratory: the badge's code, which carries
    the person's id, and the staff number to be read and typed."""
    rows = [r for r in list_staff([place], limit=500) if r.active]
    held = grants_of([r.staff_id for r in rows])
    items = []
    for row in rows:
        mine = [g for g in held.get(row.staff_id, []) if g.place == place]
        until = max((g.until for g in mine if g.until), default=row.until)
        roles = "、".join(NAMES[g.role][0] for g in mine)
        name = mine[0].place_name if mine else ""
        lines = [row.name, roles, name or "", f"有效至 {dt(until)}" if until else ""]
        code = make_code(Kind.BADGE, row.staff_id)
        items.append(pdf.Card(code, [w for w in lines if w], row.staff_no))
    audit.note("badges_printed", place.kind, place.id, detail={"count": len(items)})
    return pdf.badges(items, stamp=stamp(actor, "", at=at), font=font())


def site_sheet(site_id: int, actor: Actor, *, at: datetime) -> bytes:
    """A page to hang up: the site's code, name, opening hours."""
    site = places.get_site(site_id)
    lines = [site.name, site.area_name, site.opens or ""]
    return pdf.site_sheets(
        [pdf.Card(make_code(Kind.SITE, site_id), [w for w in lines if w], site.code)],
        stamp=stamp(actor, site.code, at=at), font=font(),
    )  # fmt: skip


def resident_codes(
    community_id: int, person_ids: Collection[int], actor: Actor, *, at: datetime
) -> bytes:
    """Cards with the signed resident codes of persons of one community."""
    cards = [card for _, card in resident_cards(community_id, person_ids, at=at)]
    return pdf.badges(cards, stamp=stamp(actor, "", at=at), font=font())


def resident_cards(
    community_id: int, person_ids: Collection[int], *, at: datetime
) -> list[tuple[tuple[int, int], pdf.Card]]:
    """((cell, person), card) of persons of one community: signed code, masked name, the day it
    ends; the plain code below it to be typed. Reads are audited."""
    node = places.find_area(community_id)
    rows = []
    for cell, community in stores_of([node] if node else ()):
        found = fetch(
            "SELECT person_id, sealed FROM person WHERE cell_id = %s AND community_id = %s "
            "AND person_id = ANY(%s)",
            (cell, community, list(person_ids)),
        )
        audit.note_read_person(cell, [r[0] for r in found], why="code_printed")
        rows += [(person, sealed, cell) for person, sealed in found]
    until = day(at + timedelta(days=code_keys.DAYS.value))
    out = []
    for person, sealed, cell in sorted(rows):
        name = seals.open_person(ring(), sealed).name
        lines = [mask_name(name), node.name if node else "", f"有效至 {until}"]
        code = code_keys.sign_code(cell, person, name, at=at)
        out.append(((cell, person), pdf.Card(code, [w for w in lines if w],
                                     make_resident_code(cell, person))))  # fmt: skip
    return out
