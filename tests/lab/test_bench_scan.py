"""The bench by scanner: each scan kept at once, receipts in the desk's journal, commands, undo."""

from __future__ import annotations

import contextvars
import threading

import pytest

from screening import clock
from screening.accounts.roles import Role
from screening.db import db
from screening.lab import queries
from screening.lab.bench.commands import (
    COMMANDS,
    BenchCommand,
    Command,
    UnknownCommand,
    check_no_command,
    read_command,
)
from screening.lab.bench.words import (
    NoPlateBefore,
    NoPlateTaken,
    NothingToUndo,
    OnInstrument,
    PlateAwaited,
    RejectStands,
    StillAwaits,
)
from screening.lab.plates import layout
from screening.lab.plates.problems import AlreadyPlated, PlateFull
from screening.lab.service import bench as bench_service
from screening.ledger.check import check
from screening.tube.codes import CodeProblem, Kind, UnknownCode, make_code, read_code
from screening.tube.rules import Stage
from tests import make
from tests.lab.bench import peek, stages

CLOSED, RECEIVED, PLATED, REJECTED = (
    int(s) for s in (Stage.CLOSED, Stage.RECEIVED, Stage.PLATED, Stage.REJECTED)
)


def take(bench, text, **kw):
    by = kw.pop("by", bench.by)
    try:
        done = bench_service.take(bench.lab.lab_id, text, by=by, at=clock.now(), **kw)
    except Exception:
        db.session.rollback()
        raise
    db.session.commit()
    return done


def plate_of(bench, plate_id):
    return queries.get_plate(bench.lab, plate_id)


# --- codes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", list(Command))
def test_a_command_is_no_number_of_ours(command):
    with pytest.raises(CodeProblem):
        read_code(command.value)


@pytest.mark.parametrize("kind", list(Kind))
def test_no_number_of_ours_is_a_command(kind):
    assert read_command(make_code(kind, 7)) is None


@pytest.mark.parametrize("text", ["cmd-undo", " CMD-UNDO\r", "ＣＭＤ－ＵＮＤＯ", "Cmd-Undo"])
def test_a_command_is_read_whatever_the_scanner_makes_of_it(text):
    assert read_command(text) is Command.UNDO


@pytest.mark.parametrize("text", ["CMD-UND", "cmd-centrifuge", "CMD-", "ＣＭＤ"])
def test_what_begins_as_a_command_and_is_none_says_so(text):
    with pytest.raises(UnknownCommand):
        read_command(text)


def test_a_desk_that_takes_tubes_only_names_the_command_and_takes_the_rest():
    with pytest.raises(BenchCommand):
        check_no_command("CMD-UNDO")
    check_no_command(make_code(Kind.TUBE, 7))


def test_every_command_says_on_the_sheet_what_it_does():
    assert set(COMMANDS) == set(Command)


# --- tubes and plates ---------------------------------------------------------------------------


def test_a_plate_is_taken_up_by_its_code_and_tubes_follow(bench):
    a, b = bench.received(2)
    plate = bench.plate("P1")
    assert take(bench, "p1").kind == "open"
    assert [take(bench, t).wells for t in (a, b)] == [["B1"], ["C1"]]
    assert stages(a, b) == [PLATED] * 2
    kept = peek("SELECT kind, barcode FROM bench_step ORDER BY step_id")
    assert kept == [("open", None), ("tube", a), ("tube", b)]
    assert plate_of(bench, plate.plate_id).state == "filled"


def test_a_tube_without_a_plate_asks_for_one(bench):
    (tube,) = bench.received(1)
    with pytest.raises(NoPlateTaken):
        take(bench, tube)
    assert peek("SELECT count(*) FROM bench_step") == [(0,)]


def test_what_is_neither_tube_nor_plate_is_refused_as_it_is(bench):
    bench.plate("P1")
    with pytest.raises(UnknownCode):
        take(bench, "P2")


def test_two_plates_that_differ_in_case_alone_are_not_guessed(bench):
    bench.plate("a1")
    upper = bench.plate("A1")
    assert take(bench, "A1").plate_id == upper.plate_id
    bench.plate("bX")
    bench.plate("Bx")
    with pytest.raises(UnknownCode):
        take(bench, "BX")


