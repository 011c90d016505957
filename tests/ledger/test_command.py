"""`flask ledger check`: what it prints, and how it ends."""

from __future__ import annotations

import contextvars

import pytest

from screening.db import db


@pytest.fixture
def ledger_check(app, day):
    def run(*args):
        db.session.commit()
        return contextvars.Context().run(
            app.test_cli_runner().invoke, args=["ledger", "check", *args]
        )

    return run


def test_an_equal_round_prints_its_balance_and_ends_with_0(day, ledger_check):
    out = ledger_check("--round", str(day.city.round_id))
    assert out.exit_code == 0, out.output
    assert "opened 3 = released 2 + in the chain 1 + left it with a code 0" in out.output
    assert "Equal: the tables say the same." in out.output
    assert "journals not complete" in out.output and "not explained" in out.output


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM specimen WHERE barcode = %(tube)s",
        "UPDATE specimen SET person_id = 7 WHERE barcode = %(tube)s AND seat = 1",
        "DELETE FROM custody WHERE barcode = %(tube)s AND verb = 10",
        "UPDATE tube SET stage = 3 WHERE barcode = %(tube)s",
        "DELETE FROM batch_tube WHERE barcode = %(tube)s",
        "UPDATE result SET outcome = 2 WHERE barcode = %(tube)s",
    ],
)
def test_a_tampered_round_ends_with_1_and_names_the_tube(day, ledger_check, statement):
    tube, other = day.released
    day.tamper(statement, tube=tube)
    out = ledger_check("--round", str(day.city.round_id))
    assert out.exit_code == 1
    told = out.output.split("DIFFERENT")[1]
    assert f"tube {tube}" in told and other not in told


def test_a_deleted_tube_and_a_cut_journal_are_named_too(day, ledger_check):
    tube = day.released[0]
    for table in ("specimen", "custody", "tube"):
        day.tamper(f"DELETE FROM {table} WHERE barcode = %(tube)s", tube=tube)
    phone, _ = day.bench.sent[day.waiting]
    day.tamper("DELETE FROM journal_block WHERE device_id = %(id)s", id=phone.device_id)
    out = ledger_check()
    assert out.exit_code == 1
    assert f"tube {tube}" in out.output and f"tube {day.waiting}" in out.output
    assert "numbers are missing" in out.output
