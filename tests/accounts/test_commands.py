"""The commands that make the first administrator."""

from __future__ import annotations

import re

from screening.accounts import audit, service, sessions
from screening.accounts.commands import group
from screening.db import run

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


def test_the_audit_is_checked_and_a_broken_chain_exits_1(app, db_session):
    for cell in (3, 4):
        service.note("did", cell=cell)
        audit.seal_cell(cell)
    db_session.commit()
    runner = app.test_cli_runner()
    assert runner.invoke(group, ["check-audit"]).exit_code == 0
    run("UPDATE audit SET action = 'did not' WHERE cell_id = 4")
    db_session.commit()
    seen = runner.invoke(group, ["check-audit"])
    assert seen.exit_code == 1
    assert "cell 3: 1 sealed, 0 waiting, whole" in seen.output and "BROKEN at line 1" in seen.output