def test_the_next_plate_is_made_like_the_last_one(bench):
    first = bench.plate("P1", size=384)
    take(bench, "P1")
    take(bench, "CMD-NEXT")
    made = take(bench, "P2")
    row = plate_of(bench, made.plate_id)
    assert (row.code, row.size, row.rule_id) == ("P2", 384, first.rule_id)
    assert made.plate_id != first.plate_id


def test_who_took_up_none_makes_the_next_plate_like_the_laboratorys_newest(bench):
    take(bench, "CMD-NEXT")
    with pytest.raises(NoPlateBefore):
        take(bench, "P1")
    bench.plate("OLD", size=384)
    made = take(bench, "P1")
    assert plate_of(bench, made.plate_id).size == 384


def test_a_tube_or_a_box_is_not_taken_for_the_next_plate(bench):
    (tube,) = bench.received(1)
    bench.plate("P1")
    take(bench, "P1")
    take(bench, "CMD-NEXT")
    for code in (tube, make_code(Kind.BOX, 5)):
        with pytest.raises(PlateAwaited):
            take(bench, code)
    assert take(bench, "CMD-UNDO").kind == "undo"
    assert take(bench, tube).wells == ["B1"]


@pytest.mark.parametrize("slip", ["CMD-PC", "CMD-BLANK", "P1"])
def test_a_wrong_button_does_not_end_the_wait_for_a_leaking_tube(bench, slip):
    good, leaking = bench.received(2)
    bench.plate("P1")
    take(bench, "P1")
    take(bench, "CMD-LEAK")
    with pytest.raises(StillAwaits):
        take(bench, slip)
    assert take(bench, leaking).kind == "leak"
    assert take(bench, good).wells == ["B1"]


def test_a_control_takes_the_next_free_well(bench):
    plate = bench.plate("P1")
    take(bench, "P1")
    assert take(bench, "CMD-NTC").wells == ["B1"]
    assert take(bench, "CMD-PC").wells == ["C1"]
    (tube,) = bench.received(1)
    assert take(bench, tube).wells == ["D1"]
    layout = plate_of(bench, plate.plate_id).layout
    assert (layout["B1"], layout["C1"]) == ("ntc", "pc")


def test_a_full_plate_asks_for_the_next(bench):
    plate = bench.plate("P1")
    take(bench, "P1")
    for _ in range(96 - len(plate.layout)):
        take(bench, "CMD-BLANK")
    (tube,) = bench.received(1)
    with pytest.raises(PlateFull):
        take(bench, tube)


# --- undo ---------------------------------------------------------------------------------------


def test_undo_takes_back_one_step_after_the_other(bench):
    a, b = bench.received(2)
    plate = bench.plate("P1")
    for text in ("P1", a, "CMD-NTC", b):
        take(bench, text)
    assert take(bench, "CMD-UNDO").barcode == b
    assert list(take(bench, "CMD-UNDO").wells) == ["C1"]
    assert take(bench, "CMD-UNDO").barcode == a
    assert stages(a, b) == [RECEIVED] * 2
    assert "C1" not in plate_of(bench, plate.plate_id).layout
    with pytest.raises(NothingToUndo):
        take(bench, "CMD-UNDO")


def test_undo_leaves_a_well_alone_that_holds_another_tube_by_now(bench):
    a, b = bench.received(2)
    plate = bench.plate("P1")
    take(bench, "P1")
    take(bench, a)
    from screening.lab.service import plates

    plates.empty(bench.lab.lab_id, plate.plate_id, "B1", by=bench.by, at=clock.now())
    db.session.commit()
    bench.scan(plate, b)
    take(bench, "CMD-UNDO")
    assert queries.list_wells(plate)["B1"].barcode == b


# --- tubes that are not tested ------------------------------------------------------------------


@pytest.mark.parametrize(("command", "reason"), [("CMD-LEAK", "leak"), ("CMD-REJECT", "other")])
def test_the_tube_after_leak_or_reject_is_rejected_and_the_one_after_it_plated(
    bench, command, reason
):
    a, b = bench.received(2)
    bench.plate("P1")
    take(bench, "P1")
    take(bench, command)
    assert take(bench, a).barcode == a
    assert take(bench, b).wells == ["B1"]
    assert stages(a, b) == [REJECTED, PLATED]
    assert peek("SELECT data->>'reason' FROM custody WHERE verb = 23 OR data ? 'reason'") == [
        (reason,)
    ]


