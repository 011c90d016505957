"""The town that the field app's tests stand on: it serves, goes away, comes back, and holds things."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from screening.registry.signed_codes import SIGNED_PREFIX
from tests.browser.field_town import type_scan

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


def answers(url):
    with urllib.request.urlopen(f"{url}/healthz", timeout=5) as r:
        return r.status


def test_the_server_goes_away_and_comes_back_on_the_same_port(field_town):
    assert answers(field_town.url) == 200
    field_town.stop()
    with pytest.raises(urllib.error.URLError):
        answers(field_town.url)
    field_town.start()
    assert answers(field_town.url) == 200


def test_one_person_is_swabbed_and_one_is_to_be_alone(field_town):
    held = field_town.tables()
    assert field_town.names_in(field_town.done_tube) == [field_town.people[1].name]
    assert len(held.tubes) == len(held.journals) == 1
    assert field_town.resident_code(2, signed=True).startswith(SIGNED_PREFIX)
    assert field_town.enrol_text().startswith(f"{field_town.url}/field/#enrol=")


def test_a_scanner_types_what_it_reads(field_page, field_town):
    field_page.goto("/session")
    field_page.evaluate("() => { window.keys = []; onkeydown = (e) => keys.push(e.key); }")
    text = field_town.resident_code(3)
    type_scan(field_page, text + "~:")
    typed = field_page.evaluate("keys.filter((k) => k !== 'Shift').join('')")
    assert typed == text + "~:Enter"
