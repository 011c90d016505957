"""Lists made to count somebody twice, to smuggle marks, or to be taken over twice at once."""

from __future__ import annotations

import threading

import pytest
from flask import current_app

from screening.db import db, fetch
from screening.errors import Faults, Problem
from screening.inbound.service import lists
from tests.inbound import test_lists as desk
from tests.inbound.files import table
from tests.inbound.test_lists import AT, ONE, TWO, lines, sent, told
from tests.lab.test_service_together import together

county, home = desk.county, desk.home


def test_somebody_who_stands_twice_in_a_list_in_gbk_is_one_line(county):
    rows = [["张三", ONE, "13800000001", "", "", ""], ["张三", ONE.lower(), "", "", "", "又一次"],
            ["李四", "", "13800000002", "", "", ""], ["李四", "", "+86 138-0000-0002", "", "", ""]]  # fmt: skip
    made = lists.upload(table(*rows, encoding="gbk"), told(county), by=1, at=AT)
    try:
        lists.take_over(made, by=1, at=AT)
    except Faults:
        return  # named and refused is as good
    assert len(lines(county)) == 2


@pytest.mark.parametrize("mark", ["\0", "\u202e", "\x1b[2J"])
def test_marks_that_nobody_sees_are_no_fault_of_the_server(county, mark):
    row = ["张" + mark + "三", ONE, "", "", "某单位" + mark, "轨迹" + mark]
    try:
        sent(county, row)
    except Problem:
        return
    assert len(lines(county)) == 1


def test_the_same_file_from_two_desks_in_the_same_moment_is_one_list(county):
    content, about = table(["张三", ONE, "", "", "", ""]), told(county)
    db.session.commit()
    app = current_app._get_current_object()
    acts = [lambda by=by: lists.upload(content, about, by=by, at=AT) for by in (1, 2, 3)]
    assert together(app, *acts) == [None] * 3
    assert fetch("SELECT count(*) FROM inbound_list") == [(1,)]


def test_a_list_that_two_people_take_over_in_the_same_moment_counts_once(county):
    made = lists.upload(table(["张三", ONE, "", "", "", ""], ["李四", TWO, "", "", "", ""]),
                        told(county), by=1, at=AT)  # fmt: skip
    db.session.commit()
    app, gate = current_app._get_current_object(), threading.Barrier(2)

    def take(by: int) -> None:
        with app.app_context():
            try:
                gate.wait(20)
                lists.take_over(made, by=by, at=AT)
                db.session.commit()
            except lists.ListGone:
                db.session.rollback()
            finally:
                db.session.remove()

    threads = [threading.Thread(target=take, args=(by,)) for by in (1, 2)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    db.session.rollback()
    assert fetch("SELECT count(*) FROM inbound_item") == [(2,)]
