"""Result lists on the real database: nothing is imported in part, guessed, or said twice."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest

from screening import clock
from screening.accounts.queries import actor_of
from screening.accounts.roles import Role
from screening.db import db, run
from screening.errors import Faults
from screening.i18n import ZONE
from screening.lab import jobs
from screening.lab.lists import problems as p
from screening.lab.lists import template as list_template
from screening.lab.readers.refusals import CutOff, EmptyFile
from screening.lab.readers.result_list import NotAResultList, TwoColumns, TwoLists
from screening.lab.service import alerts, originals, result_lists
from screening.ledger.check import check
from screening.reporting import refusals, service
from screening.tube.rules import Stage
from tests import make
from tests.lab.bench import peek, stages

RECEIVED, TESTED, RELEASED = int(Stage.RECEIVED), int(Stage.TESTED), int(Stage.RELEASED)
REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "plates" / "bulk_upload"
PIN = "284917"


@pytest.fixture
def lis(bench):
    """The bench of a laboratory that is registered with its own system."""
    own(bench, True)
    return bench


def own(bench, value):
    run("UPDATE lab SET own_lis = %s WHERE lab_id = %s", (value, bench.lab.lab_id))
    db.session.commit()


def sheet(rows, header=("管码", "结果")) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows([header, *rows] if header else rows)
    return out.getvalue().encode()


def preview(bench, data):
    out = result_lists.preview(bench.lab.lab_id, data, by=bench.by, at=clock.now())
    db.session.commit()
    return out


def confirm(bench, shown, seen_open=False):
    out = result_lists.confirm(
        bench.lab.lab_id, shown.run.run_id, seen_open=seen_open, by=bench.by, at=clock.now()
    )
    db.session.commit()
    return out


def adopt(bench, data, seen_open=False):
    return confirm(bench, preview(bench, data), seen_open)


def discard(bench, shown):
    told = result_lists.discard(bench.lab.lab_id, shown.run.run_id, by=bench.by, at=clock.now())
    db.session.commit()
    return told


def faults(bench, data):
    """(row, column, code) of everything that was refused."""
    with pytest.raises(Faults) as caught:
        preview(bench, data)
    db.session.rollback()
    assert caught.value.code == "list_faults"
    return [(f.row, f.column, f.problem.code) for f in caught.value.faults]


def outcomes(shown):
    return [line["outcome"] for line in shown.lines]


def told():
    return sorted(peek("SELECT kind, barcode, outcome FROM alert"))


# --- looked at, confirmed -----------------------------------------------------------------------


def test_looking_at_a_list_moves_nothing(lis):
    a, b = lis.received(2)
    shown = preview(lis, sheet([(a, "阴性"), (b, "阳性")]))
    assert (shown.run.state, outcomes(shown), shown.open) == ("previewed", [1, 2], [])
    assert (stages(a, b), told(), peek("SELECT count(*) FROM call")) == ([RECEIVED] * 2, [], [(0,)])


def test_a_confirmed_list_tests_its_tubes_and_alerts_in_the_same_transaction(lis):
    a, b = lis.received(2)
    shown = adopt(lis, sheet([(a, "阴性"), (b, "阳性")]))
    assert (shown.run.state, stages(a, b)) == ("evaluated", [TESTED, TESTED])
    assert told() == [("positive", b, 2)]
    assert shown.verdict["counts"] == {"1": 1, "2": 1}


def test_an_alert_that_cannot_be_written_leaves_no_test_behind(lis, monkeypatch):
    (a,) = lis.received(1)
    shown = preview(lis, sheet([(a, "阳性")]))

    def fail(*args, **kw):
        raise RuntimeError

    monkeypatch.setattr(alerts, "raise_signals", fail)
    with pytest.raises(RuntimeError):
        confirm(lis, shown)
    db.session.rollback()
    assert stages(a) == [RECEIVED]


def test_confirming_twice_is_once(lis):
    (a,) = lis.received(1)
    shown = preview(lis, sheet([(a, "阳性")]))
    assert not confirm(lis, shown).already
    assert confirm(lis, shown).already
    assert len(told()) == 1


def test_the_same_list_twice_is_a_no_op_in_whatever_form_and_order(lis):
    a, b = lis.received(2)
    first = adopt(lis, sheet([(a, "阴性"), (b, "阳性")]))
    again = preview(lis, sheet([(b, " 阳性(+)"), (a, "negative")], ("tube", "result")))
    saved = "\t".join(("管码", "结果")) + f"\r\n{a}\t阴性\r\n{b}\t阳性\r\n"
    other = preview(lis, saved.encode("gb18030"))
    assert again.already and other.already
    assert {again.run.run_id, other.run.run_id} == {first.run.run_id}


def test_a_list_that_was_only_looked_at_can_be_forgotten(lis):
    (a,) = lis.received(1)
    shown = preview(lis, sheet([(a, "阴性")]))
    assert discard(lis, shown) == 0
    assert peek("SELECT count(*) FROM run") == [(0,)]


def test_what_changed_since_the_preview_counts_at_the_confirmation(lis):
    (a,) = lis.received(1)
    shown = preview(lis, sheet([(a, "阴性")]))
    lis.load(lis.plate(), [a])
    with pytest.raises(Faults) as caught:
        confirm(lis, shown)
    assert [f.problem.code for f in caught.value.faults] == ["list_on_plate"]


def test_a_laboratory_with_cyclers_of_ours_cannot_pass_its_controls_by_with_a_list(bench):
    (a,) = bench.received(1)
    own(bench, False)
    with pytest.raises(p.NotOwnLis):
        preview(bench, sheet([(a, "阴性")]))


# --- which tubes --------------------------------------------------------------------------------


def test_only_tubes_that_this_laboratory_received_are_taken(lis):
    (on_the_way,) = lis.sampled(1)
    unknown = lis.city.tube()
    found = faults(lis, sheet([(on_the_way, "阴性"), (unknown, "阴性")]))
    assert found == [(2, "tube", "list_not_received"), (3, "tube", "list_not_received")]


def test_a_tube_of_another_laboratory_is_not_told_apart_from_an_unknown_one(lis):
    (a,) = lis.received(1)
    other = make.lab(own_lis=True)
    db.session.commit()
    with pytest.raises(Faults) as caught:
        result_lists.preview(other.lab_id, sheet([(a, "阴性")]), by=1, at=clock.now())
    assert [f.problem.code for f in caught.value.faults] == ["list_not_received"]


def test_a_tube_on_a_plate_gets_its_result_from_the_cycler_only(lis):
    a, b = lis.received(2)
    lis.load(lis.plate(), [a])
    assert faults(lis, sheet([(a, "阴性"), (b, "阴性")])) == [(2, "tube", "list_on_plate")]


def test_a_tube_with_a_result_is_not_given_another_one(lis):
    a, b = lis.received(2)
    adopt(lis, sheet([(a, "阳性")]), seen_open=True)
    assert faults(lis, sheet([(a, "阴性"), (b, "阴性")])) == [(2, "tube", "list_has_result")]


def test_a_positive_for_a_tube_that_has_a_negative_is_refused_and_told(lis):
    a, b = lis.received(2)
    adopt(lis, sheet([(a, "阴性"), (b, "阳性")]))
    was = told()
    list_ = sheet([(a, "阳性"), (b, "阳性")], header=("管码", "结果"))
    assert (2, "tube", "list_has_result") in faults(lis, list_)
    assert told() == sorted([*was, ("provisional", a, 2)])
    assert (2, "tube", "list_has_result") in faults(lis, list_)
    assert len(told()) == len(was) + 1  # told once


def test_a_list_of_the_whole_day_repeats_the_morning_and_adds_the_afternoon(lis):
    a, b = lis.received(2)
    adopt(lis, sheet([(a, "阳性")]), seen_open=True)
    shown = adopt(lis, sheet([(a, "阳性"), (b, "阴性")]))
    assert shown.verdict["repeated"] == [a]
    assert (len(told()), shown.verdict["tubes"]) == (1, 1)


def test_a_list_with_nothing_new_is_not_confirmed(lis):
    a, b = lis.received(2)
    adopt(lis, sheet([(a, "阴性"), (b, "阴性")]))
    shown = preview(lis, sheet([(a, "阴性")]))
    with pytest.raises(p.NothingNew):
        confirm(lis, shown)


def test_every_received_tube_is_in_the_list_or_named_as_open(lis):
    a, b, c = lis.received(3)
    shown = preview(lis, sheet([(a, "阴性"), (b, "待检")]))
    assert shown.open == sorted([b, c])
    with pytest.raises(p.OpenNotNamed) as caught:
        confirm(lis, shown)
    assert caught.value.details == {"count": 1}  # c; the list itself names b
    db.session.rollback()
    kept = confirm(lis, shown, seen_open=True)
    assert kept.verdict["open"] == sorted([b, c])
    assert stages(a, b, c) == [TESTED, RECEIVED, RECEIVED]


# --- which rows ---------------------------------------------------------------------------------


def test_every_fault_of_every_row_is_told_at_once_and_no_row_is_imported(lis):
    a, b, c, d = lis.received(4)
    header = ("管码", "结果", "ORF1ab Ct", "检测时间")
    tomorrow = (clock.now() + timedelta(days=1)).astimezone(ZONE).isoformat()
    found = faults(lis, sheet([
        (a, "阴姓", "", ""), ("", "阴性", "", ""), (b, "", "", ""), (c, "阴性", "abc", "昨天"),
        (d, "阴性", "99", tomorrow), (d, "阳性", "", ""), ("1.00002E+13", "阴性", "", ""),
        ("12345678901234", "阳性", "", ""),
    ], header))  # fmt: skip
    assert found == [
        (2, "result", "list_unknown_result"), (3, "tube", "list_no_tube"),
        (4, "result", "list_no_result"), (5, "Ct ORF1ab", "list_bad_ct"),
        (5, "time", "list_bad_time"), (6, "Ct ORF1ab", "list_bad_ct"),
        (6, "time", "list_future_time"), (7, "tube", "list_tube_twice"),
        (8, "tube", "list_scientific"), (9, "tube", "list_bad_tube"),
    ]  # fmt: skip
    assert stages(a, b, c, d) == [RECEIVED] * 4
    assert peek("SELECT count(*) FROM run") == [(0,)]


@pytest.mark.parametrize(
    "word",
    ["全部阴性", "正常", "-", "(-)", "0", "合格", "阴性/阳性", "非阴性", "ok", "0.0", "#N/A"],
)
def test_a_word_nobody_knows_is_a_fault_and_never_a_negative(lis, word):
    (a,) = lis.received(1)
    assert faults(lis, sheet([(a, word)])) == [(2, "result", "list_unknown_result")]


def test_no_list_says_it_for_all_tubes_at_once(lis):
    lis.received(2)
    found = faults(lis, sheet([("全部", "阴性")]))
    assert found == [(2, "tube", "list_bad_tube")]


def test_a_negative_whose_own_ct_shows_a_signal_is_inconclusive_and_told(lis):
    a, b = lis.received(2)
    header = ("管码", "结果", "ORF1ab Ct", "N基因 Ct")
    shown = adopt(lis, sheet([(a, "阴性", "24.1", "25"), (b, "阴性", "未检出", "")], header))
    assert outcomes(shown) == [3, 1]
    assert {"instrument_negative"} <= {r["code"] for r in shown.lines[0]["reasons"]}
    assert told() == [("inconclusive", a, 3)]
    assert stages(a, b) == [RECEIVED, TESTED]  # a first doubt is tested again


def test_a_negative_whose_internal_control_failed_is_invalid(lis):
    (a,) = lis.received(1)
    shown = preview(lis, sheet([(a, "阴性", "未检出")], ("管码", "结果", "内标 Ct")))
    assert outcomes(shown) == [4]


def test_a_positive_stays_one_whatever_its_ct_says(lis):
    (a,) = lis.received(1)
    shown = preview(lis, sheet([(a, "阳性", "-", "-")], ("管码", "结果", "Ct(ORF1ab)", "Ct(N)")))
    assert outcomes(shown) == [2]
    assert {"instrument_positive"} <= {r["code"] for r in shown.lines[0]["reasons"]}


def test_a_pool_is_judged_by_the_strictest_cut_off(lis):
    """Ct 37 is no release criterion for a pool, whoever lies in it (domain 2.6)."""
    (a,) = lis.received(1)
    shown = preview(lis, sheet([(a, "阴性", "37")], ("管码", "结果", "N Ct")))
    assert outcomes(shown) == [3]


def test_a_target_that_the_kit_does_not_have_is_asked_about(lis):
    (a,) = lis.received(1)
    found = faults(lis, sheet([(a, "阴性", "28")], ("管码", "结果", "Ct GAPDH")))
    assert found == [(2, "Ct GAPDH", "list_unknown_target")]


def test_a_ct_without_a_target_counts_as_a_signal(lis):
    (a,) = lis.received(1)
    assert outcomes(preview(lis, sheet([(a, "阴性", "28")], ("管码", "结果", "Ct")))) == [3]


def test_the_kit_of_a_row_chooses_its_rules(lis):
    """The BGI kit calls Ct 36 grey; its internal control is VIC."""
    (a,) = lis.received(1)
    header = ("管码", "结果", "ORF1ab Ct", "VIC Ct", "试剂盒")
    shown = preview(lis, sheet([(a, "阴性", "48", "28", "bgi-fam-vic")], header))
    assert outcomes(shown) == [3]


def test_a_test_older_than_its_receipt_is_refused(lis):
    (a,) = lis.received(1)
    day = (clock.now() - timedelta(days=1)).astimezone(ZONE)
    header = ("管码", "结果", "检测时间")
    for text in (f"{day:%Y-%m-%d %H:%M}", f"{day:%Y/%m/%d}"):
        assert faults(lis, sheet([(a, "阴性", text)], header)) == [
            (2, "tube", "list_before_receipt")
        ]
    today = clock.now().astimezone(ZONE)
    assert preview(lis, sheet([(a, "阴性", f"{today:%Y年%m月%d日}")], header)).lines


def test_a_first_doubt_is_tested_again_and_a_second_stands(lis):
    (a,) = lis.received(1)
    adopt(lis, sheet([(a, "可疑")]))
    assert stages(a) == [RECEIVED]
    same = preview(lis, sheet([(a, "可疑"), (lis.received(1)[0], "阴性")]))
    assert same.verdict["repeated"] == [a]  # the first reading again, not a second one
    now = clock.now().astimezone(ZONE)
    second = adopt(
        lis, sheet([(a, "可疑", f"{now:%Y-%m-%d %H:%M}")], ("管码", "结果", "检测时间")), True
    )
    assert (stages(a), second.verdict["reruns"]) == ([TESTED], [])


def test_no_more_than_the_named_columns_of_a_list_is_kept(lis):
    (a,) = lis.received(1)
    header = ("姓名", "身份证号", "管码", "结果", "电话", "检测人")
    row = ("王小明", "11010519491231002X", a, "阴性", "13800000000", "陈检验")
    shown = preview(lis, sheet([row], header))
    assert shown.lines[0]["operator"] == "陈检验"  # sealed where it lies
    ((kept,),) = peek("SELECT readings::text || verdict::text FROM run")
    assert not any(x in kept for x in ("王小明", "002X", "13800000000", "陈检验"))


def test_the_original_is_kept_sealed_and_forgotten_with_a_list_that_was_only_looked_at(lis):
    a, b = lis.received(2)
    data = sheet([(a, "阴性"), (b, "阴性")])
    shown = adopt(lis, data)
    preview(lis, sheet([(b, " 阴性"), (a, "阴性")]))  # the same list in another form
    ((sealed,),) = peek("SELECT sealed FROM original")
    assert a.encode() not in bytes(sealed)
    assert originals.open_original(lis.lab.lab_id, shown.run.run_id) == data
    (c,) = lis.received(1)
    looked = preview(lis, sheet([(c, "阴性")]))
    discard(lis, looked)
    assert len(peek("SELECT 1 FROM original")) == 1


def test_whoever_puts_a_list_with_a_positive_away_has_not_made_it_unseen(lis):
    a, b = lis.received(2)
    shown = preview(lis, sheet([(a, "阳性"), (b, "阴性")]))
    assert discard(lis, shown) == 1
    assert told() == [("provisional", a, 2)]
    kept = result_lists.show(lis.lab.lab_id, shown.run.run_id, at=clock.now())
    assert kept.run.state == "quarantined"
    again = preview(lis, sheet([(a, "阳性"), (b, "阴性")]))  # it may still be adopted
    assert not again.already
    assert discard(lis, again) == 0  # told once
    assert confirm(lis, preview(lis, sheet([(a, "阳性"), (b, "阴性")]))).run.state == "evaluated"


def test_a_list_with_the_positive_taken_out_does_not_hide_it(lis):
    a, b = lis.received(2)
    preview(lis, sheet([(a, "阳性"), (b, "阴性")]))  # looked at, left lying
    shown = adopt(lis, sheet([(a, "阴性"), (b, "阴性")]))
    assert told() == [("provisional", a, 2)]
    one, two = (actor_of(make.staff(r, lis.city.lab, pin=PIN).staff_id)
                for r in (Role.LAB_TECHNICIAN, Role.LAB_REVIEWER))  # fmt: skip
    kw = {"lab_id": lis.lab.lab_id, "run_id": shown.run.run_id}
    service.review([], 1, by=one, secret=PIN, at=clock.now(), **kw)
    service.review([], 2, by=two, secret=PIN, at=clock.now(), **kw)
    out = service.release([], by=two, at=clock.now(), **kw)
    assert out.released == [b]
    assert {problem.code for problem in out.refused} == {"alert_conflict"}


def test_a_list_that_nobody_confirmed_is_forgotten_but_not_its_positive(lis):
    a, b = lis.received(2)
    preview(lis, sheet([(a, "阳性")]))
    preview(lis, sheet([(b, "阴性")]))
    run("UPDATE run SET imported_at = imported_at - interval '3 days' "
        "WHERE cell_id = %s", (lis.lab.cell_id,))  # fmt: skip
    jobs.forget_previews()
    db.session.commit()
    assert told() == [("provisional", a, 2)]
    assert peek("SELECT state FROM run") == [("quarantined",)]


def test_a_list_with_far_too_many_positives_is_held_though_its_alerts_are_out(lis):
    tubes = lis.received(8)
    shown = adopt(lis, sheet([(t, "阳性") for t in tubes]))
    assert "plate_high" in shown.verdict["holds"]
    assert len(told()) == 8
    one, two = (actor_of(make.staff(r, lis.city.lab, pin=PIN).staff_id)
                for r in (Role.LAB_TECHNICIAN, Role.LAB_REVIEWER))  # fmt: skip
    kw = {"lab_id": lis.lab.lab_id, "run_id": shown.run.run_id}
    service.review(tubes, 1, by=one, secret=PIN, at=clock.now(), **kw)
    service.review(tubes, 2, by=two, secret=PIN, at=clock.now(), **kw)
    with pytest.raises(refusals.Refused) as caught:
        service.release(tubes, by=two, at=clock.now(), **kw)
    assert {f.problem.code for f in caught.value.faults} == {"watched"}


# --- files --------------------------------------------------------------------------------------


def test_titles_above_and_signatures_below_the_table_are_passed_over(lis):
    a, b = lis.received(2)
    rows = [("核酸检测结果报告单",), (), ("管码", "检测结果"), (a, "阴性"), (b, "阳性"), (),
            ("合计", ""), ("审核人：", "")]  # fmt: skip
    shown = preview(lis, sheet(rows, None))
    assert outcomes(shown) == [1, 2]
    assert [line["row"] for line in shown.lines] == [4, 5]


def test_marks_that_nobody_sees_and_wide_digits_do_not_matter(lis):
    a, b = lis.received(2)
    wide = "".join(chr(ord(c) + 0xFEE0) for c in a)
    rows = [("\u200b" + wide, "\u3000阴\u200d 性 "), (f"'{b}\u202c", "ＮＥＧＡＴＩＶＥ")]
    shown = preview(lis, "\ufeff".encode() + sheet(rows))
    assert ([x["barcode"] for x in shown.lines], outcomes(shown)) == ([a, b], [1, 1])


def test_what_no_database_can_hold_does_not_reach_it(lis):
    import xlsxwriter

    (a,) = lis.received(1)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet()
        page.write_row(0, 0, ("管码", "结果", "试剂盒", "Ct _x0000_N" + "x" * 500, "检测人"))
        page.write_row(1, 0, (a, "阴性", "_x0000_kit_x0001_", "", "=cmd|'/c calc'!A0"))
    shown = preview(lis, out.getvalue())
    assert outcomes(shown) == [1]


def test_two_bare_columns_are_a_list_too(lis):
    a, b = lis.received(2)
    shown = preview(lis, sheet([(a, "阴性"), (b, "阴性")], None))
    assert (outcomes(shown), shown.run.verdict["headed"]) == ([1, 1], False)


def test_a_list_with_two_results_a_row_is_not_guessed_at(lis):
    (a,) = lis.received(1)
    with pytest.raises(TwoColumns):
        preview(lis, sheet([(a, "阴性", "阳性")], ("管码", "检测结果", "结论")))


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_template_names_every_owed_tube_and_fills_in_no_result(lis, form, lang):
    a, b = lis.received(2)
    tubes = [o.barcode for o in result_lists.owed(lis.lab.lab_id)]
    assert tubes == sorted([a, b])
    data = list_template.WRITERS[form](tubes, lang)
    assert faults(lis, data) == [(2, "result", "list_no_result"), (3, "result", "list_no_result")]


def test_a_template_filled_in_by_a_spreadsheet_is_a_list(lis):
    import xlsxwriter

    a, b = lis.received(2)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet("结果清单")
        page.write_row(0, 0, list_template.HEADINGS["zh"])
        page.write_row(1, 0, [int(a), "阴性", "", "", 28.13, "ORF1ab/N + IC"])  # a number
        page.write_row(2, 0, [b, "阳性", 24.5, 26.25, 29.0, "", "", "T01"])
        book.add_worksheet("说明").write_string(0, 0, "每管一行")
    shown = preview(lis, out.getvalue())
    assert outcomes(shown) == [1, 2]
    assert shown.lines[1]["cts"] == {"ORF1ab": 24.5, "N": 26.25, "内标": 29.0}


def test_two_lists_in_one_workbook_are_refused(lis):
    import xlsxwriter

    (a,) = lis.received(1)
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        for name in ("上午", "下午"):
            page = book.add_worksheet(name)
            page.write_row(0, 0, ("管码", "结果"))
            page.write_row(1, 0, (a, "阴性"))
    with pytest.raises(TwoLists):
        preview(lis, out.getvalue())


def test_a_list_that_ends_where_old_spreadsheets_end_is_refused(lis):
    rows = [(str(10**13 + i), "阴性") for i in range(65_535)]
    with pytest.raises(CutOff):
        preview(lis, sheet(rows))


# --- lists of other systems, as found in the wild -----------------------------------------------


def real(name: str) -> bytes:
    path = REAL / name
    if not path.exists():
        pytest.skip("the shared data is not here: lists of other systems are not tried")
    return path.read_bytes()


def test_a_chinese_list_of_two_columns_is_read_and_its_strange_numbers_are_faults(lis):
    found = faults(lis, real("2019ncov_result.xls"))
    assert found == [(n, "tube", "list_bad_tube") for n in range(1, 7)]


@pytest.mark.parametrize("name", [
    "simplereport_all-fields.csv", "simplereport_invalid-values.csv", "SR-UPLOAD.csv",
    "simplereport_valid-different-results.csv", "simplereport_valid-with-escaped-commas.csv",
    "patients_valid.csv", "patients_malformed.csv", "patients_missingHeaders.csv",
    "reportstream_fake-pdi-covid-19.csv", "COVID_test_expected_interpretation.csv",
])  # fmt: skip
def test_a_list_made_for_another_system_is_refused_whole(lis, name):
    with pytest.raises(NotAResultList):
        preview(lis, real(name))


def test_an_empty_list_is_refused(lis):
    with pytest.raises(EmptyFile):
        preview(lis, real("patients_empty.csv"))


# --- reviews, gates, release --------------------------------------------------------------------


def test_results_of_a_list_pass_the_same_reviews_and_gates(lis):
    a, b = lis.received(2)
    shown = adopt(lis, sheet([(a, "阴性"), (b, "阳性")]))
    lab_id, run_id = lis.lab.lab_id, shown.run.run_id
    one, two = (actor_of(make.staff(r, lis.city.lab, pin=PIN).staff_id)
                for r in (Role.LAB_TECHNICIAN, Role.LAB_REVIEWER))  # fmt: skip
    kw = {"lab_id": lab_id, "run_id": run_id}
    with pytest.raises(refusals.Refused):
        service.release([a, b], by=two, at=clock.now(), **kw)
    db.session.rollback()
    service.review([a, b], 1, by=one, secret=PIN, at=clock.now(), **kw)
    service.review([a, b], 2, by=two, secret=PIN, at=clock.now(), **kw)
    out = service.release([a, b], by=two, at=clock.now(), **kw)
    db.session.commit()
    assert (sorted(out.released), out.callbacks) == (sorted([a, b]), 2)
    assert stages(a, b) == [RELEASED] * 2
    assert dict(peek("SELECT barcode, outcome FROM result")) == {a: 1, b: 2}


def test_a_negative_in_a_later_list_does_not_go_out_over_the_alert_of_the_first(lis):
    (a,) = lis.received(1)
    adopt(lis, sheet([(a, "可疑")]))
    shown = adopt(lis, sheet([(a, "阴性")]))
    one, two = (actor_of(make.staff(r, lis.city.lab, pin=PIN).staff_id)
                for r in (Role.LAB_TECHNICIAN, Role.LAB_REVIEWER))  # fmt: skip
    kw = {"lab_id": lis.lab.lab_id, "run_id": shown.run.run_id}
    service.review([a], 1, by=one, secret=PIN, at=clock.now(), **kw)
    service.review([a], 2, by=two, secret=PIN, at=clock.now(), **kw)
    with pytest.raises(refusals.Refused) as caught:
        service.release([a], by=two, at=clock.now(), **kw)
    assert {f.problem.code for f in caught.value.faults} == {"alert_conflict"}


def test_a_recount_of_the_chain_finds_lists_as_they_were_told(lis):
    a, b, c = lis.received(3)
    adopt(lis, sheet([(a, "阴性"), (b, "可疑"), (c, "阳性")]))
    adopt(lis, sheet([(b, "阴性")]))
    assert check(lis.city.round_id).differences == []
