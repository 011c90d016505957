"""Result lists of laboratories with their own system: rows of texts by field, nothing judged yet."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

import msgspec

from screening.errors import Problem
from screening.lab.readers import apart, text, workbook
from screening.lab.readers.columns import key
from screening.lab.readers.refusals import CutOff, EmptyFile, NotARunFile, TooBig
from screening.lab.readers.workbook import XLS_LAST_ROW
from screening.lab.rules.result_words import is_word

MAX_BYTES = 10 * 2**20  # 100,000 tubes with every column are about 8 MB
MAX_HEADER = 60
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn")
HEADER_WITHIN = 30  # rows of titles and addresses above the table

# The first name that a file has wins: a laboratory's own sample number stands beside the tube's.
TUBE = (
    "管码", "管号", "采样管码", "采样管号", "试管码", "试管编号", "混采管码", "混采管号", "tube", "tubeno",
    "tubenumber", "tubecode", "tubebarcode", "条码", "条形码", "条码号", "样本条码", "barcode", "样本编号",
    "样本号", "样品编号", "标本编号", "标本号", "sample", "sampleid", "sampleno", "specimen", "specimenid",
)  # fmt: skip
FIELDS = {
    "result": ("结果", "检测结果", "检验结果", "核酸结果", "核酸检测结果", "判定", "判定结果", "结果判定",
               "结论", "result", "testresult", "finalresult", "outcome"),
    "kit": ("试剂盒", "试剂", "试剂盒名称", "试剂名称", "检测试剂", "kit", "reagent", "assay"),
    "at": ("检测时间", "检测日期", "检验时间", "检验日期", "上机时间", "time", "testtime", "testedat",
           "testdate", "tested"),
    "operator": ("检测人", "检验人", "检测者", "检验者", "操作人", "操作员", "operator", "tester",
                 "technician", "testedby"),
}  # fmt: skip
_TARGETS = {
    "orf1ab", "orf1a/b", "orf", "n", "e", "s", "rdrp", "n1", "n2", "rp", "rnasep", "ic", "内标",
    "orf1ab基因", "n基因", "e基因",
}  # fmt: skip
NO_TARGET = "Ct"  # a Ct column that names no target
_CT = re.compile(r"(?<![A-Za-z])[Cc][TtQq](?![a-z])\s*值?")


class NotAResultList(Problem):
    status = 422
    code = "not_a_result_list"
    zh = (
        "无法识别这份清单：没有找到“管码”和“结果”两列的表头。请用结果清单模板，或给这两列写上表头。"
    )
    en = (
        "This list is not recognised: no header with the columns “tube” and “result”. Use the "
        "template, or name these two columns."
    )


class TwoColumns(Problem):
    status = 422
    code = "list_two_columns"
    zh = "有不止一列可能是“{field}”，不能猜测用哪一列。请只保留一列。"
    en = "More than one column may be “{field}”, and none is guessed. Keep one only."


class TwoLists(Problem):
    status = 422
    code = "list_two_sheets"
    zh = "工作簿里有不止一张结果清单（{sheets} 张）。请每张单独上传。"
    en = "The workbook holds more than one list ({sheets} sheets). Upload each by itself."


class RawRow(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a list as written; `row` counts from 1 as in the spreadsheet."""

    row: int
    tube: str
    result: str = ""
    cts: dict[str, str] = {}
    kit: str = ""
    at: str = ""
    operator: str = ""


class RawList(msgspec.Struct, frozen=True, kw_only=True):
    """`targets`: the Ct columns; `unread`: sheets and lines without a tube that were passed over;
    `headed`: False for two bare columns."""

    rows: list[RawRow]
    targets: list[str]
    sha256: str
    headed: bool = True
    unread: int = 0


Rows = list[list[str]]


def read_list(data: bytes) -> RawList:
    """The lines of a list (CSV in any encoding, XLS, XLSX). Columns that are not named here are
    not kept: some systems write persons' names beside the numbers.

    Raises NotAResultList, TwoColumns, TwoLists, and what refuses a damaged or unsafe file."""
    if not data.strip(b"\0\t\r\n ,;"):
        raise EmptyFile
    if len(data) > MAX_BYTES:
        raise TooBig(limit=f"{MAX_BYTES // 2**20} MB")
    try:
        sheets = _sheets(data)
    except NotARunFile as why:
        if type(why) is NotARunFile:
            raise NotAResultList from why
        raise
    found = [(rows, at) for rows in sheets.values() if (at := _header(rows)) is not None]
    headed = bool(found)
    found = found or [(rows, -1) for rows in sheets.values() if _bare(rows)]
    if not found:
        raise NotAResultList
    if len(found) > 1:
        raise TwoLists(sheets=len(found))
    rows, header = found[0]
    others = sum(1 for r in sheets.values() if r is not rows and any(any(c) for c in r))
    return _lines(rows, header, sha256(data).hexdigest(), others if headed else 0)


