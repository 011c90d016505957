"""What a bulletin says, and that it says so ever after."""

from __future__ import annotations

from datetime import timedelta

import pytest

from screening import clock
from screening.accounts.queries import actor_of
from screening.bulletins import paper, queries, rules, service
from screening.bulletins.printers import FORMS
from screening.bulletins.rules import Kind
from screening.db import db, fetch, run
from screening.registry.service import persons
from tests.reminders.schedules import schedule, settle, worker
from tests.reporting.bench import NEG, POS


def block(number: int, key: str) -> list[dict]:
    held = queries.get_bulletin(number)
    (found,) = [b for b in held.body["blocks"] if b["key"] == key]
    return [dict(zip(found["columns"], row, strict=True)) for row in found["rows"]]


def test_a_bulletin_counts_persons_tubes_and_results(desk):
    first, second = desk.fill(0, 5), desk.fill(5, 3)
    desk.through(first)
    told = desk.told(desk.freeze())
    assert (told["due"], told["reached"], told["resulted"], told["missed"]) == (80, 8, 5, 72)
    assert (told["tubes"], told["released"], told["signals"]) == (2, 1, 0)
    assert second


def test_every_table_that_leaders_ask_for_is_there(desk):
    desk.through(desk.fill(0, 5))
    held = queries.get_bulletin(desk.freeze())
    keys = [b["key"] for b in held.body["blocks"]]
    assert keys == [
        "ranking", "overdue", "positives", "coverage", "exempt", "sites", "transport", "labs",
        "rejected", "results", "groups", "due", "quality", "bands", "reminders", "steps",
    ]  # fmt: skip


def test_key_groups_stand_with_how_often_they_are_asked_for(desk):
    place = desk.city.sites[0].area
    worker(place)
    schedule([place.area_id])
    settle()
    db.session.commit()
    number = desk.freeze()
    (row,) = block(number, "due")
    assert (row["rhythm"], row["due"], row["done"]) == (["每 2 天", "every 2 days"], 1, 0)
    shown = paper.paper(queries.get_bulletin(number))
    assert any("每 2 天" in str(table) for table in shown.tables)


def test_the_figures_of_the_parts_add_up_to_the_headline(desk):
    desk.through(desk.fill(0, 5))
    desk.fill(40, 4, site=1)
    number = desk.freeze()
    told = desk.told(number)
    assert sum(r["reached"] for r in block(number, "coverage")) == told["reached"] == 9
    assert sum(r["tubes"] for r in block(number, "transport")) == told["tubes"] == 2
    assert sum(r["released"] for r in block(number, "results")) == told["released"] == 1
    assert sum(r["resulted"] for r in block(number, "results")) == told["resulted"] == 5
    assert [r["sites"] for r in block(number, "sites")] == [1, 1]
    assert [r["open"] for r in block(number, "sites")] == [1, 1]


@pytest.mark.parametrize("form", FORMS)
def test_a_later_print_gives_the_same_bytes_whatever_happened_since(desk, form):
    desk.through(desk.fill(0, 5))
    number = desk.freeze()
    first = FORMS[form][0](paper.paper(queries.get_bulletin(number)))
    desk.through(desk.fill(5, 5), outcome=POS)
    db.session.rollback()
    assert FORMS[form][0](paper.paper(queries.get_bulletin(number))) == first


def test_facts_after_the_cut_off_are_in_the_next_bulletin_only(desk):
    desk.fill(0, 5)
    first = desk.freeze()
    desk.fill(5, 5)
    second = desk.freeze()
    assert (desk.told(first)["reached"], desk.told(second)["reached"]) == (5, 10)
    assert [r[0] for r in fetch("SELECT number FROM bulletin ORDER BY bulletin_id")] == [1, 2]


def test_all_negative_is_said_when_everything_collected_is_released(desk):
    desk.through(desk.fill(0, 5), desk.fill(40, 3, site=1))
    desk.finish()
    number = desk.freeze()
    assert desk.against(number) == []
    said = paper.paper(queries.get_bulletin(number)).sentences
    assert said[1] == "结果均为阴性。"


def test_one_tube_without_a_result_forbids_the_sentence(desk):
    desk.through(desk.fill(0, 5))
    desk.fill(5, 3)
    desk.finish()
    number = desk.freeze()
    assert desk.against(number) == ["not_released"]
    assert "均为阴性" not in "".join(paper.paper(queries.get_bulletin(number)).sentences)


def test_an_open_callback_forbids_the_sentence(desk):
    desk.through(desk.fill(0, 5))
    desk.through(desk.fill(5, 3), outcome=POS)
    desk.finish()
    assert "callbacks" in desk.against(desk.freeze())


def test_a_device_that_has_not_closed_its_journal_forbids_the_sentence(desk):
    desk.through(desk.fill(0, 5))
    assert desk.against(desk.freeze()) == ["devices"]


