"""Which run is whose: originals, clocks of instruments, their serial numbers, files that do not come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from screening import clock
from screening.db import db
from screening.lab.judgement import run_clock
from screening.lab.queries import get_plate, list_labs
from screening.lab.service import originals, plates, starts
from screening.places.rules import EVERYWHERE
from screening.tube.rules import Stage
from tests.lab.bench import HOT, peek, stages

HOME = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)  # 12:00 at home


def loaded(bench, n=1, code="P1"):
    tubes, plate = bench.received(n), bench.plate(code)
    bench.load(plate, tubes)
    return tubes, plate


def told(data: bytes, began: datetime | None = None, serial: str | None = None) -> bytes:
    """The plain file as an instrument of a known maker writes it, with its run's properties."""
    head = ["* Instrument Type = QuantStudio(TM) 5 System"]
    if serial:
        head.append(f"* Instrument Serial Number = {serial}")
    if began:
        at = began.astimezone(HOME)
        head.append(f"* Experiment Run Start Time = {at:%Y-%m-%d %H:%M:%S}")
    rows = [line.split(",") for line in data.decode().splitlines()[1:]]
    body = ["[Results]", "Well\tWell Position\tOmit\tSample Name\tTarget Name\tTask\tReporter\tCT"]
    body += [f"{i}\t{w}\tFALSE\t{s}\t{t}\tUNKNOWN\tFAM\t{ct}"
             for i, (w, s, t, ct) in enumerate(rows, 1)]  # fmt: skip
    return ("\n".join([*head, "", *body]) + "\n").encode()


# --- when it began ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22 12:00:00", "2026/11/22 12:00", "11/22/2026 12:00:00 PM", "22/11/2026 12:00:00",
        "22.11.2026 12:00", "2026-11-22 12:00:00 PM CST", "2026-11-22T04:00:00Z",
        "2026-11-22 13:00:00 +0900", "Sunday,November 22,2026 12:00:00", "11/22/26 12:00:00 PM",
        "Sun Nov 22 04:00:00 GMT 2026", "2026-11-21 11:00:00 PM EST",
    ],
)  # fmt: skip
def test_the_times_of_instruments_are_read(text):
    assert NOON in run_clock.readings(text, HOME)


@pytest.mark.parametrize(
    "text", [None, "", "Not Started", "2026-11-22", "99/99/2026 12:00", "12:00"]
)
def test_what_cannot_be_read_refuses_nobody(text):
    assert run_clock.readings(text, HOME) == []
    assert not run_clock.began_before(text, NOON, HOME)


@pytest.mark.parametrize(
    ("text", "early"),
    [
        ("2026-11-22 11:30", True), ("2026-11-22 11:50", False), ("2026-11-22 12:10", False),
        ("10/12/2026 09:00", False),  # 10 December, or 12 October: nobody is refused by a guess
        ("10/11/2026 09:00", True),
    ],
)  # fmt: skip
def test_a_run_began_before_only_when_no_reading_of_its_time_says_otherwise(text, early):
    assert run_clock.began_before(text, NOON, HOME) is early


@pytest.mark.parametrize(
    ("planned", "serial", "other"),
    [
        (None, "272310148", False), ("272310148", None, False), ("272310148", "272310148", False),
        ("QS5-0017", "qs5 0017", False), ("0017", "17", False), ("272310148", "272310149", True),
    ],
)  # fmt: skip
def test_another_instrument_is_told_by_its_serial_number(planned, serial, other):
    assert run_clock.other_instrument(planned, serial) is other


def test_a_run_that_began_before_the_plate_was_filled_is_refused_and_its_signal_told(bench):
    (tube,), plate = loaded(bench)
    data = bench.file(plate, {tube: HOT})
    shown = bench.run(plate, told(data, clock.now() - timedelta(hours=2)))
    assert [d["code"] for d in shown.verdict["differences"]] == ["started_early"]
    assert shown.run.state == "quarantined" and stages(tube) == [int(Stage.PLATED)]
    assert peek("SELECT kind, barcode FROM alert") == [("provisional", tube)]
    again = bench.run(plate, told(data, clock.now() + timedelta(minutes=5)))
    assert again.run.state == "evaluated" and stages(tube) == [int(Stage.TESTED)]


