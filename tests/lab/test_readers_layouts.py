"""Layouts that laboratories meet beside the plain ones: a table for each filter, a column for each channel,
wells in two columns, titles in other languages. Every file here is made in the test."""

from __future__ import annotations

import gzip
import io
import zipfile

import pytest
import xlsxwriter

from screening.lab.readers import read_run, refusals
from screening.lab.readers.columns import read_ct, well_name
from screening.lab.readers.run import NO_VALUE, OMITTED

Sheet = list[list[object]]


def told(data: bytes | str) -> list[tuple]:
    rows = read_run(data.encode() if isinstance(data, str) else data).rows
    return [(r.well, r.sample, r.target or r.dye, r.ct) for r in rows]


def workbook(sheets: dict[str, Sheet]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for i, row in enumerate(rows):
                page.write_row(i, 0, row)
    return out.getvalue()


# --- Roche ----------------------------------------------------------------------------------------

HEAD = "Include\tColor\tPos\tName\tCp\tConcentration\tStandard\tStatus"


def filtered(name: str, *rows: str) -> str:
    lines = [f"Experiment: made  Selected Filter: {name}", HEAD, *rows]
    return "".join(f"{line}\r\n" for line in lines)


def well(name: str, cp: str, include: str = "True") -> str:
    return f"{include}\t255\t{name}\ts-{name}\t{cp}\t\t0\t"


@pytest.mark.parametrize("between", ["", "\r\n", "\r\n\r\n"])
def test_a_lightcyclers_tables_of_several_filters_are_one_plate(between: str) -> None:
    fam = filtered("FAM (465-510)", well("A1", "21.5"), well("A2", ""))
    bare = filtered("533-580", well("A1", "25"), well("A2", "26"))
    assert told(fam + between + bare) == [
        ("A1", "s-A1", "FAM", 21.5), ("A2", "s-A2", "FAM", None),
        ("A1", "s-A1", "533-580", 25.0), ("A2", "s-A2", "533-580", 26.0),
    ]  # fmt: skip


def test_filters_on_sheets_of_their_own_keep_their_names() -> None:
    def sheet(name: str, cp: float) -> Sheet:
        return [[f"Experiment: m  Selected Filter: {name}"], [*HEAD.split("\t")],
                ["True", 255, "A1", "s1", cp, "", 0, ""]]  # fmt: skip

    book = workbook({"a": sheet("FAM (465-510)", 21.5), "b": sheet("HEX (533-580)", 30)})
    assert told(book) == [("A1", "s1", "FAM", 21.5), ("A1", "s1", "HEX", 30.0)]


def test_two_lightcycler_tables_of_one_filter_are_refused() -> None:
    with pytest.raises(refusals.SeveralTables):
        read_run((filtered("FAM", well("A1", "21")) + filtered("FAM", well("A1", "22"))).encode())


def test_an_empty_cp_of_an_excluded_well_is_no_negative() -> None:
    run = read_run(filtered("FAM", well("A1", "21"), well("A2", "", "False")).encode())
    assert [(r.well, r.measured, r.omitted) for r in run.rows] == [
        ("A1", True, False), ("A2", False, True),
    ]  # fmt: skip
    assert {w.code for w in run.warnings} == {NO_VALUE, OMITTED}


# --- Rotor-Gene -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "header"),
    [
        ("Quantitative analysis of Cycling A.Green (N)", "No.,Colour,Name,Type,Ct"),
        ("Analyse quantitative de Cycling A.Green (N)", "Nr.,Couleur,Nom,Type,Ct"),
        ("Análisis cuantitativo de Cycling A.Green (N)", "Nº,Color,Nombre,Tipo,Ct"),
        ("Analisi quantitativa di Cycling A.Green (N)", "No.,Colore,Nome,Tipo,Ct"),
        ("定量分析 Cycling A.Green (N)", "编号,颜色,名称,类型,Ct"),
    ],
)
def test_the_titles_of_rotor_pages_name_channel_and_target(title: str, header: str) -> None:
    page = f"{title}\n\n{header}\n1,,s1,Unknown,21.5\n2,,s2,NTC,\n\n"
    other = page.replace("Green (N)", "Yellow (IC)").replace("21.5", "25")
    rows = read_run((page + other).encode()).rows
    assert [(r.well, r.dye, r.target, r.ct) for r in rows] == [
        ("1", "Green", "N", 21.5), ("2", "Green", "N", None),
        ("1", "Yellow", "IC", 25.0), ("2", "Yellow", "IC", None),
    ]  # fmt: skip


def test_a_rotor_page_that_comes_twice_is_read_once() -> None:
    page = "Quantitative analysis of Cycling A.Green\n\nNo.,Name,Type,Ct\n1,s1,Unknown,21.5\n\n"
    assert told(page + page) == [("1", "s1", "Green", 21.5)]


