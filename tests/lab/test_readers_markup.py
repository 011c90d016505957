"""Result tables that are not what their names say: HTML and XML saved as .xls, hidden or renamed sheets,
encodings of other countries. Every file here is made in the test."""

from __future__ import annotations

import io

import pytest
import xlsxwriter

from screening.lab.readers import NotARunFile, read_run, refusals

HEAD = ["Well", "Well Position", "Sample", "Target", "Cq"]
ROWS = [["1", "A1", "s<1", "N", "21,5"], ["2", "A2", "s2", "N", "Undetermined"]]
READ = [("A1", "s<1", "N", 21.5), ("A2", "s2", "N", None)]


def told(data: bytes) -> list[tuple]:
    return [(r.well, r.sample, r.target, r.ct) for r in read_run(data).rows]


# --- HTML -----------------------------------------------------------------------------------------


def html(rows: list[list[str]], *, charset: str = "utf-8") -> bytes:
    cells = "".join(
        "<tr>" + "".join(f"<td>{c.replace('<', '&lt;')}</td>" for c in row) + "</tr>\r\n"
        for row in rows
    )
    head = f'<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><meta charset={charset}>'
    return f"{head}</head><body><p>made</p><table>{cells}</table></body></html>".encode(charset)


@pytest.mark.parametrize("charset", ["utf-8", "gb2312", "utf-16", "cp1252"])
def test_an_html_table_saved_as_xls_is_read(charset: str) -> None:
    assert told(html([["Run", "made"], [], HEAD, *ROWS], charset=charset)) == READ


def test_html_headers_in_chinese_are_read_in_their_charset() -> None:
    rows = [["孔位", "样本", "靶标", "Ct"], ["B7", "样一", "N", "31.5"]]
    assert told(html(rows, charset="gb2312")) == [("B7", "样一", "N", 31.5)]


def test_a_cell_over_several_rows_of_html_is_each_rows() -> None:
    text = (
        "<table><tr><th>Well<th>Sample<th>Target<th>Ct</tr>"
        '<tr><td rowspan=2>A1<td rowspan="2">s1<td>N<td>21.5</tr><tr><td>IC<td>25</tr>'
        "<tr><td>A2<td>s2<td>N<td>-</tr></table>"
    )
    assert told(text.encode()) == [
        ("A1", "s1", "N", 21.5), ("A1", "s1", "IC", 25.0), ("A2", "s2", "N", None),
    ]  # fmt: skip


def test_html_without_a_result_table_is_refused() -> None:
    with pytest.raises(NotARunFile):
        read_run(b"<html><frameset><frame src='sheet001.htm'></frameset></html>")


# --- XML ------------------------------------------------------------------------------------------

EXCEL = 'xmlns="urn:schemas-microsoft-com:office:spreadsheet"'
SS = 'xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'


def excel_2003(rows: list[str]) -> bytes:
    return (
        f'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook {EXCEL} {SS}>'
        f'<Worksheet ss:Name="Results"><Table>{"".join(rows)}</Table></Worksheet></Workbook>'
    ).encode()


def cells(*said: str, first: int = 1) -> str:
    return "<Row>" + "".join(
        f'<Cell ss:Index="{first + i}"><Data ss:Type="String">{c}</Data></Cell>'
        for i, c in enumerate(said)
        if c
    ) + "</Row>"  # fmt: skip


def test_excels_xml_of_2003_is_read_with_the_cells_that_it_leaves_out() -> None:
    rows = [cells("Run", "made"), cells(*HEAD), cells("1", "A1", "", "N", "21.5")]
    rows += ['<Row ss:Index="9"><Cell ss:Index="2"><Data>A2</Data></Cell>']
    rows += ['<Cell><Data>s2</Data></Cell><Cell ss:Index="5"><Data>NaN</Data></Cell></Row>']
    assert told(excel_2003(rows)) == [("A1", None, "N", 21.5), ("A2", "s2", None, None)]


def test_a_row_far_away_in_excels_xml_makes_no_sheet_of_gigabytes() -> None:
    with pytest.raises(refusals.TooBig):
        read_run(excel_2003(['<Row ss:Index="9000000"><Cell><Data>x</Data></Cell></Row>']))


CQ = (
    "<SYBR><Row><Well>A01</Well><Fluor>SYBR</Fluor><Target>N</Target><Sample>s1</Sample>"
    "<Cq>21.5</Cq><Cq_x0020_Mean>9</Cq_x0020_Mean></Row>"
    "<Row><Well>A02</Well><Fluor>SYBR</Fluor><Target>N</Target><Sample/><Cq>NaN</Cq></Row></SYBR>"
)


