"""A served town with one day's work in it, and a browser with one person who holds every role."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests import database, make
from tests.browser.browsers import browser, driver, started
from tests.browser.field_fixtures import field_browser, field_page, field_phone, field_town
from tests.browser.scan_page import scan_bench, scan_browser, scan_launch, scan_stage
from tests.ledger.day import Day
from tests.reporting import bench as made

__all__ = [
    "browser", "driver", "field_browser", "field_page", "field_phone", "field_town", "page",
    "scan_bench", "scan_browser", "scan_launch", "scan_stage", "started", "town",
]  # fmt: skip
PASSWORD = "一路平安-2026-春"


class Town(NamedTuple):
    """`url` of the server, the sign-in number of who may open every page, the day's round."""

    url: str
    number: str
    round_id: int


@pytest.fixture(scope="module")
def town(app: Flask, database_url: str) -> Iterator[Town]:
    """The day of tests.ledger, counted, behind a real server."""
    from screening import clock
    from screening.accounts.roles import Role
    from screening.coverage import service as coverage
    from screening.db import db

    with app.test_request_context():
        day = Day(made.set_up(app.test_client()))
        who = make.staff(Role.ADMINISTRATOR, password=PASSWORD)
        for role in Role:
            if role != Role.ADMINISTRATOR:
                make.grant(who, role)
        coverage.mark_new()
        coverage.take_marks(at=clock.now())
        db.session.commit()
        number, round_id = who.staff_no, day.city.round_id
        db.session.remove()
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Town(f"http://127.0.0.1:{server.server_port}", number, round_id)
    server.shutdown()
    thread.join()
    server.server_close()
    database.clean(database_url)


@pytest.fixture
def page(browser: Any, town: Town) -> Any:
    """A browser page at the size of a desk; nothing but our own server can be reached."""
    context = browser.new_context(
        base_url=town.url,
        viewport={"width": 1366, "height": 768},
        locale="zh-CN",
        service_workers="block",  # a walk leaves the field app while it still fetches its parts
    )
    return context.new_page()