@pytest.mark.parametrize("place", ["72", "100", "I8", "M4"])
def test_a_rotors_last_place_is_read(place: str) -> None:
    title = "Quantitative analysis of Cycling A.Green\n\nNo.,Name,Type,Ct\n"
    assert told(f"{title}{place},s1,Unknown,21.5\n") == [(place, "s1", "Green", 21.5)]


def test_the_wells_of_an_abi_7700_are_counted_by_row() -> None:
    text = "Well,Type,Sample Name,Ct,Quantity\n1,UNKN,s1,21.5,\n13,NTC,,40,\n\nSlope,-3.3\n"
    assert told(text) == [("A1", "s1", None, 21.5), ("B1", None, None, 40.0)]


def test_wells_by_number_are_counted_on_the_plate_that_the_file_names() -> None:
    text = "Block Type,{}\n\nWell,Sample Name,Target Name,Task,CT\n13,s1,N,UNKNOWN,21.5\n"
    assert [told(text.format(b))[0][0] for b in ("96well", "384-Well Block")] == ["B1", "A13"]


def test_a_rotors_last_line_that_was_cut_is_no_negative() -> None:
    page = "Quantitative analysis of Cycling A.Green\n\nNo.;Name;Type;Ct;Conc\n"
    whole = page + "".join(f"{n};s{n};Unknown;21,5;\n" for n in (1, 2, 3))
    with pytest.raises(refusals.CutOff):
        read_run(whole[:-7].encode())


# --- tables turned round --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("Well,Sample,FAM Ct,VIC Ct", ("FAM", "VIC")),
        ("Position,Sample name,Ct FAM,Ct VIC", ("FAM", "VIC")),
        ('Well,Identifier,"Cp, Fam","Cp, Hex"', ("Fam", "Hex")),
        ("孔位,样本编号,Ct(FAM),Ct(VIC)", ("FAM", "VIC")),
        ("孔位,样本编号,ORF1ab Ct值,内标 Ct值", ("ORF1ab", "内标")),
    ],
)
def test_a_column_for_each_channel_is_read_well_by_well(header: str, names: tuple[str]) -> None:
    text = f"{header},Ct Threshold\nA1,s1,21.5,25,0.1\n\nA2,s2,NoCt,26,0.1\n"
    assert told(text) == [
        ("A1", "s1", names[0], 21.5), ("A1", "s1", names[1], 25.0),
        ("A2", "s2", names[0], None), ("A2", "s2", names[1], 26.0),
    ]  # fmt: skip


def test_a_row_with_values_and_no_well_is_never_lost() -> None:
    with pytest.raises(refusals.BadWell):
        read_run(b"Well,Sample,FAM Ct,VIC Ct\nA1,s1,21.5,25\n,s2,22,26\nA3,s3,-,26\n")


@pytest.mark.parametrize("header", ["Row,Column", "Well Row,Well Col", "行,列"])
def test_a_well_in_two_columns_is_put_together(header: str) -> None:
    text = f"{header},Sample,Target,Ct\nA,1,s1,N,21.5\nH,12,s2,N,-\n"
    assert told(text) == [("A1", "s1", "N", 21.5), ("H12", "s2", "N", None)]


def test_a_column_of_nothing_but_wells_needs_no_name() -> None:
    text = "Sample,Target,Tube place,Ct\nB1,N,<A1>,21.5\nB2,N,<A2>,No Ct\n"
    assert told(text) == [("A1", "B1", "N", 21.5), ("A2", "B2", "N", None)]


def test_names_that_look_like_wells_are_not_taken_for_wells() -> None:
    with pytest.raises(refusals.ColumnsMissing):
        read_run(b"Sample,Target,Ct,Slope\nA1,N,21.5,1\nA2,N,-,1\n")


def test_the_mean_of_replicates_is_no_well() -> None:
    text = (
        "Well,Sample,Target,Ct,Slope\nA1,s1,N,21.5,\nA2,s1,N,21.7,\nMean,s1,N,21.6,\nB1,s2,N,-,\n"
    )
    assert [row[0] for row in told(text)] == ["A1", "A2", "B1"]


# --- the sheet 定量结果 and its text --------------------------------------------------------------


def test_the_sheet_of_quantities_finds_its_samples_on_their_own_sheet() -> None:
    head: list[object] = ["孔位", "", "", "", "Ct", "", "", "", "", "", "序号"]
    rows: Sheet = [head]
    rows += [["A1", "", "", "", ct, "", "", "", "", "", 1] for ct in (31.5, 27)]
    rows += [["A2", "", "", "", ct, "", "", "", "", "", 2] for ct in (0, 28)]
    samples: Sheet = [["序号", "样本编号"], [1, "10000000000147"], [2, "10000000000244"]]
    run = read_run(workbook({"定量结果": rows, "样本信息": samples}))
    assert [(r.well, r.sample, r.dye, r.ct, r.measured) for r in run.rows] == [
        ("A1", "10000000000147", "FAM", 31.5, True), ("A1", "10000000000147", "VIC", 27.0, True),
        ("A2", "10000000000244", "FAM", None, True), ("A2", "10000000000244", "VIC", 28.0, True),
    ]  # fmt: skip


