"""Run files dropped many at once or written into a folder: matched by plate code, or in the tray."""

from __future__ import annotations

import io
import os
import time
from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db
from screening.lab.bench import folder as folders
from screening.lab.bench.folder import QUIET_SECONDS, Look
from screening.lab.bench.tray_words import FileGone, NoDiscardReason, SecondPerson
from screening.lab.queries.tray import list_waiting_files
from screening.lab.service import runs, tray
from screening.lab.watching import take_once
from tests import make
from tests.lab.bench import HOT, peek, run_file
from tests.lab.test_bench_scan import Desk


def take(bench, data, name="run.csv"):
    came = tray.take(bench.lab.lab_id, data, name, by=bench.by, at=clock.now())
    db.session.commit()
    return came


def act(bench, what, *args, by=None):
    try:
        out = what(bench.lab.lab_id, *args, by=by or bench.by, at=clock.now())
    except Exception:
        db.session.rollback()
        raise
    db.session.commit()
    return out


@pytest.fixture
def loaded(bench):
    """(plate P1, its tubes)"""
    tubes = bench.received(3)
    plate = bench.plate("P1")
    bench.load(plate, tubes)
    return plate, tubes


def states():
    return peek("SELECT state, why FROM tray_file ORDER BY file_id")


# --- matched ------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["P1", "p1", " P1 "])
def test_a_file_goes_to_the_plate_whose_code_it_carries_and_waits_there(bench, loaded, code):
    plate, _ = loaded
    came = take(bench, bench.file(plate, code=code))
    assert (came.state, came.plate) == ("matched", "P1")
    assert peek("SELECT state, plate_id FROM run") == [("previewed", plate.plate_id)]
    assert states() == []


def test_the_same_file_again_changes_nothing(bench, loaded):
    plate, _ = loaded
    data = bench.file(plate, code="P1")
    first = take(bench, data)
    assert (take(bench, data).state, take(bench, data).run_id) == ("already", first.run_id)
    bench.confirm(runs.show(bench.lab.lab_id, first.run_id, at=clock.now()))
    assert take(bench, data).state == "already"
    assert peek("SELECT count(*) FROM run") == [(1,)]


def test_a_file_that_served_one_plate_is_refused_under_the_name_of_another(bench, loaded):
    plate, _ = loaded
    bench.run(plate, bench.file(plate, code="P1"))
    bench.plate("P2")
    came = take(bench, bench.file(plate, code="P2"))
    assert (came.state, came.problem.code) == ("refused", "file_used")


# --- the tray -----------------------------------------------------------------------------------


def test_without_a_plate_code_nothing_is_guessed_though_the_tubes_are_named(bench, loaded):
    plate, _ = loaded
    came = take(bench, bench.file(plate))
    assert (came.state, came.why) == ("waiting", "no_plate_code")
    (row,) = list_waiting_files(bench.lab)
    assert (row.told["named"], row.told["plate"]) == (3, None)
    assert row.told["stand"] == [["P1", 3]]  # for the person who decides
    assert peek("SELECT count(*) FROM run") == [(0,)]


def test_an_unknown_code_two_alike_and_a_finished_plate_wait_too(bench, loaded):
    plate, _ = loaded
    assert take(bench, bench.file(plate, code="P9")).why == "unknown_plate"
    bench.plate("aB")
    bench.plate("Ab")
    assert take(bench, bench.file(plate, code="AB")).why == "two_plates"
    bench.run(plate, bench.file(plate, code="P1"))
    other = bench.file(plate, {loaded[1][0]: HOT}, code="P1")
    assert take(bench, other).why == "plate_done"


def test_the_same_file_lies_in_the_tray_once(bench, loaded):
    plate, _ = loaded
    data = bench.file(plate)
    assert take(bench, data).file_id == take(bench, data).file_id
    assert peek("SELECT count(*) FROM original") == [(1,)]


def test_a_person_assigns_a_file_and_its_preview_follows(bench, loaded):
    plate, _ = loaded
    came = take(bench, bench.file(plate))
    run_id = act(bench, tray.assign, came.file_id, plate.plate_id)
    shown = runs.show(bench.lab.lab_id, run_id, at=clock.now())
    assert (shown.plate.code, shown.verdict["becomes"]) == ("P1", "evaluated")
    assert states() == [("assigned", "no_plate_code")]
    with pytest.raises(FileGone):
        act(bench, tray.assign, came.file_id, plate.plate_id)


def test_a_file_assigned_to_a_plate_whose_code_it_does_not_carry_is_quarantined(bench, loaded):
    plate, _ = loaded
    came = take(bench, bench.file(plate, code="P9"))
    run_id = act(bench, tray.assign, came.file_id, plate.plate_id)
    shown = runs.show(bench.lab.lab_id, run_id, at=clock.now())
    assert shown.verdict["becomes"] == "quarantined"


