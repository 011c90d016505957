"""Messages in a real browser: a reminder, a notice before the start, messages in doubt."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from screening import clock
from screening.accounts.roles import Role
from screening.db import db, run
from screening.i18n import ZONE
from screening.places.queries import TREE
from screening.registry.queries import ROUNDS
from screening.reminders import sender, slots, writing
from screening.reminders.channels import Answer, Fate
from screening.reminders.queries import get_node
from tests import database, make, world
from tests.browser.conftest import PASSWORD, Town
from tests.browser.test_pages import (
    PHONE,
    keep,
    listen,
    look_over,
    speak,
)
from tests.browser.test_pages import sign_in as enter
from tests.reminders import town as towns

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


class Moody(towns.Box):
    """Every third message is lost sight of."""

    def send(self, key: str, phone: str, text: str, parts: Any = None) -> Answer:
        super().send(key, phone, text, parts)
        return Answer(Fate.UNKNOWN, "timeout") if len(self.sent) % 3 == 1 else Answer(Fate.SENT)


@pytest.fixture(scope="module")
def town(app: Flask, database_url: str) -> Iterator[Town]:
    """A wave that has run, with messages in doubt, and a round that begins tomorrow."""
    with app.test_request_context():
        towns.at_noon()
        made = towns.build(app.test_client())
        run("UPDATE site SET opens = '08:00-20:00', phone = '0351-7000000', tables = 2")
        for c, community in enumerate(made.communities):
            for h in range(4):
                building = make.area("building", community, name=f"{h + 1}号楼")
                TREE.forget()
                for i in range(30):
                    towns.person(community, "王小五", f"138{c}{h}{i:06}", building=building)
        wave_id = made.wave(place="", hours="")
        sender.send_due(Moody(honours_keys=False), limit=9)
        ahead = world.start_round([get_node(made.county)], state="scheduled")
        start = datetime.combine(clock.now().astimezone(ZONE).date(), time(8), ZONE)
        run(
            "UPDATE round SET starts_at = %s, ends_at = %s, started_at = NULL WHERE round_id = %s",
            (start + timedelta(days=1), start + timedelta(days=1, hours=12), ahead),
        )
        ROUNDS.forget()
        slots.plan(ahead, get_node(made.communities[0].area_id), by=made.head, at=clock.now())
        who = make.staff(Role.DISTRICT_HEAD, password=PASSWORD)
        db.session.commit()
        number = who.staff_no
        app.config["WAVES"] = {
            "wave": wave_id, "ahead": ahead, "county": made.county,
            "community": made.communities[0].area_id, "round": made.city.round_id,
        }  # fmt: skip
        db.session.remove()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Town(f"http://127.0.0.1:{server.server_port}", number, 0)
    server.shutdown()
    thread.join()
    server.server_close()
    app.config.pop("WAVES")
    clock.configure(None)
    database.clean(database_url)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pages_of_messages_are_clean_at_both_sizes_and_in_both_languages(app, page, town, lang):
    complaints, at = listen(page), app.config["WAVES"]
    enter(page, town)
    speak(page, lang)
    pages = {
        "waves": "/waves",
        "wave": f"/waves/{at['wave']}",
        "new": f"/waves/new/{at['county']}?round={at['round']}",
        "notice": f"/waves/new/{at['community']}?round={at['ahead']}&template=notice",
        "slots": f"/slots/{at['community']}?round={at['ahead']}",
        "slots-areas": f"/slots/{at['county']}?round={at['ahead']}",
    }
    wrong = look_over(page, pages.values(), lang, "waves-")
    assert not complaints + wrong, "\n".join(complaints + wrong)


def test_a_head_settles_a_message_in_doubt_by_phone(app, page, town):
    complaints, at = listen(page), app.config["WAVES"]
    enter(page, town)
    page.set_viewport_size(PHONE)
    page.goto(f"/waves/{at['wave']}")
    before = page.locator("#in-doubt tbody tr").count()
    assert before > 3
    page.locator("#in-doubt button[value=arrived]").first.click()
    page.wait_for_url(f"**/waves/{at['wave']}")
    assert page.locator("#in-doubt tbody tr").count() == before - 1
    page.locator("#in-doubt button[value=again]").first.click()
    page.wait_for_load_state()
    assert page.locator("#in-doubt tbody tr").count() == before - 2
    assert not complaints


def test_a_head_plans_hours_and_writes_the_notice(app, page, town):
    complaints, at = listen(page), app.config["WAVES"]
    enter(page, town)
    page.goto("/waves")
    page.click("a[href*='/slots/']")
    page.click("text=安排还没有时段的楼栋")
    page.wait_for_selector("text=安排了 4 栋")
    page.click("text=写开始前通知")
    page.fill("[name=rule]", "请带身份证，按时段前来")
    page.fill("[name=phone]", "0351-7000000")
    page.click("main form.form-narrow button.btn-primary")
    page.wait_for_selector("text=开始发送")
    keep(page, "notice-preview")
    page.click("summary:has-text('开始发送')")
    page.click("details[open] .confirm-choice button.btn-primary")
    page.wait_for_load_state()
    url = page.url
    with app.app_context():
        towns.at_noon()
        writing.write_out(int(url.rsplit("/", 1)[1]), now=clock.now)
        box = towns.Box()
        sender.send_due(box, limit=60)
        db.session.remove()
    texts = [text for _, _, text in box.sent if "采样即将开始" in text]
    assert texts and all("日08:00-09:00" in t or "日09:00-10:00" in t for t in texts)
    page.goto(url)
    assert "已发出" in page.locator("main").inner_text()
    assert not complaints and at
