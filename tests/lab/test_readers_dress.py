"""Other dress of the same instruments' exports: languages, stacked channels, rotors, several plates.

Every file here is made in the test; what public exports of that software look like is its model."""

from __future__ import annotations

import io

import pytest
import xlsxwriter

from screening.lab.readers import read_run, refusals
from screening.lab.readers.run import WellReading

Sheet = list[list[object]]


def workbook(sheets: dict[str, Sheet]) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for i, row in enumerate(rows):
                page.write_row(i, 0, row)
    return out.getvalue()


def told(data: bytes | str, **how: bool) -> list[tuple]:
    rows = read_run(data.encode() if isinstance(data, str) else data, **how).rows
    return [(r.well, r.sample, r.target, r.ct) for r in rows]


def dyes(rows: list[WellReading], well: str) -> dict[str | None, float | None]:
    return {r.dye: r.ct for r in rows if r.well == well}


# --- Bio-Rad --------------------------------------------------------------------------------------


def test_the_cfx_workbook_whose_sheet_is_called_0_is_a_cfx() -> None:
    head = ["", "Well", "Fluor", "Target", "Content", "Sample", "Cq", "Cq Mean"]
    rows: Sheet = [head, ["", "A01", "FAM", "N", "Unkn", "s1", 24.5, 24.5]]
    run = read_run(workbook({"0": rows, "Run Information": [["File Name", "made"]]}))
    assert run.instrument == "Bio-Rad CFX"
    assert [(r.well, r.dye, r.task, r.ct) for r in run.rows] == [("A1", "FAM", "Unkn", 24.5)]


def grid(first: float) -> Sheet:
    rows: Sheet = [["", "", *range(1, 13)]]
    for letter in "ABCDEFGH":
        rows.append([letter, "Content", *["Unkn"] * 12])
        rows.append(["", "Sample", *[f"{letter}-{n}" for n in range(1, 13)]])
        rows.append(["", "Cq", *[first + n for n in range(12)]])
    return rows


def lines(rows: Sheet) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def test_every_channel_of_a_plate_view_is_read_from_its_sheet() -> None:
    run = read_run(workbook({"FAM": grid(20), "HEX": grid(30)}))
    assert dyes(run.rows, "A2") == {"FAM": 21.0, "HEX": 31.0}
    assert len(run.rows) == 192


def test_every_channel_of_a_plate_view_is_read_below_its_title() -> None:
    run = read_run(lines([["FAM"], *grid(20), [], ["Texas Red"], *grid(30)]).encode())
    assert dyes(run.rows, "H12") == {"FAM": 31.0, "Texas Red": 41.0}


def test_two_plate_views_without_a_channel_are_refused() -> None:
    with pytest.raises(refusals.SeveralTables):
        read_run(lines([*grid(20), [], *grid(30)]).encode())