def quiet_controls(plate):
    return {w: (None, None, 29.0) for w in plate.layout}


def test_a_file_is_put_away_with_a_reason_and_stays_on_record(bench, loaded):
    plate, _ = loaded
    came = take(bench, bench.file(plate, controls=quiet_controls(plate)))
    with pytest.raises(NoDiscardReason):
        act(bench, tray.discard, came.file_id, " ")
    assert act(bench, tray.discard, came.file_id, "训练用板") == 0
    assert peek("SELECT state, reason, ended_by FROM tray_file") == [
        ("discarded", "训练用板", bench.by)
    ]
    assert peek("SELECT count(*) FROM original") == [(1,)]


def test_shijiazhuang_a_positive_in_a_file_that_is_put_away_is_told(bench, loaded):
    plate, tubes = loaded
    data = bench.file(plate, {tubes[1]: HOT}, controls=quiet_controls(plate))
    came = take(bench, data)
    assert act(bench, tray.discard, came.file_id, "重复文件") == 1
    assert peek("SELECT barcode, kind FROM alert") == [(tubes[1], "provisional")]


def test_a_signal_of_a_tube_that_is_not_named_asks_for_a_second_person(bench, loaded):
    plate, tubes = loaded
    wells = {"B1": tubes[0]}
    data = run_file(plate, wells, {tubes[0]: HOT}, names=False)
    came = take(bench, data)
    act(bench, tray.discard, came.file_id, "不知是哪块板")
    assert states() == [("waiting", "no_plate_code")]
    with pytest.raises(SecondPerson):
        act(bench, tray.discard, came.file_id, "不知是哪块板")
    act(bench, tray.discard, came.file_id, "同意", by=bench.by + 1)
    assert peek("SELECT state, asked_by, ended_by, reason FROM tray_file") == [
        ("discarded", bench.by, bench.by + 1, "不知是哪块板")
    ]


def test_a_positive_in_a_file_that_nobody_lays_to_a_plate_is_told_after_a_while_and_once(
    bench, loaded
):
    plate, tubes = loaded
    take(bench, bench.file(plate, {tubes[0]: HOT}))
    now = clock.now()

    def tell(before):
        told = tray.tell_waiting([bench.lab], before, at=now)
        db.session.commit()
        return told

    assert tell(now - timedelta(hours=2)) == 0
    assert (tell(now + timedelta(seconds=1)), tell(now + timedelta(seconds=1))) == (1, 0)
    assert peek("SELECT barcode, kind FROM alert") == [(tubes[0], "provisional")]
    assert states() == [("waiting", "no_plate_code")]


# --- by page ------------------------------------------------------------------------------------


def test_many_files_at_once_each_stand_for_themselves(app, bench, loaded):
    plate, _ = loaded
    desk = Desk(app.test_client(), make.staff(Role.LAB_TECHNICIAN, bench.city.lab))
    url = f"/lab/{bench.lab.lab_id}/files"
    given = [
        (io.BytesIO(bench.file(plate, code="P1")), "一.csv"),
        (io.BytesIO(bench.file(plate, code="P7")), "二.csv"),
        (io.BytesIO(b"hello"), "三.txt"),
        (io.BytesIO(b""), "四.csv"),
    ]
    r = desk.client.post(url, data={"csrf_token": desk.token, "files": given})
    page = r.get_data(as_text=True)
    assert r.status_code == 200
    assert peek("SELECT state FROM run") == [("previewed",)]
    assert states() == [("waiting", "unknown_plate")]
    for words in ("已对上板，待确认", "放入待领", "拒收", "文件是空的", "P7"):
        assert words in page, words
    file_id = peek("SELECT file_id FROM tray_file")[0][0]
    body = {"csrf_token": desk.token, "plate_id": str(plate.plate_id)}
    assert desk.client.post(f"{url}/{file_id}/assign", data=body).status_code == 303
    assert "待领文件" in desk.page(url)


def test_no_file_at_all_is_said_beside_the_field(app, bench):
    desk = Desk(app.test_client(), make.staff(Role.LAB_TECHNICIAN, bench.city.lab))
    url = f"/lab/{bench.lab.lab_id}/files"
    r = desk.client.post(url, data={"csrf_token": desk.token}, headers={"Accept": "text/html"})
    assert r.status_code == 422 and "请选择结果文件" in r.get_data(as_text=True)


# --- a watched folder ---------------------------------------------------------------------------