def test_a_tube_that_leaks_comes_out_of_its_well(bench):
    (tube,) = bench.received(1)
    plate = bench.plate("P1")
    for text in ("P1", tube, "CMD-LEAK", tube):
        take(bench, text)
    assert (stages(tube), queries.list_wells(plate)) == ([REJECTED], {})
    with pytest.raises(RejectStands):
        take(bench, "CMD-UNDO")


def test_a_tube_on_the_instrument_is_not_rejected_by_scanner(bench):
    from screening.lab.service import plates

    (tube,) = bench.received(1)
    plate = bench.plate("P1")
    for text in ("P1", tube):
        take(bench, text)
    plates.start(bench.lab.lab_id, plate.plate_id, by=bench.by, at=clock.now())
    db.session.commit()
    take(bench, "CMD-REJECT")
    with pytest.raises(OnInstrument):
        take(bench, tube)
    assert stages(tube) == [PLATED]


# --- by page: two browsers, the desk's journal ---------------------------------------------------


class Desk:
    """A browser at a bench."""

    def __init__(self, client, who):
        self.client = client
        self.token = make.sign_in(client, who, cookie=True)["X-CSRF-Token"]

    def page(self, url):
        return self.client.get(url, headers={"Accept": "text/html"}).get_data(as_text=True)

    def scan(self, url, code, **kw):
        data = {"csrf_token": self.token, "code": code, **kw}
        return self.client.post(url, data=data, headers={"Accept": "text/html"})


@pytest.fixture
def technician(bench):
    return make.staff(Role.LAB_TECHNICIAN, bench.city.lab)


@pytest.fixture
def desks(app, bench, technician):
    """The same person at two computers."""
    return [Desk(app.test_client(), technician) for _ in range(2)]


def test_another_computer_goes_on_where_the_first_one_stopped(bench, desks):
    a, b, c = bench.received(3)
    bench.plate("P1")
    url = f"/lab/{bench.lab.lab_id}/scan"
    one, two = desks
    for code in ("P1", a, "CMD-LEAK"):
        assert one.scan(url, code).status_code == 303
    assert "等待扫漏管" in two.page(url)  # the power fails at the first
    assert two.scan(url, b).status_code == 303
    assert two.scan(url, c).status_code == 303
    page = one.page(url)
    assert "已放入 C1" in page
    assert stages(a, b, c) == [PLATED, REJECTED, PLATED]


def test_a_reload_repeats_nothing(bench, desks):
    (tube,) = bench.received(1)
    bench.plate("P1")
    url = f"/lab/{bench.lab.lab_id}/scan"
    desks[0].scan(url, "P1")
    answer = desks[0].scan(url, tube)
    for _ in range(3):
        assert "已放入 B1" in desks[0].page(answer.headers["Location"])
    assert peek("SELECT count(*) FROM bench_step WHERE kind = 'tube'") == [(1,)]


def test_a_refused_scan_says_why_and_keeps_nothing(bench, desks):
    (tube,) = bench.received(1)
    bench.plate("P1")
    url = f"/lab/{bench.lab.lab_id}/scan"
    desks[0].scan(url, "P1")
    desks[0].scan(url, tube)
    again = desks[1].scan(url, tube)
    assert again.status_code == AlreadyPlated.status
    assert "不能再次加样" in again.get_data(as_text=True)
    assert peek("SELECT count(*) FROM bench_step") == [(2,)]


def test_the_scan_into_a_well_is_a_receipt_in_the_journal_of_the_desk(bench, desks, technician):
    (tube,) = bench.sampled(1)
    bench.plate("P1")
    url = f"/lab/{bench.lab.lab_id}/scan"
    desks[0].scan(url, "P1")
    assert stages(tube) == [CLOSED]
    assert desks[0].scan(url, tube).status_code == 303
    assert stages(tube) == [PLATED]
    lines = peek(
        "SELECT c.verb, c.device_id <> 0, d.kind, d.staff_id FROM custody c "
        "LEFT JOIN device d USING (device_id) WHERE c.lab_id IS NOT NULL ORDER BY c.at"
    )
    assert [x[1] for x in lines] == [True, False]  # the receipt a fact, the well a command
    assert lines[0][2:] == ("desk", technician.staff_id)
    assert peek("SELECT kind FROM command") == [("plate",)]
    assert peek("SELECT received_at IS NOT NULL, lab_id FROM tube") == [(True, bench.lab.lab_id)]


