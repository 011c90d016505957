"""Run files: the open files against their truth, made ones for what the open ones do not show."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections import Counter
from pathlib import Path

import pytest
import xlsxwriter

from screening.lab.readers import NotARunFile, read_run, refusals
from screening.lab.readers.apart import Parser
from screening.lab.readers.columns import key, read_ct, well_name, well_of_number
from screening.lab.readers.run import (
    IMPOSSIBLE,
    NO_VALUE,
    OMITTED,
    OPEN_END,
    TWICE,
    UNKNOWN_MAKER,
    UNREADABLE,
    WellReading,
)
from screening.lab.readers.text import decode

FILES = Path(__file__).parent / "files"
OPEN = Path(__file__).parents[3] / "shared/data/pcr/open"
REFUSED = "must_refuse_"
# The truth of this file stops at H8; a 72-well rotor goes on to I8, and its eight wells have Cts.
CUT_SHORT = {"rotorgene__raw_data_corbett1.csv": {f"I{n}" for n in range(1, 9)}}
ABSENT = "the open instrument files (../shared/data/pcr) are not here"


def truths() -> list[Path]:
    return sorted(OPEN.glob("*.truth.json"))


def made(name: str) -> bytes:
    return (FILES / f"made_{name}").read_bytes()


def cases(*, refused: bool) -> list:
    here = [t for t in truths() if t.name.startswith(REFUSED) is refused]
    absent = pytest.param(Path(), marks=pytest.mark.skip(reason=ABSENT))
    return [pytest.param(t, id=t.name[:60]) for t in here] or [absent]


def cts(data: bytes) -> dict[tuple[str, str | None], float | None]:
    return {(r.well, r.target): r.ct for r in read_run(data).rows}


def xlsx(rows: list[list], *, sheet: str = "Sheet1") -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet(sheet)
        for i, row in enumerate(rows):
            page.write_row(i, 0, row)
    return out.getvalue()


# --- the open files ---------------------------------------------------------------------------


@pytest.mark.parametrize("truth", cases(refused=False))
def test_an_open_file_reads_as_its_truth_says(truth: Path) -> None:
    wanted = json.loads(truth.read_text("utf-8"))
    run = read_run(truth.with_name(wanted["file"]).read_bytes())
    fields = {"ct_raw": "raw", "dye": "dye", "task": "task", "call": "call", "omit": "omitted"}
    told = [f for f in fields if any(f in row for row in wanted["rows"])]
    expected = Counter(
        (
            r["well"],
            r["sample"],
            r["target"],
            r["ct"],
            *((v if isinstance(v := r.get(f), bool) else v or None) for f in told),
        )
        for r in wanted["rows"]
    )
    more = CUT_SHORT.get(wanted["file"], set())
    rows = [r for r in run.rows if r.well not in more]
    got = Counter(
        (r.well, r.sample, r.target, r.ct, *(told_of(r, fields[f]) for f in told)) for r in rows
    )
    assert got == expected
    assert {r.well for r in run.rows} >= more
    assert {r.well for r in rows} == {r["well"] for r in wanted["rows"]}
    assert sum(r.ct is not None for r in rows) == wanted["n_ct"]


def told_of(reading: WellReading, field: str) -> object:
    """As a truth file writes it: an empty cell is null there."""
    value = getattr(reading, field)
    return value if isinstance(value, bool) else value or None


@pytest.mark.parametrize("truth", cases(refused=True))
def test_what_is_no_run_file_is_refused_with_advice(truth: Path) -> None:
    with pytest.raises(NotARunFile) as refused:
        read_run(truth.with_name(truth.name.removesuffix(".truth.json")).read_bytes())
    assert refused.value.code != "not_a_run_file", "the refusal must say what the file is"
    assert {"导出", "保存", "另存"} & set(_pairs(refused.value.sentence("zh")))
    assert "?" not in refused.value.sentence("en")


def _pairs(text: str) -> list[str]:
    return [text[i : i + 2] for i in range(len(text))]


@pytest.mark.skipif(not truths(), reason=ABSENT)
@pytest.mark.parametrize(
    ("start", "why"),
    [
        ("must_refuse__LC480_Example", refusals.RawCurves),
        ("must_refuse__Zymo_LOD_1x_2020-04-18_Copy_Ampl", refusals.RawCurves),
        ("must_refuse__Zymo_LOD_1x_2020-04-18_Copy.eds", refusals.InstrumentDocument),
        ("must_refuse__linregpcr", refusals.NoValues),
    ],
)
def test_the_refusal_names_what_was_seen(start: str, why: type[NotARunFile]) -> None:
    file = next(f for f in OPEN.iterdir() if f.name.startswith(start) and f.suffix != ".json")
    with pytest.raises(why):
        read_run(file.read_bytes(), name="results.csv")


@pytest.mark.skipif(not truths(), reason=ABSENT)
def test_every_open_file_cut_anywhere_is_refused_or_says_less_but_never_other() -> None:
    for file in OPEN.glob("quantstudio_xls__*Test_2.xlsx"):
        whole = file.read_bytes()
        for part in (100, len(whole) // 3, len(whole) // 2, len(whole) - 30):
            with pytest.raises(NotARunFile):
                read_run(whole[:part])
    for file in OPEN.glob("biorad_cfx__sam_2024*.csv"):
        whole = file.read_bytes()
        full = {(r.well, r.sample, r.ct) for r in read_run(whole).rows}
        for part in range(len(whole) // 2, len(whole) // 2 + 130):
            try:
                cut = read_run(whole[:part])
            except NotARunFile:
                continue
            assert {(r.well, r.sample, r.ct) for r in cut.rows} <= full


# --- the documented plain table ------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["generic_zh_gb18030.csv", "generic_utf16_comma_cr.txt", "cfx_semicolon_comma.csv"],
)
def test_encoding_line_end_delimiter_and_decimal_sign_do_not_change_a_value(name: str) -> None:
    assert cts(made(name)) == cts(made("generic.csv"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_plain_table_reads_alike_in_every_dress(
    encoding: str, end: str, delimiter: str
) -> None:
    text = made("generic.csv").decode().replace("\r\n", end).replace(",", delimiter)
    assert cts(text.encode(encoding)) == cts(made("generic.csv"))


@pytest.mark.parametrize(
    "header", ["孔位,样本,靶标,Ct", "Well,Sample Name,Target Name,Cq", "孔号,管码,基因,ct值"]
)
def test_the_plain_table_has_chinese_and_english_headers(header: str) -> None:
    assert cts(f"{header}\nB7,1,N,31.5\nB8,2,N,未检出\n".encode("gb18030")) == {
        ("B7", "N"): 31.5,
        ("B8", "N"): None,
    }


def test_the_plain_table_may_be_a_workbook() -> None:
    rows = [["well", "sample", "target", "ct"], ["A1", 10100000000117, "N", 30.25]]
    (row,) = read_run(xlsx(rows)).rows
    assert (row.well, row.sample, row.ct) == ("A1", "10100000000117", 30.25)


def test_the_plate_code_of_the_plain_table_is_kept() -> None:
    assert read_run(made("generic_zh_gb18030.csv")).plate_barcode == "P0001"
    assert read_run(made("quantstudio_cr.txt")).plate_barcode == "P0001"


def test_two_plate_codes_in_one_file_are_refused() -> None:
    with pytest.raises(refusals.SeveralTables):
        read_run(b"well,sample,target,ct,plate\nA1,1,N,30,P1\nA2,2,N,31,P2\n")


def test_a_table_of_an_unknown_maker_is_read_by_its_words_and_says_so() -> None:
    run = read_run(b"well,sample,target,ct,slope\nA1,1,N,30,-3.3\n")
    assert [(r.well, r.target, r.ct) for r in run.rows] == [("A1", "N", 30.0)]
    assert UNKNOWN_MAKER in [w.code for w in run.warnings]


# --- instruments of which no open file exists: made after the layouts that public code reads -------


def slan() -> bytes:
    head = [["实验名称", "made-1"], [], ["日期", "2026-11-22 08:00"], *[[] for _ in range(10)]]
    names = ["反应孔", "", "样品", "", "", "", "", "", "通道", "样品类型", "", "", "Ct"]
    rows = [
        ["A1", "", "10000000000147", *[""] * 5, "FAM", "待测样品", "", "", 31.2],
        ["A1", "", "10000000000147", *[""] * 5, "VIC", "待测样品", "", "", 27.9],
        ["A2", "", "10000000000244", *[""] * 5, "FAM", "待测样品", "", "", "NoCt"],
        ["A2", "", "10000000000244", *[""] * 5, "VIC", "待测样品", "", "", "-"],
    ]
    return xlsx([*head, names, *rows], sheet="实验数据")


def test_a_slan_sheet_is_read_channel_by_channel() -> None:
    run = read_run(slan())
    assert run.instrument == "Hongshi SLAN"
    assert [(r.well, r.sample, r.dye, r.ct) for r in run.rows] == [
        ("A1", "10000000000147", "FAM", 31.2), ("A1", "10000000000147", "VIC", 27.9),
        ("A2", "10000000000244", "FAM", None), ("A2", "10000000000244", "VIC", None),
    ]  # fmt: skip
    assert all(r.measured for r in run.rows)
    assert run.started == "2026-11-22 08:00"


def test_an_ma_6000_sheet_has_its_wells_from_row_three() -> None:
    rows = [
        ["made"], ["Well", "", "", "Sample", "Item", "Ct", "Reporter"],
        ["B7", "", "", "S1", "ORF1ab", 33.5, "FAM"], ["B7", "", "", "S1", "N", "NoCt", "VIC"],
    ]  # fmt: skip
    run = read_run(xlsx(rows, sheet="Data&Graph"))
    assert run.instrument == "Yarui MA-6000"
    assert [(r.well, r.target, r.dye, r.ct) for r in run.rows] == [
        ("B7", "ORF1ab", "FAM", 33.5), ("B7", "N", "VIC", None),
    ]  # fmt: skip


def test_on_a_gentier_zero_means_not_detected_and_order_tells_the_channel() -> None:
    rows = [
        ["No.", "Well", "", "", "", "SampleID", "Ct"],
        [1, "C3", "", "", "", "S1", 0], [2, "C3", "", "", "", "S1", 35.25], [3, "C3", "", "", "", "S1", 25],
    ]  # fmt: skip
    run = read_run(xlsx(rows, sheet="0"))
    assert run.instrument == "Tianlong Gentier"
    assert [(r.dye, r.ct, r.measured) for r in run.rows] == [
        ("1", None, True), ("2", 35.25, True), ("3", 25.0, True),
    ]  # fmt: skip


def endless_xls() -> bytes:
    """A container whose directory goes on with itself: eight gigabytes for a naive parser."""
    header = bytearray(512)
    header[:8] = bytes.fromhex("d0cf11e0a1b11ae1")
    struct.pack_into("<HHHHH", header, 24, 0x3E, 3, 0xFFFE, 9, 6)
    struct.pack_into("<IIIIIIIII", header, 40, 0, 1, 1, 0, 4096, 0xFFFFFFFE, 0, 0xFFFFFFFE, 0)
    struct.pack_into("<109I", header, 76, 0, *[0xFFFFFFFF] * 108)
    table = struct.pack("<128I", 0xFFFFFFFD, 1, *[0xFFFFFFFF] * 126)
    return bytes(header) + table + bytes(512)


def test_a_workbook_that_eats_memory_is_refused_and_the_next_one_is_read() -> None:
    with pytest.raises(refusals.CutOff):
        read_run(endless_xls())
    assert read_run(slan()).instrument == "Hongshi SLAN"


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
def test_the_process_apart_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCREENING_KEYS", "a key ring")
    parser = Parser()
    try:
        assert parser.sheets_of(slan())
        assert parser._process is not None
        told = Path(f"/proc/{parser._process.pid}/environ").read_bytes()
    finally:
        parser.stop()
    assert b"PYTHONPATH=" in told
    assert b"SCREENING_KEYS" not in told
    assert b"DATABASE_URL" not in told


def test_rdml_with_entities_is_never_expanded() -> None:
    bomb = b'<!DOCTYPE r [<!ENTITY a "aaaa">]><rdml version="1.1"><experiment id="&a;"/></rdml>'
    with pytest.raises(refusals.Unsafe):
        read_run(bomb)


# --- values -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "word",
    ["Undetermined", "UNDETERMINED", "Undet.", "No Ct", "NoCt", "N/A", "NaN", "NA", "-", "n. def.",
     "未检出", "ND"],
)  # fmt: skip
def test_a_word_for_not_detected_is_a_measured_null(word: str) -> None:
    assert read_ct(word) == (None, True)


@pytest.mark.parametrize(
    "cell", ["", "####", "Error", "阴性", "neg", "30 31", "1,234.5", "=A1", "1e999"]
)
def test_what_is_neither_number_nor_word_is_not_measured(cell: str) -> None:
    assert read_ct(cell) == (None, False)


@pytest.mark.parametrize(
    ("cell", "ct"),
    [("31.2", 31.2), ("31,2", 31.2), (" 20 ", 20.0), ("-1", -1.0), ("363", 363.0), ("3E1", 30.0)],
)
def test_a_number_is_kept_even_if_impossible(cell: str, ct: float) -> None:
    assert read_ct(cell) == (ct, True)


def test_odd_values_are_remarked_by_well() -> None:
    run = read_run(made("odd_values.csv"))
    told = {r.code: r.wells for r in run.warnings}
    assert told == {
        IMPOSSIBLE: ["A1", "A2", "A6"],
        UNREADABLE: ["A3"],
        NO_VALUE: ["A4"],
        TWICE: ["A5"],
    }
    assert all("A" in r.sentence("zh") and r.sentence("en") for r in run.warnings)


def test_a_well_the_operator_left_out_is_kept_and_marked() -> None:
    run = read_run(made("quantstudio_cr.txt"))
    assert [(r.well, r.target) for r in run.rows if r.omitted] == [("A2", "IC")]
    assert OMITTED in {r.code for r in run.warnings}
    assert run.instrument == "QuantStudio™ 5 System"


def test_what_a_file_says_of_its_run_is_kept() -> None:
    run = read_run(made("cfx_semicolon_comma.csv"))
    assert (run.started, run.ended) == ("11/20/2026 08:10:00 UTC", "11/20/2026 09:40:00 UTC")


def test_a_call_without_ct_is_not_a_measurement() -> None:
    run = read_run(made("da_well_call.csv"))
    assert [(r.call, r.ct, r.measured) for r in run.rows] == [
        (call, None, False) for call in ("NEGATIVE", "POSITIVE", "INVALID", "WARNING")
    ]


@pytest.mark.parametrize(
    ("text", "well"),
    [("A1", "A1"), ("a01", "A1"), ("H12", "H12"), ("P24", "P24"), ("<A1>", "A1"), (" B07 ", "B7"),
     ("Q1", None), ("A25", None), ("A0", None), ("1", None), ("", None), ("A1B", None)],
)  # fmt: skip
def test_well_names_are_made_one(text: str, well: str | None) -> None:
    assert well_name(text) == well


@pytest.mark.parametrize(
    ("number", "size", "well"),
    [(1, 96, "A1"), (13, 96, "B1"), (96, 96, "H12"), (97, 96, None), (0, 96, None),
     (24, 384, "A24"), (25, 384, "B1"), (384, 384, "P24")],
)  # fmt: skip
def test_instruments_count_wells_by_row(number: int, size: int, well: str | None) -> None:
    assert well_of_number(number, size) == well


def test_a_cyrillic_letter_in_the_header_is_read_as_it_looks() -> None:
    assert key("Cт") == key("CT") == key("C(t)") == "ct"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("温度".encode("gb18030"), "温度"),
        ("反应孔,待测样品\n".encode("gb18030"), "反应孔,待测样品\n"),
        (b"95 \xb0C\r\n", "95 °C\n"),
        ("QuantStudio™ 95 °C".encode(), "QuantStudio™ 95 °C"),
    ],
)
def test_chinese_and_western_bytes_are_told_apart(data: bytes, text: str) -> None:
    assert decode(data) == text


# --- refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("7500_one_empty_well.csv", NotARunFile),
        ("quantstudio_one_empty_well.txt", refusals.NoWells),
        ("cfx_without_well.csv", refusals.ColumnsMissing),
        ("two_plates.csv", refusals.SeveralTables),
        ("cut_off.csv", refusals.CutOff),
        ("unanalysed.csv", refusals.NoValues),
        ("bad_well.csv", refusals.BadWell),
    ],
)
def test_a_made_slip_is_refused(name: str, why: type[NotARunFile]) -> None:
    with pytest.raises(why):
        read_run(made(name))


@pytest.mark.parametrize("data", [b"", b"   \r\n", b"\xef\xbb\xbf", b"\0\0\0\0"])
def test_an_empty_file_is_refused(data: bytes) -> None:
    with pytest.raises(NotARunFile):
        read_run(data)


@pytest.mark.parametrize(
    "data",
    [b"%PDF-1.7\n\x00\x01", b"\x89PNG\r\n\x1a\n", b"\x1f\x8b\x08\x00abc", b"MZ\x90\x00", b"hello\n",
     b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1"), b"<html><table><tr><td>well</td></tr>",
     b"id,name\n1,x\n"],
)  # fmt: skip
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(NotARunFile):
        read_run(data)


def test_a_file_without_its_last_line_end_is_remarked() -> None:
    run = read_run(made("generic.csv").rstrip())
    assert OPEN_END in {r.code for r in run.warnings}


def test_an_oversized_file_is_refused_unread() -> None:
    with pytest.raises(refusals.TooBig):
        read_run(b"x" * (20 * 2**20 + 1))


def test_a_zip_bomb_is_not_opened() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/workbook.xml", "<workbook/>")
        packed.writestr("xl/worksheets/sheet1.xml", b"0" * (8 * 2**20))
    with pytest.raises(refusals.Unsafe):
        read_run(out.getvalue())


def test_a_cell_far_away_does_not_take_the_memory() -> None:
    rows = [["well", "sample", "target", "ct"], ["A1", "1", "N", 30]]
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        page = book.add_worksheet()
        for i, row in enumerate(rows):
            page.write_row(i, 0, row)
        page.write(1_048_575, 16_383, "x")
    with pytest.raises(refusals.Unsafe):
        read_run(out.getvalue())


def test_a_workbook_of_curves_only_is_refused_as_curves() -> None:
    rows = [["Well", "Well Position", "Cycle", "Rn"], [1, "A1", 1, 0.5]]
    with pytest.raises(refusals.RawCurves):
        read_run(xlsx(rows, sheet="Amplification Data"))


def test_a_quote_in_a_sample_name_swallows_no_line() -> None:
    run = read_run(b'Well\tSample\tTarget\tCt\nA1\t"5 x\tN\t30.1\nA2\ts2\tN\t31.2\nA3\t"q"\tN\t-\n')
    assert [(r.well, r.sample) for r in run.rows] == [("A1", "5 x"), ("A2", "s2"), ("A3", "q")]


def test_a_lone_quote_between_commas_is_refused_rather_than_guessed() -> None:
    with pytest.raises(refusals.CutOff):
        read_run(b'well,sample,target,ct\nA1,"5 x,N,"30,1"\nA2,s2,N,31.2\nA3,"q,N,-\n')


def test_a_remark_over_two_lines_in_a_cell_is_no_damage() -> None:
    run = read_run(
        b"Well,Fluor,Target,Content,Sample,Cq,Well Note\n"
        b'A01,FAM,N,Unkn,1,30.1,"first\nsecond"\nA02,FAM,N,Unkn,2,NaN,\n'
    )
    assert [(r.well, r.ct) for r in run.rows] == [("A1", 30.1), ("A2", None)]


def test_a_refusal_repeats_nothing_personal_from_the_file() -> None:
    with pytest.raises(refusals.BadWell) as refused:
        read_run("well,sample,target,ct\nA1,a,N,30\n张三丰的样本和很多别的字,x,N,31\n".encode())
    assert refused.value.details == {"row": 3, "seen": "…"}


# --- identity -----------------------------------------------------------------------------------


def test_the_same_run_saved_again_is_the_same_run() -> None:
    once, again = read_run(made("generic.csv")), read_run(made("generic_utf16_comma_cr.txt"))
    assert once.sha256 != again.sha256
    assert once.content_sha256 == again.content_sha256


def test_another_value_makes_another_run() -> None:
    changed = made("generic.csv").replace(b"31.20", b"31.21")
    assert read_run(changed).content_sha256 != read_run(made("generic.csv")).content_sha256