def test_the_cq_results_of_a_cfx_as_xml_are_read() -> None:
    run = read_run(f'<?xml version="1.0" standalone="yes"?>\r\n{CQ}'.encode())
    assert run.instrument == "Bio-Rad CFX"
    assert [(r.well, r.sample, r.dye, r.ct) for r in run.rows] == [
        ("A1", "s1", "SYBR", 21.5), ("A2", None, "SYBR", None),
    ]  # fmt: skip


def test_a_plate_view_as_xml_says_no_row_and_is_refused_with_advice() -> None:
    names = [f"_x003{str(n)[0]}_{str(n)[1:]}" for n in range(1, 13)]
    row = "<Row>" + "".join(f"<{n}>Unkn</{n}>" for n in names) + "</Row>"
    with pytest.raises(refusals.PlateViewWithoutNames):
        read_run(f"<FAM>{row * 32}</FAM>".encode())


def test_xml_with_entities_is_never_expanded() -> None:
    with pytest.raises(refusals.Unsafe):
        read_run(b'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aa">]><r><Row>&a;</Row></r>')


# --- workbooks ------------------------------------------------------------------------------------

Sheet = list[list[object]]
GOOD: Sheet = [list(HEAD), [1, "A1", "s1", "N", 21.5]]


def workbook(sheets: dict[str, Sheet], hidden: str = "") -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for i, row in enumerate(rows):
                page.write_row(i, 0, row)
            if name == hidden:
                page.hide()
    return out.getvalue()


def test_a_hidden_sheet_is_not_read() -> None:
    earlier: Sheet = [list(HEAD), [1, "A1", "s9", "N", 35]]
    book = workbook({"Results": GOOD, "Old": earlier}, hidden="Old")
    assert told(book) == [("A1", "s1", "N", 21.5)]


@pytest.mark.parametrize("more", [{}, {"Notes": [["made"]]}])
def test_results_on_a_sheet_called_raw_data_are_read(more: dict[str, Sheet]) -> None:
    assert told(workbook({"Raw data": GOOD, **more})) == [("A1", "s1", "N", 21.5)]


# --- text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("ウェル,サンプル名,ターゲット名,Cт", "utf-8"),
        ("ウェル,サンプル名,ターゲット名,Ct", "cp932"),
        ("孔位,樣品名稱,目標名稱,Ct", "big5"),
        ("웰,샘플명,타겟이름,Ct", "cp949"),
        ("Лунка,Имя образца,Мишень,Ct", "cp1251"),
        ("Puits,Nom de l'échantillon,Nom de la cible,Ct", "cp1252"),
        ("Puits,Nom de l'echantillon,Nom de la cible,Ct", "ascii"),
        ("Pozzetto,Nome campione,Nome bersaglio,Cт", "utf-16-be"),
    ],
)
def test_a_header_is_read_in_the_language_and_the_encoding_of_its_country(
    header: str, encoding: str
) -> None:
    text = f"{header}\r\nA01,s1,N,21.5\r\nA02,s2,N,Undetermined\r\n"
    assert told(text.encode(encoding)) == [("A1", "s1", "N", 21.5), ("A2", "s2", "N", None)]


def test_chinese_utf_16_without_a_mark_is_told_by_its_zeros() -> None:
    text = "孔位,样本,靶标,Ct\r\nA1,混采管一二三四五六七八九十," + "核酸样本" * 40 + ",21.5\r\n"
    assert told(text.encode("utf-16-le"))[0][3] == 21.5


def test_a_column_name_over_two_lines_is_one_name() -> None:
    assert told(b'Well,Sample,Target,"Ct\n(dRn)","Ct\nMean"\nA1,s1,N,21.5,22\n') == [
        ("A1", "s1", "N", 21.5)
    ]


def test_an_empty_column_on_the_left_changes_nothing() -> None:
    text = "* Block Type = 384-Well Block\n\n[Sample Setup]\nWell\tWell Position\tSample Name\n"
    text += "25\tB1\ts1\n\n[Results]\nWell\tWell Position\tSample Name\tTarget Name\tCT\n"
    text += "25\tB1\ts1\tN\t21.5\n"
    assert told(text.encode()) == [("B1", "s1", "N", 21.5)]
    assert told(("\t" + text.replace("\n", "\n\t")).encode()) == [("B1", "s1", "N", 21.5)]


def test_a_position_beside_a_number_names_the_well() -> None:
    text = "Well\tWell Position\tSample Name\tTarget Name\tReporter\tCT\n25\tB1\ts1\tN\tFAM\t21.5\n"
    assert told(f"[Sample Setup]\n{text}".encode()) == [("B1", "s1", "N", 21.5)]


def test_a_long_text_without_a_header_is_refused_soon() -> None:
    lines = "".join(f"样本 {n},甲,乙,丙\n" for n in range(60_000))
    with pytest.raises(NotARunFile):
        read_run(lines.encode("gb18030"))
