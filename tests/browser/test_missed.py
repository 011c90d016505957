"""Who is missed, in a real browser: by person, household and building, rounds, exemptions, visits."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from screening import clock
from screening.accounts.roles import Role
from screening.coverage import service as coverage
from screening.db import db, run
from screening.places.queries import TREE
from screening.registry.queries import ROUNDS
from screening.registry.rules import Flag
from screening.registry.service import exemptions, persons
from screening.reminders import service as reminders
from screening.tube import service as tubes
from screening.tube.queries import get_key
from screening.tube.rules import Verb
from tests import database, make, world
from tests.browser.conftest import PASSWORD, Town
from tests.browser.test_pages import (
    listen,
    look_over,
    speak,
)
from tests.browser.test_pages import sign_in as enter
from tests.browser.wait import soon
from tests.reminders import town as towns

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def town(app: Flask, database_url: str) -> Iterator[Town]:
    """A community with all that can happen to the missed, after an earlier round."""
    with app.test_request_context():
        towns.at_noon()
        made = towns.build(app.test_client())
        a, city = made.communities[0], made.city
        before = world.start_round([make.MadeArea(made.county, "", "", 2, _path(a, 2), 0)])
        run("UPDATE round SET started_at = started_at - interval '2 days' WHERE round_id = %s",
            (before,))  # fmt: skip
        ROUNDS.forget()
        people = _people(a)
        who = make.staff(Role.COMMUNITY_WORKER, a, password=PASSWORD, name="网格员")
        for role in (Role.DISTRICT_HEAD, Role.ADMINISTRATOR):
            make.grant(who, role)
        _happen(app, made, people, who.staff_id)
        coverage.mark_new()
        coverage.take_marks(at=clock.now())
        db.session.commit()
        app.config["MISSED"] = {"county": made.county, "community": a.area_id,
                                "round": city.round_id}  # fmt: skip
        number = who.staff_no
        db.session.remove()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Town(f"http://127.0.0.1:{server.server_port}", number, 0)
    server.shutdown()
    thread.join()
    server.server_close()
    app.config.pop("MISSED")
    clock.configure(None)
    database.clean(database_url)


def _path(community: Any, level: int) -> str:
    return "/".join(community.path.split("/")[: level + 1]) + "/"


def _people(community: Any) -> list[tuple[int, int, str]]:
    people = []
    for h in range(3):
        house = make.area("building", community, name=f"{h + 1}号楼")
        TREE.forget()
        for i in range(12):
            people.append(towns.person(
                community, "王小五", f"138{h}{i:07}", household=100 * h + i // 3, building=house,
                room=f"{1 + i // 3}01",
            ))  # fmt: skip
    db.session.commit()
    return people


def _happen(app: Flask, made: Any, people: list[tuple[int, int, str]], staff_id: int) -> None:
    now, round_id, client = clock.now(), made.city.round_id, app.test_client()
    for i in range(4):
        made.sample(client, [people[20 + i][2]])
    first = made.city.tube(0)
    key = get_key(first)
    tubes.advance(
        Verb.LOSE, {first: {}}, kind="lose", cell=key.cell_id, round_id=round_id, by=1, at=now,
        recorded_at=now,
    )  # fmt: skip
    bench = made.city.bench()
    bench.write("reject", tube=made.city.tube(1), reason="leak")
    assert bench.send(client).status_code == 200
    says = ("will_come", "refused", "unreachable", "visit", "exempt_pending")
    for p, outcome in zip(people, says, strict=False):
        reminders.note_contact(*p[:2], round_id, outcome, kind="call", until=None, by=staff_id,
                               at=now)  # fmt: skip
    reminders.note_contact(*people[6][:2], round_id, "away", kind="call",
                           until=now + timedelta(days=1), by=staff_id, at=now)  # fmt: skip
    persons.mark(*people[7][:2], add=Flag.CANNOT_WALK)
    for p in people[8:20]:
        exemptions.exempt([p[:2]], "medical", until=None, by=staff_id, at=now)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pages_of_the_missed_are_clean_at_both_sizes_and_in_both_languages(app, page, town, lang):
    complaints, at = listen(page), app.config["MISSED"]
    enter(page, town)
    speak(page, lang)
    one, city = at["community"], at["county"]
    pages = {
        "missed": f"/missed/{one}?round={at['round']}",
        "late": f"/missed/{one}?round={at['round']}&late=1",
        "households": f"/missed/{one}?round={at['round']}&view=households",
        "houses": f"/missed/{one}?round={at['round']}&view=areas",
        "never": f"/missed/{one}/never?round={at['round']}",
        "visits": f"/visits/{one}?round={at['round']}",
        "coverage": f"/coverage/{one}?round={at['round']}",
        "rounds": f"/coverage/{city}/rounds",
        "grants": f"/coverage/{one}/exemptions?round={at['round']}",
    }
    wrong = look_over(page, pages.values(), lang, "missed-")
    assert not complaints + wrong, "\n".join(complaints + wrong)


def test_a_number_of_coverage_opens_the_people_behind_it(app, page, town):
    at = app.config["MISSED"]
    enter(page, town)
    page.goto(f"/coverage/{at['community']}?round={at['round']}")
    page.locator("a[href*='state=resample']").first.click()
    page.wait_for_url("**/missed/*state=resample*")
    rows = page.locator("#missed tbody tr")
    assert rows.count() == 2
    assert {"样本丢失", "样本泄漏"} == {
        w for w in ("样本丢失", "样本泄漏", "结果无效") if w in page.locator("#missed").inner_text()
    }


def test_filters_ask_as_soon_as_they_are_chosen_and_can_be_cleared(app, page, town):
    at = app.config["MISSED"]
    enter(page, town)
    page.goto(f"/missed/{at['community']}?round={at['round']}")
    everybody = page.locator("#missed tbody tr").count()
    with page.expect_navigation():
        page.get_by_label("行动不便").check()
    soon(page.locator("#missed tbody tr"), count=1)
    page.get_by_role("link", name="清除筛选").click()
    page.wait_for_url(lambda url: "cannot_walk" not in url)
    soon(page.locator("#missed tbody tr"), count=everybody)
