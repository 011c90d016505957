"""Two languages: every sentence has its English, numbers and times are written one way."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po
from flask import Flask, render_template_string

from screening import i18n

ROOT = Path(__file__).resolve().parent.parent
AT = datetime(2026, 11, 22, 0, 42, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def pages() -> Flask:
    app = Flask("screening")
    i18n.init_i18n(app)
    return app


def said(pages: Flask, source: str, **headers: str) -> str:
    with pages.test_request_context(headers=headers):
        return render_template_string(source)


# -- which language -------------------------------------------------------------------------------


def test_chinese_is_spoken_when_nobody_asks(pages):
    assert said(pages, "{{ _('退出') }}") == "退出"


def test_a_browser_that_prefers_english_gets_english(pages):
    assert said(pages, "{{ _('退出') }}", Accept_Language="en-GB,en;q=0.9,zh;q=0.4") == "Sign out"


def test_a_browser_that_prefers_neither_gets_chinese(pages):
    assert said(pages, "{{ _('退出') }}", Accept_Language="fr") == "退出"


def test_the_choice_of_the_person_beats_the_browser(pages):
    text = said(pages, "{{ _('退出') }}", Cookie="lang=zh", Accept_Language="en")
    assert text == "退出"


def test_a_made_up_language_in_the_cookie_is_ignored(pages):
    assert said(pages, "{{ current_lang() }}", Cookie="lang=../../x") == "zh"


def test_chinese_is_spoken_outside_a_request(pages):
    with pages.app_context():
        assert (i18n._("退出"), i18n.current_lang()) == ("退出", "zh")
    assert i18n._("退出") == "退出"


def test_an_unknown_language_is_not_remembered(pages):
    with pages.test_request_context():
        assert "Set-Cookie" not in i18n.remember_lang(pages.response_class(), "xx").headers
        assert "lang=en" in i18n.remember_lang(pages.response_class(), "en").headers["Set-Cookie"]


# -- how things are written -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("span", "zh", "en"),
    [
        (0, "不到 1 分", "under 1 min"),
        (-3, "不到 1 分", "under 1 min"),
        (42, "42 分", "42 min"),
        (134, "2 小时 14 分", "2 h 14 min"),
        (timedelta(hours=2, minutes=14, seconds=59), "2 小时 14 分", "2 h 14 min"),
        (76 * 60 + 5, "3 天 4 小时", "3 d 4 h"),
        (None, "—", "—"),
    ],
)
def test_a_duration_is_written_in_its_two_largest_units(pages, span, zh, en):
    with pages.test_request_context():
        assert i18n.age(span) == zh
    with pages.test_request_context(headers={"Cookie": "lang=en"}):
        assert i18n.age(span) == en


@pytest.mark.parametrize(
    ("n", "d", "text"),
    [
        (2914, 2964, "98.3%  2,914 / 2,964"),
        (2964, 2964, "100.0%  2,964 / 2,964"),
        (999_999, 1_000_000, "99.9%  999,999 / 1,000,000"),
        (1, 1_000_000, "0.1%  1 / 1,000,000"),
        (0, 12, "0.0%  0 / 12"),
        (0, 0, "—  0 / 0"),
        (None, 5, "—  — / 5"),
    ],
)
def test_a_rate_stands_with_its_two_numbers_and_never_rounds_to_all_or_nothing(n, d, text):
    assert i18n.rate(n, d) == text


def test_times_are_written_in_local_time():
    written = [i18n.dt(AT), i18n.day(AT), i18n.hm(AT), i18n.hms(AT)]
    assert written == ["2026-11-22 08:42", "2026-11-22", "08:42", "08:42:10"]
    assert i18n.day(date(2026, 1, 2)) == "2026-01-02"


def test_a_missing_value_is_a_dash():
    assert {f(None) for f in (i18n.dt, i18n.day, i18n.hm, i18n.hms, i18n.thousands)} == {"—"}


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        i18n.dt(AT.replace(tzinfo=None))


# -- every sentence has its English ---------------------------------------------------------------


def sentences() -> Iterator[tuple[str, str]]:
    """Every translated sentence of the code and the templates, with the file that says it."""
    kinds = (("screening", "*.py", "python"), ("templates", "*.*", "jinja2.ext:babel_extract"))
    for folder, pattern, method in kinds:
        for path in sorted((ROOT / folder).rglob(pattern)):
            if not path.is_file():
                continue
            keywords = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
            for _line, message, *_rest in extract_from_file(method, path, keywords=keywords):
                yield (
                    (message if isinstance(message, str) else message[0]),
                    str(path.relative_to(ROOT)),
                )


def english() -> Iterator[tuple[str, str, str]]:
    for po in sorted(i18n.TRANSLATIONS.glob("*/en/LC_MESSAGES/messages.po")):
        with po.open("rb") as f:
            catalogue = read_po(f, locale="en", abort_invalid=True)
        for message in catalogue:
            if message.id:
                plural = isinstance(message.id, tuple)
                texts = message.string if plural else (message.string,)
                for text in texts:
                    yield (message.id[0] if plural else message.id), text, po.parents[2].name


def test_every_sentence_has_its_english():
    known = {zh for zh, en, _slice in english() if en}
    missing = sorted({f"{path}: {zh}" for zh, path in sentences() if zh not in known})
    assert not missing, "no English for:\n" + "\n".join(missing)


def test_a_sentence_has_the_same_english_everywhere():
    said_as = defaultdict(lambda: defaultdict(list))
    for zh, en, slice_name in english():
        said_as[zh][slice_name].append(en)
    differing = {zh: dict(by) for zh, by in said_as.items() if len({*map(tuple, by.values())}) > 1}
    assert not differing


def test_the_english_has_the_same_places_to_fill_as_the_chinese():
    place = re.compile(r"%\((\w+)\)")
    wrong = [zh for zh, en, _ in english() if set(place.findall(en)) - set(place.findall(zh))]
    assert not wrong
