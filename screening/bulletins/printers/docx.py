"""A bulletin as a document that an office can edit and forward: A4 across, real tables."""

from __future__ import annotations

import zipfile
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from screening.bulletins.paper import Paper, Table, lang, shown
from screening.bulletins.shape import TOTAL
from screening.i18n import local

FONT = "Noto Sans SC"
NUMBERS = ("num", "rate", "age")
THEN = (1980, 1, 1, 0, 0, 0)  # the first date of a zip: the same bulletin gives the same bytes


def write(paper: Paper) -> bytes:
    """The whole bulletin as Office Open XML."""
    document = Document()
    _page(document, paper)
    document.add_heading(paper.title, 0)
    document.add_paragraph(paper.head)
    for sentence in paper.sentences:
        document.add_paragraph(sentence)
    for table in paper.tables:
        if table.rows:
            _section(document, table)
    if paper.empty:
        document.add_paragraph(paper.empty)
    for head, text, changes in paper.addenda:
        document.add_heading(head, 2)
        document.add_paragraph(text)
        if changes:
            _section(document, changes)
    return _packed(document)


def _page(document: Any, paper: Paper) -> None:
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, Pt(10)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), FONT)
    for level in ("Title", "Heading 1", "Heading 2"):
        document.styles[level].element.get_or_add_rPr().get_or_add_rFonts().set(
            qn("w:eastAsia"), FONT
        )
    section = document.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = Mm(12)
    section.top_margin = section.bottom_margin = Mm(12)
    section.footer.paragraphs[0].text = paper.foot
    core, at = document.core_properties, local(paper.cut_off).replace(tzinfo=None)
    core.title, core.author, core.comments = paper.title, "", paper.foot
    core.created = core.modified = at
    core.last_modified_by, core.revision = "", 1


def _section(document: Any, table: Table) -> None:
    document.add_heading(table.title, 1)
    lines = [
        [shown(k, v, row) for k, v in zip(table.kinds, row, strict=True)] for row in table.rows
    ]
    if table.total:
        last = [shown(k, v) for k, v in zip(table.kinds, table.total, strict=True)]
        lines.append([TOTAL[lang()] if table.total[0] is None else last[0],
                      *("" if c == "—" else c for c in last[1:])])  # fmt: skip
    grid = document.add_table(rows=1 + len(lines), cols=len(table.heads))
    grid.style = "Table Grid"
    size = Pt(7) if len(table.heads) > 9 else Pt(9)
    cells = grid._cells  # every .rows[i].cells walks the whole table again
    for at, line in enumerate([table.heads, *lines]):
        for i, text in enumerate(line):
            paragraph = cells[at * len(table.heads) + i].paragraphs[0]
            run = paragraph.add_run(text)
            run.font.size, run.bold = size, at == 0
            if at and table.kinds[i] in NUMBERS:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    head = OxmlElement("w:tblHeader")
    head.set(qn("w:val"), "true")
    grid.rows[0]._tr.get_or_add_trPr().append(head)


def _packed(document: Any) -> bytes:
    """Saved, then packed again without the hour of saving."""
    first, out = BytesIO(), BytesIO()
    document.save(first)
    with zipfile.ZipFile(first) as held, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name in sorted(held.namelist(), key=lambda n: (n != "[Content_Types].xml", n)):
            made.writestr(zipfile.ZipInfo(name, THEN), held.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()
