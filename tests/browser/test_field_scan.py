"""Scanners that type, in a real Chromium: any focus, any speed, through an input method."""

from __future__ import annotations

import pytest

from screening.registry.check_digits import gb11643
from screening.registry.person_codes import make_resident_code
from screening.tube.codes import Kind, make_code
from tests.browser.field_town import type_keys as type_scan

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

TUBES = [make_code(Kind.TUBE, n) for n in (427, 428)]
PERSON = make_resident_code(4, 12)
CITIZEN = "11010519491231002" + gb11643("11010519491231002")


def check_digit(field: str) -> str:
    """ICAO 9303-3, section 4.9."""
    values = (0 if char == "<" else int(char, 36) for char in field)
    return str(sum(value * (7, 3, 1)[i % 3] for i, value in enumerate(values)) % 10)


@pytest.mark.parametrize(
    ("focus", "gap_ms"),
    [("#field", 0), ("#number", 0), ("#ok", 0), (None, 0), ("#field", 120), (None, 120),
     pytest.param("#number", 120, marks=pytest.mark.long),
     pytest.param("#ok", 120, marks=pytest.mark.long)],
)  # fmt: skip
def test_a_scan_is_read_whole_whatever_has_the_focus_and_however_slow(scan_stage, focus, gap_ms):
    if focus:
        scan_stage.page.focus(focus)
    type_scan(scan_stage.page, TUBES[0], gap_ms)
    type_scan(scan_stage.page, CITIZEN, gap_ms)
    assert scan_stage.reads(2, "kind") == ["tube", "document"]
    assert scan_stage.page.evaluate("bench.texts") == [TUBES[0], CITIZEN]
    assert scan_stage.value() == "" and scan_stage.value("#number") == ""


@pytest.mark.parametrize(
    ("prefix", "focus", "gap_ms"),
    [("", "#field", 0), ("", None, 0), ("~", "#field", 0), ("~", None, 0),
     ("", "#field", 120), ("~", None, 120),
     pytest.param("", None, 120, marks=pytest.mark.long),
     pytest.param("~", "#field", 120, marks=pytest.mark.long)],
)  # fmt: skip
def test_a_chinese_input_method_neither_splits_nor_loses_a_scan(scan_stage, focus, gap_ms, prefix):
    scan_stage.page.evaluate("p => { bench.settings.prefix = p; }", prefix)
    if focus:
        scan_stage.page.fill(focus, "张")
        scan_stage.page.focus(focus)
    for text in (TUBES[0], PERSON):
        scan_stage.ime_scan(prefix + text, gap_ms, field=focus is not None and not prefix)
    assert scan_stage.reads(2, "kind") == ["tube", "resident"]
    assert scan_stage.page.evaluate("bench.texts") == [TUBES[0], PERSON]
    assert scan_stage.value() == ("张" if focus else "")


def test_what_is_typed_by_hand_stays_and_a_scan_in_the_middle_is_taken_out_again(scan_stage):
    scan_stage.page.focus("#field")
    scan_stage.page.keyboard.type("13800138000")
    scan_stage.page.keyboard.press("Enter")
    assert scan_stage.value() == "13800138000"
    scan_stage.page.fill("#field", "")
    scan_stage.page.focus("#field")
    scan_stage.page.keyboard.type("zhang ")
    type_scan(scan_stage.page, TUBES[0])
    assert scan_stage.reads(1) == [TUBES[0]]
    assert scan_stage.value() == "zhang "
    scan_stage.page.keyboard.type("san")
    assert scan_stage.value() == "zhang san"


def test_a_field_may_keep_its_keys_and_buttons_keep_theirs(scan_stage):
    scan_stage.page.evaluate(
        "() => { window.pressed = 0;"
        " document.querySelector('#ok').addEventListener('click', () => { pressed += 1; }); }"
    )
    scan_stage.page.focus("#free")
    type_scan(scan_stage.page, TUBES[0])
    assert scan_stage.value("#free") == TUBES[0]
    scan_stage.page.focus("#ok")
    scan_stage.page.keyboard.press("Enter")
    scan_stage.page.keyboard.press("Space")
    type_scan(scan_stage.page, TUBES[1])
    assert scan_stage.reads(1) == [TUBES[1]]
    assert scan_stage.page.evaluate("window.pressed") == 2


def test_what_was_typed_elsewhere_or_dealt_with_does_not_stick_to_a_scan(scan_stage):
    box = make_code(Kind.BOX, 9)
    scan_stage.page.focus("#field")
    scan_stage.page.keyboard.type("0123")
    scan_stage.page.evaluate("document.querySelector('#field').value = ''")
    type_scan(scan_stage.page, box)
    scan_stage.page.keyboard.type(TUBES[1])
    scan_stage.page.focus("#ok")
    type_scan(scan_stage.page, TUBES[0])
    assert scan_stage.reads(2) == [box, TUBES[0]]
    assert scan_stage.value() == TUBES[1]


def test_a_pda_that_inserts_text_is_read_from_the_field(scan_stage):
    scan_stage.page.focus("#field")
    scan_stage.keys.send("Input.insertText", {"text": TUBES[0]})
    scan_stage.page.keyboard.press("Enter")
    assert scan_stage.reads(1) == [TUBES[0]]
    assert scan_stage.value() == ""


def test_the_lines_of_a_passport_come_with_an_enter_each_and_are_one_read(scan_stage):
    lines = ["P<GBRERIKSSON<<ANNA<MARIA".ljust(44, "<"), "E12345678"]
    parts = [lines[1], "740812", "300415"]
    number, birth, expiry = (part + check_digit(part) for part in parts)
    optional = "<" * 14
    total = check_digit(number + birth + expiry + optional + "<")
    type_scan(scan_stage.page, lines[0])
    type_scan(scan_stage.page, f"{number}GBR{birth}F{expiry}{optional}<{total}")
    assert scan_stage.reads(1, "kind") == ["document"]
    assert scan_stage.reads(1, "shown") == ["…5678"]
    assert scan_stage.reads(1, "problem") == [None]


def test_a_document_form_keeps_the_number_it_asks_for_and_gives_up_a_tube(scan_stage):
    scan_stage.page.focus("#paper")
    type_scan(scan_stage.page, CITIZEN, end="")
    scan_stage.page.keyboard.press("Tab")
    assert scan_stage.value("#paper") == CITIZEN
    scan_stage.page.focus("#paper")
    scan_stage.page.keyboard.press("End")
    type_scan(scan_stage.page, TUBES[0])
    assert scan_stage.reads(1) == [TUBES[0]]
    assert scan_stage.value("#paper") == CITIZEN


def test_a_slip_on_the_prefix_key_gives_the_field_its_keys_back(scan_stage):
    scan_stage.page.evaluate("() => { bench.settings.prefix = '~'; }")
    scan_stage.page.focus("#field")
    type_scan(scan_stage.page, "a~", end="")
    scan_stage.page.wait_for_timeout(2_800)
    type_scan(scan_stage.page, "b", end="")
    assert scan_stage.value() == "ab"


def test_scans_faster_than_the_screen_wait_in_line_and_a_double_pull_counts_once(scan_stage):
    scan_stage.page.evaluate("bench.slow = 120")
    wanted = [make_code(Kind.TUBE, n) for n in range(12)]
    for text in wanted:
        type_scan(scan_stage.page, text)
        type_scan(scan_stage.page, text)
    assert scan_stage.reads(12) == wanted
    scan_stage.page.wait_for_timeout(300)
    assert scan_stage.page.evaluate("bench.reads.length") == 12
