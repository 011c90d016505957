"""The commands that make the first administrator."""

from __future__ import annotations

import re

from screening.accounts import sessions
from screening.accounts.commands import group

WORD = "right horse battery"


def test_the_first_administrator_is_made_and_signs_in(app, db_session):
    runner = app.test_cli_runner()
    made = runner.invoke(group, ["create", "--number", "boss", "--name", "王"],
                         input=f"{WORD}\n{WORD}\n")  # fmt: skip
    assert made.exit_code == 0, made.output
    assert not sessions.sign_in("boss", WORD, address="::1").must_change
    assert "boss\tall\tactive" in runner.invoke(group, ["list"]).output


def test_a_generated_password_is_printed_once_and_must_be_changed(app, db_session):
    runner = app.test_cli_runner()
    args = ["create", "--number", "boss", "--name", "王", "--generate"]
    word = re.search(r"first password (\S+)", runner.invoke(group, args).output)[1]
    assert sessions.sign_in("boss", word, address="::1").must_change
    new = runner.invoke(group, ["password", "boss", "--generate"]).output.split()[-1]
    assert sessions.sign_in("boss", new, address="::1").staff_no == "boss"


def test_a_weak_password_a_taken_number_and_an_unknown_one_are_refused(app, db_session):
    runner = app.test_cli_runner()
    weak = runner.invoke(group, ["create", "--number", "boss", "--name", "王"], input="1\n1\n")
    assert weak.exit_code == 1 and "too weak" in weak.output
    args = ["create", "--number", "boss", "--name", "王", "--generate"]
    runner.invoke(group, args)
    assert "already in use" in runner.invoke(group, args).output
    assert runner.invoke(group, ["password", "nobody", "--generate"]).exit_code == 1