def _sheets(data: bytes) -> dict[str, Rows]:
    if data.startswith(workbook.ZIP):
        workbook.look_inside(data)
    if data.startswith((*workbook.ZIP, workbook.OLE)):
        return apart.PARSER.sheets_of(data)
    decoded = text.decode(data)
    rows = text.rows_of(decoded, _is_header) or text.rows_of(decoded, _is_pair)
    if len(rows) == XLS_LAST_ROW:
        raise CutOff  # saved by way of an old spreadsheet: what came after is gone
    return {"": rows}


# --- which columns ------------------------------------------------------------------------------


def _is_header(row: list[str]) -> bool:
    names = {key(c) for c in row}
    return bool(names & set(TUBE)) and bool(names & set(FIELDS["result"]))


def _is_pair(row: list[str]) -> bool:
    """A tube and a result without any header, as simple programs write them."""
    filled = [c.strip() for c in row if c.strip()]
    return len(filled) == 2 and is_word(filled[1]) and any(ch.isdigit() for ch in filled[0])


def _header(rows: Rows) -> int | None:
    return next((i for i, row in enumerate(rows[:HEADER_WITHIN]) if _is_header(row)), None)


def _bare(rows: Rows) -> bool:
    first = next((row for row in rows if any(c.strip() for c in row)), [])
    return _is_pair(first) and len(first) >= 2 and bool(first[0].strip() and first[1].strip())


def _columns(header: list[str]) -> tuple[dict[str, int], dict[str, int]]:
    """(field → column, target → column). Raises TwoColumns where it would have to be guessed."""
    names = [key(c) for c in header]
    tube = next(name for name in TUBE if name in names)
    if names.count(tube) > 1:
        raise TwoColumns(field="管码 / tube")
    at = {"tube": names.index(tube)}
    for field, options in FIELDS.items():
        mine = [i for i, name in enumerate(names) if name in options]
        if len(mine) > 1 and field == "result":
            raise TwoColumns(field="结果 / result")
        if mine:
            at[field] = mine[0]
    taken = set(at.values())
    cts: dict[str, int] = {}
    for i, cell in enumerate(header):
        if i not in taken and (target := target_of(cell)) is not None:
            if target in cts:
                raise TwoColumns(field=f"Ct {target}")
            cts[target] = i
    return at, cts


def target_of(cell: str) -> str | None:
    """The target of a Ct column ('Ct ORF1ab', 'N基因 Ct值', 'ORF1ab'); None for another column."""
    plain = _plain(cell)[:MAX_HEADER]
    rest, found = _CT.subn(" ", plain)
    if not found and key(plain) not in _TARGETS:
        return None
    return " ".join(rest.split()).strip("()[]_-:/ ").removesuffix("基因").strip() or NO_TARGET


# --- its lines ----------------------------------------------------------------------------------


def _lines(rows: Rows, header: int, digest: str, unread: int) -> RawList:
    if header < 0:
        at: dict[str, int] = {"tube": 0, "result": 1}
        cts: dict[str, int] = {}
        head: list[str] = []
    else:
        at, cts = _columns(rows[header])
        head = [key(c) for c in rows[header]]
    out = []
    for n, row in enumerate(rows[header + 1 :], header + 2):
        if not any(c.strip() for c in row) or [key(c) for c in row] == head:
            continue
        line = _line(row, n, at, cts)
        if not line.result and not re.search(r"\d{6}", line.tube):
            unread += 1  # totals and signatures below the table
            continue
        out.append(line)
    if not out:
        raise EmptyFile
    return RawList(rows=out, targets=list(cts), sha256=digest, headed=header >= 0, unread=unread)


def _plain(cell: str) -> str:
    """Wide digits and letters as narrow ones; marks that nobody sees are gone."""
    text = unicodedata.normalize("NFKC", cell)
    return "".join(c for c in text if unicodedata.category(c) not in _UNSEEN).strip()


def _line(row: list[str], n: int, at: dict[str, int], cts: dict[str, int]) -> RawRow:
    def cell(i: int | None) -> str:
        found = row[i] if i is not None and i < len(row) else ""
        return _plain(found).lstrip("'").strip()

    values = {field: cell(i) for field, i in at.items()}
    return RawRow(row=n, cts={t: v for t, i in cts.items() if (v := cell(i))}, **values)
