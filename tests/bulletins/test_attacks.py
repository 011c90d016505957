"""Attempts to have a bulletin say what is not so, or tell it to the wrong people."""

from __future__ import annotations

import pytest
from psycopg.types.json import Jsonb

from screening import clock
from screening.accounts.queries import actor_of
from screening.accounts.roles import Role
from screening.bulletins import near, paper, queries, service
from screening.bulletins.rules import Kind
from screening.db import db, insert, new_id, run
from screening.exports import rules as limits
from screening.exports import service as exports
from tests import make
from tests.reporting.bench import POS


def freeze_of(desk, area_id: int) -> int:
    db.session.rollback()
    number = service.freeze(
        Kind.DAILY, desk.city.round_id, area_id, by=desk.head.staff_id, at=clock.now()
    )
    db.session.commit()
    return number


def says_all_negative(number: int) -> bool:
    db.session.rollback()
    return "均为阴性" in "".join(paper.paper(queries.get_bulletin(number)).sentences)


def test_people_sampled_at_another_site_who_wait_for_a_result_forbid_the_sentence_at_home(desk):
    home = desk.city.sites[0].area.area_id
    desk.through(desk.fill(0, 5))
    desk.test(desk.fill(5, 3, site=1), outcome=POS)
    desk.finish()
    number = freeze_of(desk, home)
    told = desk.told(number)
    assert (told["reached"], told["resulted"]) == (8, 5)
    assert not says_all_negative(number)


def test_a_signal_about_a_tube_filled_elsewhere_forbids_the_sentence_at_home(desk):
    home = desk.city.sites[0].area.area_id
    desk.through(desk.fill(0, 5))
    away = desk.fill(5, 3, site=1)
    desk.through(away)
    desk.finish()
    before = freeze_of(desk, home)
    desk.alert(away, "hand", POS)
    assert (says_all_negative(before), says_all_negative(freeze_of(desk, home))) == (True, False)


def test_a_released_positive_tube_without_members_forbids_the_sentence(desk):
    tube = desk.fill(0, 2)
    desk.through(tube, outcome=POS)
    run("UPDATE callback SET state = 'withdrawn'")
    run("UPDATE alert SET settled_at = now()")
    db.session.commit()
    desk.finish()
    number = desk.freeze()
    assert desk.told(number)["signals"] == 1
    assert not says_all_negative(number)


def test_the_report_counts_those_who_came_after_a_message_as_the_page_of_the_wave_does(desk):
    from datetime import timedelta

    from screening.places.queries import find_area
    from screening.reminders import queries as reminders

    home, now = desk.city.sites[0].area, clock.now()
    (a, b, c), wave_id = desk.city.people[:3], new_id()
    insert(
        "wave",
        ("wave_id", "round_id", "area_id", "template", "text", "state", "include_silent", "made_by",
         "made_at"),
        [(wave_id, desk.city.round_id, home.area_id, "missed", "x", "done", False, 1, now)],
    )  # fmt: skip
    sent = now - timedelta(hours=1)
    states = [(a, "delivered", sent), (b, "outcome_unknown", sent), (c, "sent", sent)]
    insert(
        "wave_message",
        ("cell_id", "message_id", "wave_id", "community_id", "phone_hash", "persons", "state", "at",
         "sent_at"),
        [(p[0], new_id(), wave_id, home.area_id, b"%d" % i, Jsonb([[p[0], p[1]]]), state,
          now + timedelta(hours=1) if state == "delivered" else at, at)  # the receipt came late
         for i, (p, state, at) in enumerate(states)],
    )  # fmt: skip
    desk.fill(0, 2)
    db.session.commit()
    out = reminders.outcome_of(reminders.get_wave(wave_id), at=clock.now())
    number = freeze_of(desk, home.area_id)
    held = queries.get_bulletin(number)
    (found,) = [x for x in held.body["blocks"] if x["key"] == "reminders"]
    row = dict(zip(found["columns"], found["rows"][0], strict=True))
    assert find_area(home.area_id) and (out.named, out.came) == (3, 2)
    assert (row["came"], row["sent"], row["open"]) == (2, 2, 1)


def test_special_reports_with_open_phones_count_against_the_limit_of_the_day(desk):
    tube = desk.fill(0, 2)
    desk.through(tube, outcome=POS)
    by = actor_of(desk.head.staff_id)
    number = near.make(tube, "tracing", by=by, at=clock.now())
    db.session.commit()
    headers = make.sign_in(desk.client, desk.head, cookie=True)
    address, form = f"/bulletins/{number}/people", {"reason": "tracing", "form": "xlsx"}
    said = [desk.client.post(address, data=form, headers=headers).status_code for _ in range(6)]
    assert said == [200] * limits.OPEN_FILES.value + [429]
    with pytest.raises(exports.OpenLimit):
        exports.ask(
            "persons", desk.county.area_id, desk.city.round_id, "csv", by=by, lang="zh",
            unmasked=True, reason="calls",
        )  # fmt: skip
    opened = desk.client.post(address, data={"reason": "tracing"}, headers=headers)
    assert opened.status_code == 200, "the screen stays open"


def test_who_heads_one_street_sees_no_special_report_of_another_in_the_list(desk):
    tube = desk.fill(0, 2)
    desk.through(tube, outcome=POS)
    near.make(tube, "tracing", by=actor_of(desk.head.staff_id), at=clock.now())
    db.session.commit()
    who = make.staff(Role.DISTRICT_HEAD, desk.city.sites[1].area)
    make.grant(who, Role.AUDITOR, make.Place("area", desk.county.area_id, desk.county.path))
    db.session.commit()
    make.sign_in(desk.client, who, cookie=True)
    said = desk.client.get("/bulletins")
    assert said.status_code == 200
    assert tube not in said.text