def test_a_text_of_quantities_is_read_below_its_curves() -> None:
    text = (
        "Quan. AmpData\nWell,Sample ID,Property,Target,Dye,1,2\nA1,s1,Unknown,N,FAM,0.5,0.6\n\n"
        "Quan. Result\nWell,Sample ID,Property,Target,Dye,Ct,Ct Mean,Ct SD\n"
        "A1,s1,Unknown,N,FAM,31.5,0,0\nA1,s1,Unknown,IC,VIC,0,0,0\n\nSNP Result\n"
    )
    rows = read_run(text.encode()).rows
    assert [(r.target, r.ct, r.measured) for r in rows] == [("N", 31.5, True), ("IC", None, True)]


# --- refusals that say what to export ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["A1a1", "AF48", "Q1", "A25"])
def test_a_well_of_a_greater_plate_is_refused_by_name(name: str) -> None:
    with pytest.raises(refusals.OtherPlate):
        read_run(f"Well,Sample,Target,Ct\n{name},s1,N,21\n".encode())


@pytest.mark.parametrize(
    "text",
    [
        "Well,Fluor,Target,Content,Sample,Melt Temperature\nA01,SYBR,N,Unkn,s1,82.5\n",
        "Well,Fluor,Target,Content,Sample,End RFU,Call\nA01,FAM,N,Unkn,s1,2000,(+) Positive\n",
        "[Sample Setup]\nWell\tWell Position\tSample Name\tTask\n1\tA1\ts1\tUNKNOWN\n",
    ],
)
def test_a_table_of_wells_without_ct_is_named(text: str) -> None:
    with pytest.raises(refusals.NoCtColumn):
        read_run(text.encode())


def packed(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as pack:
        pack.writestr(name, "Pos\tName\tCp\nA1\ts1\t21.5\n")
    return out.getvalue()


@pytest.mark.parametrize(
    "data", [packed("results.txt"), gzip.compress(b"Pos\tName\tCp\n")], ids=["zip", "gzip"]
)
def test_a_packed_result_is_refused_with_the_way_out(data: bytes) -> None:
    with pytest.raises(refusals.Packed):
        read_run(data)


def rdml(*runs: tuple[str, str, float]) -> bytes:
    inner = "".join(
        f'<run id="{n}"><react id="{well}"><data><tar id="{target}"/><cq>{cq}</cq></data></react></run>'
        for n, (well, target, cq) in enumerate(runs)
    )
    return f'<rdml version="1.2"><experiment id="e">{inner}</experiment></rdml>'.encode()


def test_runs_of_an_rdml_are_the_channels_of_one_plate_or_are_refused() -> None:
    assert len(told(rdml(("A1", "N", 21.5), ("A1", "IC", 25)))) == 2
    two_plates = rdml(("A1", "N", 21.5), ("A1", "N", 35))
    with pytest.raises(refusals.SeveralRuns):
        read_run(two_plates)
    assert len(read_run(two_plates, several=True).rows) == 2


# --- words and wells --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    ["Non Numérique", "NeuN", "NaN (Não é um número)", "非数字", "NaN（非数值）", "Kein Ct", "未檢出",
     "検出されず", "미검출", "#N/A", "—", "Não detectado"],
)  # fmt: skip
def test_not_detected_is_a_measured_null_in_every_language(word: str) -> None:
    assert read_ct(word) == (None, True)


@pytest.mark.parametrize(("cell", "ct"), [("３１．２", 31.2), ("31,20\u00a0", 31.2)])
def test_a_number_is_read_in_wide_digits_too(cell: str, ct: float) -> None:
    assert read_ct(cell) == (ct, True)


@pytest.mark.parametrize("cell", [">40", "> 40", "30.01.", "1.234,5", "30-Jan", "neg"])
def test_what_may_be_a_number_is_never_guessed(cell: str) -> None:
    assert read_ct(cell) == (None, False)


@pytest.mark.parametrize(
    ("text", "name"),
    [("1A", "A1"), ("12h", "H12"), ("A:1", "A1"), ("A-01", "A1"), ("A001", "A1"), ("B 7", "B7"),
     ("25A", None), ("1Q", None), ("A1B2", None), ("11", None), ("AA1", None)],
)  # fmt: skip
def test_wells_are_written_in_many_ways(text: str, name: str | None) -> None:
    assert well_name(text) == name