@pytest.mark.parametrize(
    ("serial", "state"), [("271", "evaluated"), (None, "evaluated"), ("272", "quarantined")]
)
def test_a_run_of_another_instrument_than_was_noted_is_refused(bench, serial, state):
    _, plate = loaded(bench)
    plates.start(bench.lab.lab_id, plate.plate_id, instrument="271", by=1, at=clock.now())
    shown = bench.run(plate, told(bench.file(plate), clock.now(), serial))
    assert shown.run.state == state


# --- originals ----------------------------------------------------------------------------------


def test_the_original_is_kept_sealed_and_comes_back_byte_for_byte(bench):
    _, plate = loaded(bench)
    data = bench.file(plate).replace(b"\n", b"\r\n")
    shown = bench.run(plate, data)
    assert originals.open_original(bench.lab.lab_id, shown.run.run_id) == data
    ((sealed,),) = peek("SELECT sealed FROM original")
    assert b"ORF1ab" not in bytes(sealed)
    assert peek("SELECT count(*) FROM audit WHERE action = 'original_opened'") == [(1,)]


def test_what_was_kept_is_never_replaced(bench):
    _, plate = loaded(bench)
    data = bench.file(plate)
    shown = bench.run(plate, data)
    kept = peek("SELECT sealed, kept_at FROM original")
    originals.keep(bench.lab, shown.run.file_hash, b"something else", by=1, at=clock.now())
    db.session.commit()
    assert peek("SELECT sealed, kept_at FROM original") == kept


# --- files that do not come ---------------------------------------------------------------------


def overdue(bench, hours: float) -> list[str]:
    at = clock.now() + timedelta(hours=hours)
    starts.tell_overdue(list_labs([EVERYWHERE]), at=at)
    db.session.commit()
    return [s.code for s in starts.list_overdue([bench.lab], at)]


def overdue_tickets():
    return peek("SELECT kind, state FROM ticket WHERE kind = 'run_overdue'")


def test_a_started_plate_without_a_file_is_overdue_until_its_file_comes(bench):
    _, plate = loaded(bench)
    plates.start(bench.lab.lab_id, plate.plate_id, by=1, at=clock.now())
    assert overdue(bench, 2.9) == [] and overdue_tickets() == []
    assert overdue(bench, 3.1) == overdue(bench, 4) == ["P1"]
    assert overdue_tickets() == [("run_overdue", "open")]
    bench.run(get_plate(bench.lab, plate.plate_id), bench.file(plate))
    assert overdue(bench, 4) == [] and overdue_tickets() == [("run_overdue", "closed")]


def test_a_plate_that_was_given_up_waits_for_no_file(bench):
    _, plate = loaded(bench)
    plates.start(bench.lab.lab_id, plate.plate_id, by=1, at=clock.now())
    plates.abandon(bench.lab.lab_id, plate.plate_id, by=1, at=clock.now())
    assert overdue(bench, 4) == []


def test_the_page_takes_the_instrument_and_names_the_late_file(bench, client):
    from tests import make

    _, plate = loaded(bench)
    headers = make.sign_in(client, make.staff("lab_technician", bench.city.lab), cookie=True)
    db.session.commit()
    lab = bench.lab.lab_id
    start = f"/lab/{lab}/plates/{plate.plate_id}/start"
    assert client.post(start, data={"instrument": " 271 "}, headers=headers).status_code == 303
    assert peek("SELECT instrument FROM plate_start") == [("271",)]
    assert "结果文件逾期未到" not in client.get(f"/lab/{lab}").text
    db.session.execute(db.text(
        f"UPDATE plate_start SET due_at = now() - interval '1 minute' WHERE cell_id = {plate.cell_id}"
    ))  # fmt: skip
    db.session.commit()
    assert "上机后逾期没有结果文件的板" in client.get(f"/lab/{lab}").text