def test_a_file_comes_to_rest_when_it_stands_still_between_two_looks():
    old = Look(10, 100.0)
    late = 100.0 + QUIET_SECONDS.value
    assert folders.at_rest({"a": old}, {"a": old}, late) == ["a"]
    assert folders.at_rest({}, {"a": old}, late) == []
    assert folders.at_rest({"a": Look(9, 100.0)}, {"a": old}, late) == []
    assert folders.at_rest({"a": old}, {"a": Look(10, 101.0)}, late + 9) == []
    assert folders.at_rest({"a": old}, {"a": old}, late - 1) == []
    assert folders.at_rest({"a": Look(0, 1.0)}, {"a": Look(0, 1.0)}, late) == []


@pytest.mark.parametrize("name", [".hidden.csv", "~$open.xlsx", "run.csv.part", "run.TMP"])
def test_half_files_are_not_looked_at(tmp_path, name):
    (tmp_path / name).write_text("x")
    assert folders.look(tmp_path) == {}


def test_folders_and_links_are_not_looked_at(tmp_path):
    (tmp_path / "done").mkdir()
    (tmp_path / "secret").write_text("x")
    (tmp_path / "link.csv").symlink_to(tmp_path / "secret")
    assert set(folders.look(tmp_path)) == {"secret"}


def test_nothing_that_was_put_away_is_overwritten(tmp_path):
    for text in ("one", "two"):
        (tmp_path / "run.csv").write_text(text)
        folders.put_away(tmp_path, "run.csv", "done", f"{text}56789")
    assert {p.read_text() for p in (tmp_path / "done").iterdir()} == {"one", "two"}
    assert folders.put_away(tmp_path, "run.csv", "done", "x") is None


def laid(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    past = time.time() - QUIET_SECONDS.value - 1
    os.utime(path, (past, past))
    return path


def watch(bench, folder, looks=2):
    said, seen = [], {}
    for _ in range(looks):
        seen = take_once(bench.lab.lab_id, folder, seen, by=bench.by, say=said.append)
    return said


def test_a_watched_folder_is_emptied_into_plates_tray_and_refusals(bench, loaded, tmp_path):
    plate, _ = loaded
    laid(tmp_path, "a.csv", bench.file(plate, code="P1"))
    laid(tmp_path, "b.csv", bench.file(plate))
    laid(tmp_path, "c.txt", b"not a run file\n")
    said = watch(bench, tmp_path)
    assert {p.name for p in (tmp_path / "done").iterdir()} == {"a.csv", "b.csv"}
    assert {p.name for p in (tmp_path / "refused").iterdir()} == {"c.txt", "c.txt.txt"}
    assert "CSV" in (tmp_path / "refused" / "c.txt.txt").read_text("utf-8")
    assert len(said) == 3 and [s for s, _ in states()] == ["waiting"]
    assert peek("SELECT state FROM run") == [("previewed",)]


def test_a_restart_after_a_power_cut_repeats_nothing(bench, loaded, tmp_path):
    plate, _ = loaded
    for name, code in (("a.csv", "P1"), ("b.csv", None)):
        take(bench, bench.file(plate, code=code), name)  # taken in, and not moved yet
        laid(tmp_path, name, bench.file(plate, code=code))
    watch(bench, tmp_path)
    assert {p.name for p in (tmp_path / "done").iterdir()} == {"a.csv", "b.csv"}
    assert peek("SELECT count(*) FROM run") == [(1,)]
    assert len(states()) == 1


def test_a_file_that_is_still_written_stays_where_it_is(bench, loaded, tmp_path):
    plate, _ = loaded
    path = laid(tmp_path, "a.csv", b"well,sample\n")
    seen = take_once(bench.lab.lab_id, tmp_path, {}, by=bench.by, say=print)
    path.write_bytes(bench.file(plate, code="P1"))
    take_once(bench.lab.lab_id, tmp_path, seen, by=bench.by, say=print)
    assert path.exists() and not (tmp_path / "refused").exists()


def test_the_command_watches_in_the_name_of_a_technician(app, bench, loaded, tmp_path):
    plate, _ = loaded
    laid(tmp_path, "a.csv", bench.file(plate, code="P1"))
    own = make.staff(Role.LAB_TECHNICIAN, bench.city.lab)
    other = make.staff(Role.LAB_TECHNICIAN, make.lab())
    db.session.commit()
    run = app.test_cli_runner().invoke
    call = ["lab", "watch", str(tmp_path), "--lab", bench.lab.code, "--every", "0", "--looks", "2"]
    assert run(args=[*call, "--by", other.staff_no]).exit_code == 1
    out = run(args=[*call, "--by", own.staff_no])
    assert out.exit_code == 0, out.output
    assert "a.csv: plate P1" in out.output
    assert peek("SELECT imported_by FROM run") == [(own.staff_id,)]
