"""A bulletin as a file: PDF, XLSX, DOCX. The same bulletin always gives the same bytes."""

from __future__ import annotations

from collections.abc import Callable

from screening.bulletins.paper import Paper
from screening.bulletins.printers import docx, pdf, xlsx

FORMS: dict[str, tuple[Callable[[Paper], bytes], str]] = {
    "pdf": (pdf.write, "application/pdf"),
    "xlsx": (xlsx.write, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    "docx": (docx.write, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
}
