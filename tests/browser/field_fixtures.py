"""Fixtures of the field app's browser tests: the town behind a server, and a phone's page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from tests import database
from tests.browser import field_town as town_of

PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def field_town(app: Flask, database_url: str) -> Iterator[town_of.FieldTown]:
    """A town with its server running; stopped and thrown away after the module."""
    built = town_of.build(app)
    built.start()
    yield built
    built.stop()
    database.clean(database_url)


@pytest.fixture
def field_browser(browser: Any) -> Any:
    """A Chromium for as many phones as a test wants."""
    return browser


@pytest.fixture
def field_phone(field_browser: Any, field_town: town_of.FieldTown) -> Callable[..., Any]:
    """Makes a phone: a browser context of its own (its own storage) at 360 by 740, in Chinese."""

    def make(**kw: Any) -> Any:
        return field_browser.new_context(
            base_url=field_town.url, has_touch=True, locale="zh-CN", **{"viewport": PHONE, **kw}
        )

    return make


@pytest.fixture
def field_page(field_phone: Callable[..., Any]) -> Any:
    """The page of one fresh phone; nothing is open yet."""
    return field_phone().new_page()