# --- languages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header",
    [
        "Well;Fluor;Target;Content;Sample;Cq;Cq Mean",
        "Puits;Fluor;Cible;Contenu;Échantillon;Cq;Moyenne Cq",
        "Well;Fluor;Ziel;Inhalt;Probe;Cq;Cq-Mittelwert",
        "Pocillo;Fluor;Diana;Contenido;Muestra;Cq;Media de Cq",
        "Pozzetto;Fluor;Bersaglio;Contenuto;Campione;Cq;Media Cq",
        "Poço;Fluor;Alvo;Conteúdo;Amostra;Cq;Média de Cq",
        "Лунка;Флуорофор;Мишень;Content;Образец;Cq;Cq Mean",
        "孔;荧光团;目标;内容;样品;Cq;Cq 平均值",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le"])
def test_a_cq_table_has_the_headers_of_its_country(header: str, encoding: str) -> None:
    text = f"{header}\r\nA01;FAM;N;Unkn;s1;24,5;11,1\r\nA02;FAM;N;NTC;;n. def.;0\r\n"
    assert told(text.encode(encoding)) == [("A1", "s1", "N", 24.5), ("A2", None, "N", None)]


def test_an_english_probe_column_is_not_the_sample() -> None:
    text = "Well\tFluor\tProbe\tTarget\tContent\tSample\tCq\nA01\tFAM\tp7\tN\tUnkn\ts1\t24.5\n"
    assert told(text) == [("A1", "s1", "N", 24.5)]


@pytest.mark.parametrize("word", ["Indéterminé", "Unbestimmt", "Indeterminado", "未确定"])
def test_undetermined_is_read_in_other_languages(word: str) -> None:
    text = (
        "[Results]\nPuits\tNom de l'échantillon\tNom de la cible\tTâche\tCт\tCт Mean\n"
        f"A1\ts1\tN\tUNKNOWN\t{word}\t\nA2\ts2\tN\tUNKNOWN\t21,5\t30\n"
    )
    run = read_run(text.encode())
    assert [(r.well, r.ct, r.measured) for r in run.rows] == [
        ("A1", None, True),
        ("A2", 21.5, True),
    ]


# --- Applied Biosystems -----------------------------------------------------------------------------


def test_sds_wells_counted_by_number_are_named() -> None:
    text = "SDS v1.4\n\nWell,Sample Name,Detector,Task,Ct\n1,s1,N,Unknown,21.5\n13,s2,N,Unknown,Undet.\n"
    assert told(text) == [("A1", "s1", "N", 21.5), ("B1", "s2", "N", None)]


STUDY = (
    "SDS 2.3 RQ Results\t1.2\n\n#\tPlate\tPos\tFlag\tSample\tDetector\tTask\tCt\n"
    "1\tP1\tA1\tPassed\ts1\tG\tTarget\t21.5\n2\tP2\tA1\tPassed\ts2\tG\tTarget\tUndetermined\n"
)


def test_a_study_over_several_plates_is_shown_whole_and_never_imported() -> None:
    assert told(STUDY, several=True) == [("A1", "s1", "G", 21.5), ("A1", "s2", "G", None)]
    with pytest.raises(refusals.SeveralTables):
        read_run(STUDY.encode())


QS = "* Instrument Type = QuantStudio 5\n\n[Results]\n"
QS_HEAD = "Well\tWell Position\tSample Name\tTarget Name\tCT\tCt Mean\n"


def test_a_results_section_that_comes_again_is_never_dropped() -> None:
    once = f"{QS}{QS_HEAD}1\tA1\ts1\tN\t21.5\t9\n"
    with pytest.raises(refusals.SeveralTables):
        read_run(f"{once}[Results]\n{QS_HEAD}1\tA1\ts1\tN\t22.5\t9\n".encode())


def test_a_header_again_over_the_next_target_goes_on_with_the_plate() -> None:
    text = f"{QS}{QS_HEAD}1\tA1\ts1\tN\t21.5\t9\n\n{QS_HEAD}1\tA1\ts1\tIC\t22.5\t9\n"
    assert told(text) == [("A1", "s1", "N", 21.5), ("A1", "s1", "IC", 22.5)]


def test_a_header_again_over_another_sample_is_another_plate() -> None:
    text = f"{QS}{QS_HEAD}1\tA1\ts1\tN\t21.5\t9\n\n{QS_HEAD}1\tA1\ts9\tIC\t22.5\t9\n"
    with pytest.raises(refusals.SeveralTables):
        read_run(text.encode())


def test_a_well_of_another_plate_size_is_not_read_by_its_number() -> None:
    with pytest.raises(refusals.BadWell):
        read_run(f"{QS}{QS_HEAD}1\tA1a1\ts1\tN\t21.5\t9\n".encode())


# --- Stratagene, Rotor-Gene, makers nobody knows ------------------------------------------------------


@pytest.mark.parametrize("ct", ["Ct (dRn)", "Ct (dR)", "Cq (ΔRn)", "Cq (∆R)", "Ct (Rn)"])
def test_mx_tables_name_the_dye_apart_and_the_ct_by_its_signal(ct: str) -> None:
    text = (
        f"Well\tWell Name\tTarget\tWell Type\tDye\tThreshold (dR)\t{ct}\n"
        "A1\ts1\tN\tUnknown\tFAM\t0.1\t21.5\nA2\ts2\tN\tNTC\tFAM\t0.1\tNo Cq\n"
    )
    rows = read_run(text.encode()).rows
    assert [(r.well, r.sample, r.target, r.dye, r.ct, r.measured) for r in rows] == [
        ("A1", "s1", "N", "FAM", 21.5, True), ("A2", "s2", "N", "FAM", None, True),
    ]  # fmt: skip


ROTOR = "No.,Colour,Name,Type,Ct,Given Conc\n1,,s1,Unknown,21.5,\n2,,s2,Unknown,,\n"


def test_a_rotor_table_without_its_title_keeps_its_positions() -> None:
    assert told(ROTOR) == [("1", "s1", None, 21.5), ("2", "s2", None, None)]
    with pytest.raises(refusals.SeveralTables):
        read_run(f"{ROTOR}\n{ROTOR}".encode())


def test_a_german_rotor_page_is_read() -> None:
    text = (
        "Quantitative Analyse von Cycling A.Green\n\nNr.;Farbe;Name;Typ;Ct;Geg. Konz.\n"
        "1;;s1;Unbekannt;21,5;\n2;;s2;Unbekannt;;\n"
    )
    assert [(r.well, r.ct, r.dye) for r in read_run(text.encode()).rows] == [
        ("1", 21.5, "Green"), ("2", None, "Green"),
    ]  # fmt: skip


def test_the_numbers_of_a_carousel_stay_numbers() -> None:
    text = "Position\tSample Name\tCrossing Point\n1\ts1\t21.5\n32\ts2\t\n"
    assert told(text) == [("1", "s1", None, 21.5), ("32", "s2", None, None)]


@pytest.mark.parametrize(
    "header",
    ["Well No.,Sample ID,Channel,Cq", "Position,Sample,Dye,Ct value", "孔号,样品名,通道,Ct值"],
)
def test_a_maker_nobody_knows_is_read_by_its_words(header: str) -> None:
    rows = read_run(f"{header},Slope\nA1,s1,FAM,21.5,1\nA2,s2,FAM,NoCt,1\n".encode()).rows
    assert [(r.well, r.sample, r.dye, r.ct) for r in rows] == [
        ("A1", "s1", "FAM", 21.5), ("A2", "s2", "FAM", None),
    ]  # fmt: skip


# --- RDML -----------------------------------------------------------------------------------------


def rdml(layout: str, react: str, more: str = "") -> bytes:
    return (
        '<rdml version="1.3" xmlns="http://www.rdml.org"><experiment id="e"><run id="r">'
        f'<pcrFormat>{layout}</pcrFormat><react id="{react}"><sample id="s1"/>'
        f'<data><tar id="N"/><cq>21</cq></data>{more}</react></run></experiment></rdml>'
    ).encode()


@pytest.mark.parametrize(
    ("rows", "columns", "labels", "react", "well"),
    [(8, 12, "ABC", "13", "B1"), (16, 24, "ABC", "384", "P24"), (6, 8, "ABC", "9", "B1"),
     (72, 1, "123", "3", "3"), (1, 72, "123", "3", "3"), (-1, -1, "123", "3", "3"),
     (-1, 1, "123", "H12", "H12"), (8, 12, "ABC", "A01", "A1")],
)  # fmt: skip
def test_rdml_reactions_are_wells_of_a_plate_or_places_of_a_rotor(
    rows: int, columns: int, labels: str, react: str, well: str
) -> None:
    layout = f"<rows>{rows}</rows><columns>{columns}</columns><rowLabel>{labels}</rowLabel>"
    assert told(rdml(f"{layout}<columnLabel>123</columnLabel>", react)) == [(well, "s1", "N", 21.0)]


def test_the_partitions_of_a_digital_pcr_are_no_reactions_of_their_own() -> None:
    parts = '<partitions><volume>1</volume><data><tar id="N"/><pos>9</pos></data></partitions>'
    assert len(told(rdml("<rows>8</rows><columns>12</columns>", "1", parts))) == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_rdml_in_another_encoding_hides_no_entities(encoding: str) -> None:
    xml = rdml("<rows>8</rows><columns>12</columns>", "13").decode()
    head = f'<?xml version="1.0" encoding="{encoding}"?>'
    assert told(f"{head}{xml}".encode(encoding)) == [("B1", "s1", "N", 21.0)]
    bomb = f'{head}<!DOCTYPE r [<!ENTITY a "aaaa">]>{xml}'
    with pytest.raises(refusals.Unsafe):
        read_run(bomb.encode(encoding))


# --- lines and cells ------------------------------------------------------------------------------

REALPLEX = "Pos;Name;Ct FAM;Target FAM\nA1;s1;21,5;N\nA2;s2;-;N\nB1;s3;30;N\n"
TITLED = f"Quantitative analysis of Cycling A.Green\n\n{ROTOR}"


@pytest.mark.parametrize("text", [REALPLEX, TITLED, QS + QS_HEAD + "1\tA1\ts1\tN\t21.5\t9\n"])
@pytest.mark.parametrize("end", ["\r\r\n", "\n\n", "\r\n\r\n"])
def test_empty_lines_between_the_wells_lose_no_well(text: str, end: str) -> None:
    assert told(text.replace("\n", end)) == told(text)


def test_what_stands_below_a_rotor_page_is_not_a_position() -> None:
    assert told(f"{TITLED}\nThreshold,x,0.05,y,z,1\n,n,b,r,9,\n") == told(TITLED)


def test_rotor_positions_lose_their_leading_zero() -> None:
    text = TITLED.replace("\n1,", "\nA01,").replace("\n2,", "\n02,")
    assert [row[0] for row in told(text)] == ["A1", "2"]


def test_a_workbook_with_wide_melt_readings_beside_its_results_is_read() -> None:
    results: Sheet = [
        ["Well", "Well Position", "Sample", "Target", "Cq"],
        [1, "A1", "s1", "N", 21.5],
    ]
    melt: Sheet = [["Well", *[f"Reading {n}" for n in range(1, 200)]], [1, *[0.5] * 199]]
    book = workbook({"Results": results, "Melt Region Temperature Data": melt})
    assert told(book) == [("A1", "s1", "N", 21.5)]


def test_a_sheet_both_wide_and_long_is_not_opened() -> None:
    rows: Sheet = [["Well", "Well Position", "Sample", "Target", "Cq"], [1, "A1", "s1", "N", 21.5]]
    rows += [[] for _ in range(40_000)] + [["x", *[""] * 200, "y"]]
    with pytest.raises(refusals.Unsafe):
        read_run(workbook({"Results": rows}))


HEAD: list[object] = ["Well", "Well Position", "Sample", "Target", "Cq"]


def test_a_second_sheet_of_results_is_never_dropped() -> None:
    one: Sheet = [["Instrument Type", "QuantStudio 7 Pro"], HEAD, [1, "A1", "s1", "N", 21.5]]
    with pytest.raises(refusals.SeveralTables):
        read_run(workbook({"Results": one, "Results 2": [HEAD, [1, "A1", "s1", "N", 35]]}))
    more = told(workbook({"Results": one, "Results 2": [HEAD, [2, "A2", "s2", "N", 35]]}))
    assert more == [("A1", "s1", "N", 21.5), ("A2", "s2", "N", 35.0)]


def test_a_copy_of_some_results_on_another_sheet_adds_nothing() -> None:
    rows: Sheet = [HEAD, [1, "A1", "s1", "N", 21.5], [2, "A2", "s2", "N", 30]]
    assert len(told(workbook({"Results": rows, "Sheet2": [HEAD, rows[2]]}))) == 2


def test_an_sds_2_table_without_its_medians_counts_384_wells() -> None:
    text = (
        "SDS 2.1\tAQ Results\n\nWell\tSample Name\tDetector Name\tTask\tCt\n384\ts1\tN\tNTC\t21.5\n"
    )
    assert told(text) == [("P24", "s1", "N", 21.5)]
