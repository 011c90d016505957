"""Sample sheets and robots' logs into a plate, set-ups and maps out of it."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest
import xlsxwriter

from screening import clock
from screening.db import db
from screening.lab import queries
from screening.lab.plates import sheets_out
from screening.lab.plates.control_places import family
from screening.lab.plates.plate_plan import layouts
from screening.lab.readers import fill_problems as p
from screening.lab.readers import robot_log, sample_sheet
from screening.lab.rules.rule_sets import CDC, GENERAL
from screening.lab.service import filling
from tests.lab.bench import peek, stages

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "plates"
HEADER = (
    "Index,Protocol,Sample Tube Barcode,Input Barcode,Input Well Number,Output Barcode,"
    "Output Well Number,Date/Time,UserName,Machine SN,Reagent Names,Reagent Lot Numbers"
)


# --- sample sheets ------------------------------------------------------------------------------


def read(text: str, encoding: str = "utf-8") -> sample_sheet.SampleSheet:
    return sample_sheet.read_sheet(text.encode(encoding))


def faults(sheet) -> list[tuple[int, str]]:
    return [(f.row, f.problem.code) for f in sheet.faults]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_sheet_is_read_in_any_encoding_and_between_any_separator(encoding, between) -> None:
    rows = ["孔位,管码,备注", "A2,10000000000012,急", "b07,10000000000029,"]
    sheet = read("\r\n".join(r.replace(",", between) for r in rows) + "\r\n", encoding)
    assert [(x.row, x.well, x.text) for x in sheet.lines] == [
        (2, "A2", "10000000000012"),
        (3, "B7", "10000000000029"),
    ]
    assert sheet.faults == []


@pytest.mark.parametrize(
    "header",
    [
        "Well,Sample Name",
        "well,barcode",
        "Position,Tube",
        "反应孔,样本编号",
        "Well Position,SampleID",
    ],
)
def test_headers_of_other_systems_are_known(header: str) -> None:
    assert read(f"{header}\nC3,10000000000012\n").lines[0].well == "C3"


def test_two_bare_columns_are_a_sheet() -> None:
    assert [x.well for x in read("A1,10000000000012\nB1,10000000000029\n").lines] == ["A1", "B1"]


def test_a_workbook_is_a_sheet() -> None:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet("layout")
        for n, row in enumerate(
            [("孔位", "管码"), ("A2", "10000000000012"), ("A3", 10000000000029)]
        ):
            page.write_row(n, 0, row)
    sheet = sample_sheet.read_sheet(out.getvalue())
    assert [x.text for x in sheet.lines] == ["10000000000012", "10000000000029"]


def test_every_fault_of_every_row_is_told_at_once() -> None:
    sheet = read(
        "well,tube\nA2,10000000000012\nZ9,10000000000029\nB2,1.0E+13\nA2,10000000000036\n"
        "A2,10000000000012\nC2,10000000000043\n"
    )
    assert faults(sheet) == [
        (3, "sheet_bad_well"),
        (4, "sheet_scientific"),
        (5, "mixed_well"),
        (6, "sheet_well_repeated"),
    ]
    assert [x.well for x in sheet.lines] == ["A2", "C2"]


def test_a_line_for_each_target_of_a_well_is_no_repetition_but_a_whole_line_twice_is() -> None:
    lines = [
        "well,sample,target",
        "B1,10000000000012,N",
        "B1,10000000000012,IC",
        "B1,10000000000012,N",
    ]
    assert faults(read("\n".join(lines) + "\n")) == [(4, "sheet_well_repeated")]


def test_a_sheet_of_a_hundred_thousand_lines_is_refused_soon() -> None:
    begun = time.perf_counter()
    sheet = read("well,sample,target\n" + "".join(f"B1,1,{n}\n" for n in range(100_000)))
    assert len(sheet.lines) == 1
    assert time.perf_counter() - begun < 5


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "ct,target\n31,N\n", "\0\0"])
def test_what_is_no_sheet_is_refused(text: str) -> None:
    with pytest.raises(p.Problem):
        read(text)


def test_which_of_two_tube_columns_is_meant_is_not_guessed() -> None:
    with pytest.raises(p.TwoColumnsOf):
        read("well,barcode,barcode\nA1,1,2\n")


GRID = ["板号 P1,,,,,,,,,,,,", ",1,2,3,4,5,6,7,8,9,10,11,12", "A,阴控,10000000000012,,,,,,,,,,",
        "B,,10000000000029,,,,,,,,,,", "C,1.0E+13,,,,,,,,,,,"]  # fmt: skip


def test_a_plate_drawn_as_a_table_is_a_sheet() -> None:
    sheet = read("\n".join(GRID) + "\n")
    assert [(x.well, x.kind) for x in sheet.lines] == [
        ("A1", "ntc"),
        ("A2", "tube"),
        ("B2", "tube"),
    ]
    assert [(f.row, f.column, f.problem.code) for f in sheet.faults] == [
        (5, "C1", "sheet_scientific")
    ]


def test_which_of_two_drawn_plates_is_meant_is_not_guessed() -> None:
    with pytest.raises(p.SeveralGrids) as refused:
        read("\n".join([*GRID, "", *GRID[1:]]) + "\n")
    assert refused.value.details == {"row": 7}


def test_a_real_workbook_with_several_plates_is_refused_in_words() -> None:
    file = DATA / "templates" / "Plate_layouts.xlsx"
    if not file.exists():
        pytest.skip("the shared plate files are not here")
    with pytest.raises(p.SeveralGrids):
        sample_sheet.read_sheet(file.read_bytes())


@pytest.mark.parametrize("name", ["qpcr_kf_template.txt", "qpcr_kf_template_new_machine.txt"])
def test_the_set_up_of_a_real_cycler_names_its_controls(name: str) -> None:
    file = DATA / "templates" / name
    if not file.exists():
        pytest.skip("the shared plate files are not here")
    sheet = sample_sheet.read_sheet(file.read_bytes())
    assert [(x.well, x.kind) for x in sheet.lines] == [("A1", "ntc"), ("H12", "pc")]
    assert sheet.faults == []


# --- robots -------------------------------------------------------------------------------------


def log(step: str, *rows: str) -> bytes:
    """`rows`: tube,source,well,target,well[,time]."""
    lines = ["-,-,-", HEADER]
    for n, row in enumerate(rows, 1):
        tube, source, at, target, to, *when = row.split(",")
        time = when[0] if when else "07/16/2020 16:05"
        lines.append(f"{n},{step},{tube},{source},{at},{target},{to},{time},DPM,SN,['a','b'],['1']")
    return ("\r\n".join(lines) + "\r\n").encode()


def chain(code: str, *files: bytes) -> robot_log.Chain:
    return robot_log.chain_to(code, [robot_log.read_log(f, n) for n, f in enumerate(files, 1)])


ALIQUOT = log("SAMPLE_ALIQUOT", "T1,Carrier,1,DW4,A1", "T2,Carrier,2,DW4,B1")
RNA = log("RNA_EXTRACTION", "T1,DW4,A1,R9,A1", "T2,DW4,B1,R9,B1")
PREP = log("QPCR_PREP", "T1,R9,A1,Q8,A1", "T2,R9,B1,Q8,C1")


def test_a_whole_chain_gives_the_map_of_its_last_plate() -> None:
    made = chain("q8", PREP, ALIQUOT, RNA)
    assert (made.wells, made.faults, made.left) == ({"A1": "T1", "C1": "T2"}, [], [])


def test_the_real_logs_of_a_robot_lead_every_well_back_to_its_tube() -> None:
    folder = DATA / "hamilton"
    if not folder.exists():
        pytest.skip("the shared plate files are not here")
    made = chain("H3K006G8", *(f.read_bytes() for f in sorted(folder.iterdir())))
    assert made.faults == []
    assert len(made.wells) == 24
    assert made.wells["K1"] == "61020051904599"
    assert [w for w, t in made.wells.items() if t == "61020051904634"] == ["G1", "I1"]
    assert made.sides == {"DW0000000004A": "DW0000000004"}


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ((PREP, ALIQUOT), [(1, "robot_log_missing"), (2, "robot_log_missing")]),
        ((PREP,), [(1, "robot_log_missing"), (2, "robot_log_missing")]),
        (
            (PREP, RNA, log("SAMPLE_ALIQUOT", "T1,Carrier,1,DW4,A1")),
            [(2, "robot_chain_gap")],
        ),
        (
            (PREP, log("RNA_EXTRACTION", "T1,DW4,A1,R9,A1", "T9,DW4,B1,R9,B1"), ALIQUOT),
            [(2, "robot_chain_tube")],
        ),
        (
            (log("QPCR_PREP", "T1,R9,A1,Q8,A1", "T2,R9,B1,Q8,A1"), RNA, ALIQUOT),
            [(2, "mixed_well")],
        ),
        (
            (PREP, RNA, log("SAMPLE_ALIQUOT", "T1,Carrier,1,DW4,A1", "T2,Carrier,2,DW4,A1",
                            "T2,Carrier,2,DW4,B1")),
            [(2, "mixed_well")],
        ),
        (
            (PREP, log("RNA_EXTRACTION", "T1,DW4,A1,R9,A1,07/16/2020 15:00", "T2,DW4,B1,R9,B1"),
             ALIQUOT),
            [(1, "robot_chain_time")],
        ),
        ((log("QPCR_PREP", "T1,Q8,A1,Q8,A1"),), [(1, "robot_chain_loop")]),
        ((PREP, RNA, ALIQUOT, log("X", "T3,,2,DW4,C1")), [(1, "robot_no_tube")]),
    ],
)  # fmt: skip
def test_a_broken_chain_is_refused_with_the_row_that_breaks_it(files, told) -> None:
    made = chain("Q8", *files)
    above = 2  # the preamble and the header
    assert [(f.row - above, f.problem.code) for f in made.faults] == told


def test_logs_of_another_plate_name_the_plates_that_they_fill() -> None:
    with pytest.raises(p.NotOnThisPlate) as refused:
        chain("P1", PREP, RNA, ALIQUOT)
    assert refused.value.details["found"] == "Q8"


def test_tubes_that_were_taken_from_and_are_not_on_the_plate_are_named() -> None:
    more = log("SAMPLE_ALIQUOT", "T1,C,1,DW4,A1", "T2,C,2,DW4,B1", "T3,C,3,DW4,C1")
    assert chain("Q8", PREP, RNA, more).left == ["T3"]


def test_two_labels_that_might_be_one_plate_are_not_guessed() -> None:
    made = chain("Q8", log("QPCR_PREP", "T1,R9A,A1,Q8,A1", "T2,R9B,B1,Q8,C1"), RNA, ALIQUOT)
    assert [f.problem.code for f in made.faults] == ["robot_log_missing"] * 2


# --- into the plate -----------------------------------------------------------------------------


def look(bench, plate, *files: bytes):
    return filling.look(bench.lab.lab_id, plate.plate_id, list(files))


def sheet_of(wells: dict[str, str]) -> bytes:
    return ("孔位,管码\n" + "".join(f"{w},{b}\n" for w, b in wells.items())).encode("gb18030")


def test_a_sheet_is_shown_first_and_nothing_moves_until_it_is_confirmed(bench) -> None:
    one, two = bench.received(2)
    plate = bench.plate()
    found = look(bench, plate, sheet_of({"B1": one, "C1": two}))
    assert [(x.well, x.barcode, x.members) for x in found.lines] == [("B1", one, 2), ("C1", two, 2)]
    assert queries.list_wells(plate) == {}
    filling.confirm(bench.lab.lab_id, plate.plate_id, found.wells, source="sheet", by=bench.by,
                    at=clock.now())  # fmt: skip
    db.session.commit()
    assert {w: r.barcode for w, r in queries.list_wells(plate).items()} == {"B1": one, "C1": two}
    assert peek("SELECT action FROM audit WHERE action = 'plate_filled_by_sheet'")


def test_faults_of_rows_and_of_tubes_are_told_together(bench) -> None:
    one, gone = bench.received(2)
    bench.scan(bench.plate("P0"), gone)
    plate = bench.plate("P2")
    control = next(w for w, kind in plate.layout.items() if kind == "pc")
    before = stages(one, gone)
    with pytest.raises(p.FillFaults) as refused:
        look(bench, plate, f"well,tube\nB1,{one}\nB1,{gone}\n{control},{one}\nC1,{gone}\nD1,NTC\n"
                           f"E1,12345\nA13,{one}\n".encode())  # fmt: skip
    told = [(f.row, f.problem.code) for f in refused.value.faults]
    assert (3, "mixed_well") in told
    assert (4, "control_well") in told
    assert (5, "already_plated") in told
    assert (6, "sheet_other_control") in told
    assert (8, "no_such_well") in told
    assert any(row == 7 for row, _ in told)
    assert stages(one, gone) == before


def test_one_tube_in_two_wells_is_refused(bench) -> None:
    (one,) = bench.received(1)
    plate = bench.plate()
    with pytest.raises(p.FillFaults) as refused:
        look(bench, plate, sheet_of({"B1": one, "C1": one}))
    assert [f.problem.code for f in refused.value.faults] == ["twice_in_map"]


def test_two_pooled_tubes_in_one_well_are_refused(bench) -> None:
    """Beijing: pools of ten were mixed again by the laboratory."""
    one, two = bench.received(2)
    plate = bench.plate()
    with pytest.raises(p.FillFaults) as refused:
        look(bench, plate, f"well,tube\nB1,{one}\nB1,{two}\n".encode())
    assert "不得把已混采的管再次混合" in refused.value.faults[0].problem.sentence("zh")


def test_a_sheet_of_another_plate_is_refused(bench) -> None:
    (one,) = bench.received(1)
    with pytest.raises(p.FillFaults) as refused:
        look(bench, bench.plate(), f"well,tube,plate\nB1,{one},P9\n".encode())
    assert [f.problem.code for f in refused.value.faults] == ["sheet_other_plate"]


def test_a_robots_logs_fill_the_plate_that_they_name(bench) -> None:
    one, two = bench.received(2)
    plate = bench.plate("Q8", size=384)
    files = [
        log("SAMPLE_ALIQUOT", f"{one},Carrier,1,DW4,A1", f"{two},Carrier,2,DW4,B1"),
        log("RNA_EXTRACTION", f"{one},DW4A,A1,R9,A1", f"{two},DW4A,B1,R9,B1"),
        log("QPCR_PREP", f"{one},R9,A1,Q8,C1", f"{two},R9,B1,Q8,E1"),
    ]
    found = look(bench, plate, *files)
    assert (found.source, found.sides) == ("robot", {"DW4A": "DW4"})
    assert {x.well: x.barcode for x in found.lines} == {"C1": one, "E1": two}
    with pytest.raises(p.FillFaults):
        look(bench, plate, *files[1:])
    with pytest.raises(p.OneSheetOnly):
        look(bench, plate, files[2], sheet_of({"C1": one}))


# --- out ----------------------------------------------------------------------------------------


def whole(size: int = 96, rule=GENERAL, n: int = 3) -> tuple[sheets_out.Plate, dict[str, str]]:
    controls = dict(family(size, True)[0]) if not rule.uniplex else layouts(rule, size)[0]
    tubes = {}
    for i in range(n):
        from screening.lab.plates.plate_plan import free_wells

        tubes |= dict.fromkeys(free_wells(rule, size, controls, tubes, "column"), f"{i:014d}")
    return sheets_out.plate_of("P1", size, rule, controls, tubes), tubes


@pytest.mark.parametrize("size", [96, 384])
@pytest.mark.parametrize("form", ["quantstudio", "plain"])
def test_a_set_up_is_read_back_as_the_same_plate(form: str, size: int) -> None:
    plate, tubes = whole(size, n=40)
    sheet = sample_sheet.read_sheet(sheets_out.FORMS[form].write(plate))
    assert sheet.faults == []
    assert {x.well: x.text for x in sheet.lines if x.kind == "tube"} == tubes
    named = {x.well: x.kind for x in sheet.lines if x.kind != "tube"}
    assert named == dict(family(size, True)[0])


def test_a_set_up_for_quantstudio_has_a_line_for_each_target_with_dye_and_task() -> None:
    plate, _ = whole()
    text = sheets_out.quantstudio(plate).decode()
    head, table = text.split("[Sample Setup]\r\n")
    assert "* Experiment Barcode = P1" in head
    columns, *rows = [line.split("\t") for line in table.splitlines()]
    lines = [dict(zip(columns, row, strict=True)) for row in rows]
    assert len(lines) == len(plate.wells) * 3
    first = [x for x in lines if x["Well Position"] == "A1"]
    assert {(x["Target Name"], x["Task"], x["Sample Name"]) for x in first} == {
        (t.name, "NTC", "NTC") for t in GENERAL.every_target
    }
    b1 = next(x for x in lines if x["Well Position"] == "B1")
    assert (b1["Well"], b1["Sample Name"], b1["Task"]) == ("13", "00000000000000", "UNKNOWN")


def test_a_kit_with_a_well_for_each_target_names_one_target_a_well() -> None:
    plate, _ = whole(rule=CDC, n=1)
    targets = {w.well: [t.name for t in w.targets] for w in plate.wells if w.kind == "tube"}
    assert targets == {"D1": ["N1"], "E1": ["N2"], "F1": ["RP"]}


def test_a_set_up_for_cfx_has_row_column_and_sample() -> None:
    plate, _ = whole()
    header, first, *_ = sheets_out.cfx(plate).decode().splitlines()
    assert header == "Row,Column,*Target Name,*Sample Name,*Biological Group"
    assert first == "A,1,,NTC,P1"
    assert "B,1,,00000000000000,P1" in sheets_out.cfx(plate).decode()