def test_an_unknown_tube_goes_through_the_journal_too_and_is_held(bench, desks):
    tube = bench.city.tube()
    bench.plate("P1")
    url = f"/lab/{bench.lab.lab_id}/scan"
    desks[0].scan(url, "P1")
    answer = desks[0].scan(url, tube)
    assert "名单还没有上传" in desks[0].page(answer.headers["Location"])
    assert stages(tube) == [PLATED]
    assert peek("SELECT cell_id FROM tube") == [(bench.city.sites[0].cell_id,)]


def test_a_rejection_at_the_bench_is_a_fact_of_the_desk_and_voids_the_swabs(bench, desks):
    (tube,) = bench.received(1, persons=3)
    bench.plate("P1")
    url = f"/lab/{bench.lab.lab_id}/scan"
    for code in ("P1", tube, "CMD-LEAK", tube):
        assert desks[0].scan(url, code).status_code == 303
    assert stages(tube) == [REJECTED]
    assert peek("SELECT count(*) FROM specimen WHERE void <> 0") == [(3,)]


def test_a_whole_map_of_tubes_nobody_received_is_one_batch_of_receipts(bench, desks):
    tubes = bench.sampled(20, persons=1)
    plate = bench.plate("P1")
    free = [w for w in layout.wells_by_column(96) if w not in plate.layout]
    url = f"/api/v1/plates/{bench.lab.lab_id}/{plate.plate_id}/wells"
    wells = dict(zip(free, tubes, strict=False))
    r = desks[0].client.post(url, json={"wells": wells}, headers={"X-CSRF-Token": desks[0].token})
    assert r.status_code == 201, r.text
    assert stages(*tubes) == [PLATED] * 20
    assert peek("SELECT count(*) FROM command") == [(1,)]
    assert peek(
        "SELECT count(*), count(DISTINCT device_id) FROM custody WHERE lab_id IS NOT NULL "
        "AND device_id <> 0"
    ) == [(20, 1)]


def test_a_map_that_is_refused_states_no_receipt(bench, desks):
    (tube,) = bench.sampled(1)
    plate = bench.plate("P1")
    url = f"/api/v1/plates/{bench.lab.lab_id}/{plate.plate_id}/wells"
    body = {"wells": {"B1": tube, "C1": tube}}
    r = desks[0].client.post(url, json=body, headers={"X-CSRF-Token": desks[0].token})
    assert r.status_code == 422
    assert stages(tube) == [CLOSED]


def test_two_people_at_one_plate_at_the_same_moment_share_its_wells(app, bench, technician):
    tubes = bench.sampled(8, persons=1)
    plate = bench.plate("P1")
    url = f"/lab/{bench.lab.lab_id}/scan"
    others = [technician, make.staff(Role.LAB_TECHNICIAN, bench.city.lab)]
    both = [Desk(app.test_client(), who) for who in others]
    answers: list[int] = []

    def work(desk, mine):
        for tube in mine:
            r = desk.scan(url, tube, plate_id=str(plate.plate_id))
            answers.append(r.status_code)

    threads = [
        threading.Thread(target=contextvars.Context().run, args=(work, desk, tubes[i::2]))
        for i, desk in enumerate(both)
    ]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert answers == [303] * 8
    wells = {w: r.barcode for w, r in queries.list_wells(plate).items()}
    assert sorted(wells.values()) == sorted(tubes) and len(wells) == 8


def test_the_recount_from_journals_and_commands_finds_what_the_tables_say(bench, desks):
    tubes = bench.sampled(2)
    bench.plate("P1")
    url = f"/lab/{bench.lab.lab_id}/scan"
    for code in ("P1", *tubes, "CMD-UNDO", "CMD-LEAK", tubes[1]):
        assert desks[0].scan(url, code).status_code == 303
    db.session.rollback()
    assert check(bench.city.round_id).differences == []