def test_a_pool_whose_members_are_all_negative_again_lets_the_sentence_stand(desk):
    desk.through(desk.fill(0, 2), outcome=POS)
    for i in range(2):
        desk.through(desk.fill(i, 1, mode="single", purpose="recheck"), outcome=NEG)
    desk.finish()
    number = desk.freeze()
    run("UPDATE alert SET settled_at = now()")
    db.session.commit()
    number = desk.freeze()
    assert desk.against(number) == []
    said = paper.paper(queries.get_bulletin(number)).sentences
    assert said[1] == "结果均为阴性。（初筛 1 管，复采均为阴性）"


def test_a_positive_re_sample_is_counted_by_channel_and_never_called_a_case(desk):
    desk.through(desk.fill(0, 2), outcome=POS)
    desk.through(desk.fill(0, 1, mode="single", purpose="recheck"), outcome=POS)
    number = desk.freeze()
    told = desk.told(number)
    assert (told["positive"], told["callbacks"], told["signals"]) == (1, 1, 1)
    assert sum(r["pos_community"] for r in block(number, "results")) == 1
    (row,) = block(number, "positives")
    assert (row["open"], row["positive"], row["state"]) == (1, 1, "working")


def test_what_was_frozen_and_then_changed_in_the_table_is_not_printed(desk):
    desk.fill(0, 5)
    number = desk.freeze()
    run(
        "UPDATE bulletin SET body = convert_to(replace(convert_from(body, 'UTF8'), '\"reached\":5', "
        "'\"reached\":6'), 'UTF8')"
    )
    db.session.commit()
    with pytest.raises(rules.BrokenSeal):
        queries.get_bulletin(number)


def test_a_correction_is_an_addendum_that_tells_what_differs_now(desk):
    desk.fill(0, 5)
    number = desk.freeze()
    before = fetch("SELECT body, digest FROM bulletin")[0]
    desk.fill(5, 3)
    who = actor_of(desk.head.staff_id)
    service.add(number, "补报一管，三人", by=who, at=clock.now())
    service.add(number, "另行说明", by=who, at=clock.now())
    db.session.commit()
    held = queries.get_bulletin(number)
    assert [a.text for a in held.addenda] == ["补报一管，三人", "另行说明"]
    assert ["reached", 5, 8] in held.addenda[0].changes
    assert fetch("SELECT body, digest FROM bulletin")[0] == before


def test_no_addendum_can_be_taken_out_unseen(desk):
    desk.fill(0, 5)
    number, who = desk.freeze(), actor_of(desk.head.staff_id)
    for text in ("一", "二"):
        service.add(number, text, by=who, at=clock.now())
    run("DELETE FROM bulletin_addendum WHERE seq = 1")
    db.session.commit()
    with pytest.raises(rules.BrokenSeal):
        queries.get_bulletin(number)


def test_an_addendum_may_not_speak_of_a_diagnosis(desk):
    number, who = desk.freeze(), actor_of(desk.head.staff_id)
    with pytest.raises(rules.ForbiddenWord):
        service.add(number, "其中一人已确 诊", by=who, at=clock.now())


def test_a_closing_report_tells_the_ledger_and_who_signed(desk):
    desk.through(desk.fill(0, 5))
    number = desk.freeze(Kind.CLOSING)
    keys = [b["key"] for b in queries.get_bulletin(number).body["blocks"]]
    assert keys[:3] == ["facts", "ledger", "signed"]


def test_a_round_that_was_signed_off_gets_its_report_once(desk):
    desk.fill(0, 5)
    run(
        "UPDATE round SET state = 'closed', signed_at = now() WHERE round_id = %s",
        (desk.city.round_id,),
    )
    db.session.commit()
    assert service.ask_closing(at=clock.now()) == 1
    db.session.commit()
    assert service.ask_closing(at=clock.now()) == 0


def test_a_bulletin_cannot_be_made_of_an_area_outside_the_round(desk):
    from tests import make

    other = make.area("county")
    with pytest.raises(service.OutsideRound):
        service.ask(Kind.DAILY, desk.city.round_id, other.area_id, by=None, at=clock.now())


def test_a_moment_that_is_over_is_not_made_up(desk):
    desk.through(desk.fill(0, 5))
    before = clock.now() - timedelta(hours=1)
    with pytest.raises(service.PastCutOff):
        service.ask(
            Kind.DAILY, desk.city.round_id, desk.county.area_id, by=None, at=clock.now(),
            cut_off=before,
        )  # fmt: skip
    assert not fetch("SELECT 1 FROM job WHERE kind = %s", (queries.JOB,))


def test_who_moved_to_the_area_from_another_cell_stands_in_its_bulletin(desk):
    cell, person, _code = desk.city.people[0]
    run(
        "UPDATE person SET key_group = 'market', employer = '某某市场', residence = 3 "
        "WHERE cell_id = %s AND person_id = %s",
        (cell, person),
    )
    there = desk.city.sites[1].area
    persons.move(cell, person, there.area_id, by=1, at=clock.now())
    db.session.commit()
    number = desk.freeze()
    rows = block(number, "coverage")
    assert sum(r["register"] for r in rows) == desk.told(number)["due"] == 80
    assert sum(r["floating"] for r in rows) == 1 and sum(r["unsaid"] for r in rows) == 79
    (group,) = block(number, "groups")
    assert (group["employer"], group["due"]) == ("某某市场", 1)
