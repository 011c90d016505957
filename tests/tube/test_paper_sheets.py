"""The paper sheet: printed with what is known, read back, as many lines and copies as asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO

import pytest
from pypdf import PdfReader

from screening.tube.codes import Kind, make_code
from screening.tube.printers import fallback
from screening.tube.printers.paper import Stamp
from tests.tube.test_printers import FONT, decoded, render, text_of

SITE = make_code(Kind.SITE, 31)
STAMP = Stamp(who="A001", at=datetime(2026, 11, 22, 8, 42, tzinfo=UTC), run="S0031")


def form(**kw) -> fallback.Form:
    modes = [("single", False), ("pooled 10", True)]
    return fallback.Form(**{"code": SITE, "site": "S0031 Yingze", "modes": modes, **kw})


def test_the_sites_code_is_read_back_from_every_copy(tmp_path):
    data = fallback.sheets(form(), copies=2, stamp=STAMP)
    assert [decoded(render(data, tmp_path, page=n), only="QR") for n in (1, 2)] == [[SITE]] * 2


def test_a_sheet_says_site_page_who_and_when():
    said = text_of(fallback.sheets(form(round="Round 3"), copies=3, stamp=STAMP), 1)
    for word in ("S0031 Yingze", "Round 3", "page 2 of 3", "A001", "2026-11-22 08:42"):
        assert word in said
    assert "Swabs in the tube" in said


@pytest.mark.parametrize("lines", [1, 5, 10, 20])
def test_there_is_a_line_for_each_person_and_all_lies_on_one_page(lines):
    reader = PdfReader(BytesIO(fallback.sheets(form(lines=lines))))
    said = reader.pages[0].extract_text().split("\n")
    assert len(reader.pages) == 1
    assert [w for w in said if w.isdigit()] == [str(n) for n in range(1, lines + 1)]


def test_where_nobody_shares_a_tube_each_line_has_its_own_label(tmp_path):
    data = fallback.sheets(form(single=True), copies=2, stamp=STAMP)
    said = text_of(data)
    assert "Tubes on the sheet" in said and "One person, one tube" in said
    assert [w for w in said.split("\n") if w.isdigit()] == [str(n) for n in range(1, 7)]
    assert decoded(render(data, tmp_path), only="QR") == [SITE]
    assert fallback.SINGLE_COLUMNS[1][2] * fallback.WIDE > fallback.LABEL[0] - 10 * 2.84
    assert sum(share for _, _, share in fallback.SINGLE_COLUMNS) == pytest.approx(1)


def test_lines_never_reach_the_count_below():
    for lines in range(1, 21):
        high = min((fallback.ROOM_FOR_LINES - 18.4) / lines, fallback.LARGEST_LINE)
        assert high > 20  # points: somebody writes in it with gloves on
    assert sum(share for _, _, share in fallback.COLUMNS) == pytest.approx(1)


def test_chinese_words_stand_where_there_is_a_font():
    if not FONT.exists():
        pytest.skip("static/vendor/fonts is made at set-up and is not there: Chinese not printed.")
    said = text_of(fallback.sheets(form(modes=[("一户一管", True)]), font=FONT))
    for word in ("采样登记单", "贴采样管条码", "管内拭子总数", "一户一管", "后 6 位"):
        assert word in said
