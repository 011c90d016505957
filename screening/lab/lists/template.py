"""The template of a result list, with the tubes that wait for a result; no result is filled in."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import xlsxwriter

from screening.lab.rules.result_words import OFFERED

FORMATS = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
HEADINGS = {
    "zh": ("管码", "结果", "ORF1ab Ct", "N Ct", "内标 Ct", "试剂盒", "检测时间", "检测人"),
    "en": ("tube", "result", "Ct ORF1ab", "Ct N", "Ct IC", "kit", "time", "operator"),
}
SHEET = {"zh": "结果清单", "en": "results"}
NOTES = {
    "zh": (
        "每管一行，结果逐行填写；没有做的写“待检”。空白不会当作阴性。",
        "结果只认：" + "、".join(OFFERED["zh"]) + "。",
        "Ct 未检出可留空；检测时间写成 2026-11-22 08:30。",
    ),
    "en": (
        "One row a tube, each with its own result; “pending” for what was not tested. A blank is "
        "never a negative.",
        "Words for the result: " + ", ".join(OFFERED["en"]) + ".",
        "Leave a Ct empty where nothing was detected; write times as 2026-11-22 08:30.",
    ),
}
SPARE = 500  # rows below the tubes that offer the words too


def as_csv(tubes: Sequence[str], lang: str) -> bytes:
    """With a byte order mark, so that spreadsheets read it as UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(HEADINGS[lang])
    writer.writerows([tube, *[""] * (len(HEADINGS[lang]) - 1)] for tube in tubes)
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(tubes: Sequence[str], lang: str) -> bytes:
    """Tube numbers are text, so that no digit is lost; the result is chosen from the words."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_numbers": False}) as book:
        bold, plain = book.add_format({"bold": True}), book.add_format({"num_format": "@"})
        sheet = book.add_worksheet(SHEET[lang])
        sheet.set_column(0, 0, 18, plain)
        sheet.set_column(1, len(HEADINGS[lang]) - 1, 14, plain)
        sheet.freeze_panes(1, 1)
        for i, heading in enumerate(HEADINGS[lang]):
            sheet.write_string(0, i, heading, bold)
        for n, tube in enumerate(tubes, 1):
            sheet.write_string(n, 0, tube, plain)
        choice = {"validate": "list", "source": list(OFFERED[lang])}
        sheet.data_validation(1, 1, len(tubes) + SPARE, 1, choice)
        notes = book.add_worksheet("说明" if lang == "zh" else "notes")
        notes.set_column(0, 0, 90)
        for n, line in enumerate(NOTES[lang]):
            notes.write_string(n, 0, line)
    return out.getvalue()


WRITERS = {"xlsx": as_xlsx, "csv": as_csv}
