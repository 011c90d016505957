"""What somebody finds who copies the browser's files after a morning: nobody's name, nobody's number."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from screening.registry.check_digits import gb11643
from tests.browser.field_town import PIN, FieldTown, type_scan
from tests.browser.killable import Killable
from tests.browser.test_field_sampling import count, killable, patient, scan, sent, to_table
from tests.browser.test_field_shift import at_work

__all__ = ["killable", "patient"]  # fixtures
pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
TYPED, READ = "欧阳雪见柏", ("司马迁徙", "诸葛长庚")


def number(order: str) -> str:
    """A made-up citizen's number."""
    return f"11010519900307{order}" + gb11643(f"11010519900307{order}")


def wrong(whole: str) -> str:
    return whole[:-1] + ("0" if whole[-1] != "0" else "1")


def confirm(page: Any, document: str, name: str) -> None:
    """A paper whose number cannot be right, seen by a second person."""
    scan(page, document, "document_check_digit")
    page.locator("#field-seen-name").fill(name)
    page.locator("#field-seen-second").fill("S1002")
    page.locator("[data-name=seen-yes]").click()


def found(profile: Path, words: dict[str, str]) -> set[tuple[str, str]]:
    """Which words lie in the clear in which file, in either of the encodings browsers write."""
    out = set()
    for file in profile.rglob("*"):
        held = file.read_bytes() if file.is_file() else b""
        for name, word in words.items():
            if word.encode() in held or word.encode("utf-16-le") in held:
                out.add((name, file.name))
    return out


def test_a_morning_leaves_no_name_and_no_number_on_the_disk(
    field_town: FieldTown, killable: Killable
) -> None:
    town, tube = field_town, field_town.fresh()
    page = killable.open()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: said.append(request.url))
    at_work(page, town)
    to_table(page)
    scan(page, tube, "tube_opened")
    scan(page, town.resident_code(41, signed=True), "bind_ok")
    page.locator("[data-name=search]").last.click()
    page.locator("main label.option", has_text="证件").first.click()
    for field, text in {"number": number("821"), "name": TYPED, "phone": "13912345678"}.items():
        page.locator(f"main input[name={field}]").fill(text)
    page.locator("[data-name=register]").click()
    count(page, 2)
    type_scan(page, number("823"))
    count(page, 3)
    for i, name in enumerate(READ):
        confirm(page, wrong(number(f"83{i}")), name)
        count(page, 4 + i)
    sent(page)
    page.reload()
    page.locator(".truth").wait_for()
    killable.kill()
    person = town.people[41]
    words = {
        "typed name": TYPED, "typed number": number("821"), "typed phone": "13912345678",
        "scanned number": number("823"), "odd number": wrong(number("830")), "odd name": READ[0],
        "resident": person.name, "resident's number": person.document, "PIN": PIN,
        "resident's code": town.resident_code(41),
    }  # fmt: skip
    assert found(killable.profile, {"the app": "screening-field"}), "this is not the profile"
    assert not found(killable.profile, words)
    assert not [text for text in said if any(word in text for word in words.values())]
    tables = town.tables()
    inside = {s["person_id"] for s in tables.specimens if s["barcode"] == tube}
    assert len(inside) == 5, "two papers that cannot be right are two people"
    assert not tables.parked
