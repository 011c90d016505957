"""Key groups in a real browser: who is due, overdue one level up, a schedule from draft to list."""

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
from screening.db import db, run
from screening.places.queries import TREE
from screening.registry.rules_schedule import Kind
from screening.registry.service import exemptions, schedules
from screening.reminders import due
from tests import database, make
from tests.browser.conftest import PASSWORD, Town
from tests.browser.test_pages import (
    listen,
    look_over,
    speak,
)
from tests.browser.test_pages import sign_in as enter
from tests.browser.wait import soon
from tests.reminders import town as towns
from tests.reminders.schedules import CHIEF, schedule, today, worker

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
STARS = ("龙江快递", "永兴冷链物流有限责任公司", "第二人民医院")


@pytest.fixture(scope="module")
def town(app: Flask, database_url: str) -> Iterator[Town]:
    """Three employers on schedules that began six days ago, arrivals, and who answers for them."""
    with app.test_request_context():
        towns.at_noon()
        made = towns.build(app.test_client())
        areas = [c.area_id for c in made.communities]
        who = make.staff(Role.ADMINISTRATOR, password=PASSWORD, name="街道负责人")
        for role in (Role.DISTRICT_HEAD, Role.COMMUNITY_WORKER, Role.DISPATCHER):
            make.grant(who, role)
        app.config["DUE"] = {"county": made.county, "community": areas[0],
                             "schedules": _happen(app, made)}  # fmt: skip
        due.settle_due(at=clock.now(), everything=True)
        db.session.commit()
        number = who.staff_no
        db.session.remove()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Town(f"http://127.0.0.1:{server.server_port}", number, 0)
    server.shutdown()
    thread.join()
    server.server_close()
    app.config.pop("DUE")
    clock.configure(None)
    database.clean(database_url)


def _happen(app: Flask, made: Any) -> dict[str, int]:
    now, client = clock.now(), app.test_client()
    groups = ("delivery", "cold_chain", "hospital")
    people: dict[str, list[tuple[int, int, str]]] = {}
    for c, community in enumerate(made.communities):
        house = make.area("building", community, name=f"{c + 1}号楼")
        TREE.forget()
        for i, (group, employer) in enumerate(zip(groups, STARS, strict=True)):
            people.setdefault(group, []).extend(
                worker(community, group, employer, name="王小五", phone=f"138{c}{i}{n:06}",
                       building=house, room=f"{n + 1}01", household=100 * i + n)
                for n in range(5)
            )  # fmt: skip
    began = today() - timedelta(days=3)
    out = {
        "delivery": schedule([made.county], name="快递外卖两天一检", starts_on=began),
        "cold_chain": schedule([made.county], name="冷链每天一检", cohort="cold_chain", every=1,
                               starts_on=today() - timedelta(days=1)),
        "arrival": schedule([made.county], name="来（返）人员", cohort="arrival", kind=Kind.DAYS,
                            days=(1, 2, 3, 5, 7), starts_on=began),
        "hospital": schedule([made.county], name="医院每周一检", cohort="hospital", every=7,
                             starts_on=today() + timedelta(days=1), begun=False),
    }  # fmt: skip
    for n, who in enumerate(people["hospital"][:4]):
        exemptions.put_in_cohort([who[:2]], "arrival", since=now - timedelta(days=n + 1))
    made.sample(client, [p[2] for p in [*people["cold_chain"][:7], *people["delivery"][:2]]])
    exemptions.exempt([people["delivery"][4][:2]], "away", until=now + timedelta(days=2), by=None,
                      at=now)  # fmt: skip
    schedules.put_contact(made.county, STARS[0], "钱经理", "13900000001", by=CHIEF, at=now)
    schedules.put_contact(made.communities[0].area_id, STARS[1], "孙主任", "13900000002", by=CHIEF,
                          at=now)  # fmt: skip
    run("UPDATE round SET name = '第一轮' WHERE round_id = %s", (made.city.round_id,))
    return out


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pages_of_schedules_are_clean_at_both_sizes_and_in_both_languages(app, page, town, lang):
    complaints, at = listen(page), app.config["DUE"]
    enter(page, town)
    speak(page, lang)
    pages = {
        "due": f"/due/{at['county']}",
        "due-areas": f"/due/{at['county']}?view=areas",
        "due-one": f"/due/{at['community']}",
        "due-people": f"/due/{at['community']}?view=people",
        "due-done": f"/due/{at['community']}?view=people&state=done",
        "due-employer": f"/due/{at['county']}/employer?employer={STARS[0]}",
        "due-calls": f"/due/{at['county']}/calls",
        "schedules": "/schedules",
        "schedule": f"/schedules/{at['schedules']['delivery']}",
        "schedule-new": "/schedules/new?preset=contact",
        "schedule-load": f"/schedules/{at['schedules']['hospital']}/preview",
        "employers": f"/employers/in/{at['county']}",
    }
    wrong = look_over(page, pages.values(), lang, "due-")
    assert not complaints + wrong, "\n".join(complaints + wrong)


def test_from_the_number_of_a_city_to_the_person_and_the_phone(app, page, town):
    at = app.config["DUE"]
    enter(page, town)
    page.goto(f"/due/{at['county']}")
    line = page.locator("#due tbody tr", has_text="龙江快递")
    assert line.get_by_role("link", name="13900000001").get_attribute("href") == "tel:13900000001"
    page.get_by_role("link", name="按辖区").click()
    page.locator("#due-areas tbody tr a").first.click()
    page.wait_for_url("**/due/*")
    page.goto(f"/due/{at['community']}")
    page.locator(".fig-value a[href*='state=late']").click()
    page.wait_for_url("**state=late**")
    states = page.locator("#due-people tbody tr .state").all_inner_texts()
    assert states and all(s.startswith("逾期") for s in states)


def test_a_late_employer_is_answered_for_once(app, page, town):
    at = app.config["DUE"]
    enter(page, town)
    page.goto(f"/due/{at['county']}/calls")
    waiting = page.locator("#due-calls tbody tr", has_text="待答复").count()
    row = page.locator("#due-calls tbody tr", has_text="待答复").first
    row.get_by_label("如何处理").fill("已联系单位，今晚补采")
    row.get_by_role("button", name="答复").click()
    page.wait_for_url("**/calls")
    page.goto(f"/due/{at['county']}/calls")
    assert page.locator("#due-calls tbody tr", has_text="待答复").count() == waiting - 1
    assert page.locator("#due-calls tbody tr", has_text="已联系单位，今晚补采").count() == 1


def test_a_schedule_from_the_form_to_its_beginning(app, page, town):
    enter(page, town)
    page.goto("/schedules/new?preset=weekly")
    page.get_by_label("名称").fill("学校每周一检")
    page.get_by_label("间隔天数").fill("")
    page.locator("input[name=area_ids]").first.check(force=True)
    page.get_by_role("button", name="存为草稿").click()
    soon(page.locator("main"), words="间隔应为 1 到 30 天")
    page.get_by_label("间隔天数").fill("7")
    page.get_by_role("button", name="存为草稿").click()
    page.get_by_role("link", name="每天的人数").click()
    page.get_by_role("button", name="开始").first.click()
    page.wait_for_url("**/schedules/*")
    assert "执行中" in page.locator("main").inner_text()
    page.get_by_role("button", name="建今天的轮次").click()
    page.wait_for_url("**/rounds/*/plan")
    assert "学校每周一检" in page.locator("h1").inner_text()
