"""Two languages and one way to write numbers and times: Chinese is the source, English is looked up.

In Python `_("中文")`, in templates `{{ _("中文") }}` (there a literal per cent sign is written `%%`).
"""

from __future__ import annotations

import os
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from flask import Flask, Response, has_request_context, request
from flask_babel import Babel, force_locale, get_locale, gettext, lazy_gettext, ngettext

from screening import clock

__all__ = ["_", "force_locale", "lazy_gettext", "ngettext"]

_ = gettext
LANGS = {"zh": "中文", "en": "English"}
COOKIE = "lang"
ZONE = ZoneInfo("Asia/Shanghai")  # one time zone for the whole country (GB/T 7408 local time)
TRANSLATIONS = Path(__file__).parent / "translations"
NONE = "—"


def init_i18n(app: Flask) -> None:
    """Bind the languages, the filters and the globals of every template to `app`."""
    catalogues = compile_catalogues()
    app.config.setdefault("BABEL_TRANSLATION_DIRECTORIES", ";".join(map(str, catalogues)))
    app.config.setdefault("BABEL_DEFAULT_LOCALE", "zh")
    app.config.setdefault("BABEL_DEFAULT_TIMEZONE", ZONE.key)
    Babel(app, locale_selector=_choose)
    app.jinja_env.filters.update(
        dt=dt,
        day=day,
        hm=hm,
        hms=hms,
        age=age,
        thousands=thousands,
        rate=rate,
        percent=percent,
        capital=capital,
    )
    app.jinja_env.globals.update(current_lang=current_lang, LANGS=LANGS, now=clock.now)


def compile_catalogues(root: Path = TRANSLATIONS) -> list[Path]:
    """Write the .mo beside every English .po that is newer; return the folders, sorted.

    Set-up has done it already; here it serves whoever edits a .po while the server runs.
    """
    folders = []
    for po in sorted(root.glob("*/en/LC_MESSAGES/messages.po")):
        mo = po.with_suffix(".mo")
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            _compile(po, mo)
        folders.append(po.parents[2])
    return folders


def _compile(po: Path, mo: Path) -> None:
    with po.open("rb") as f:
        catalogue = read_po(f, locale="en")
    part = mo.with_name(f"{mo.name}.{os.getpid()}")  # several workers may start at once
    with part.open("wb") as out:
        write_mo(out, catalogue)
    part.replace(mo)


def _choose() -> str:
    """What the person chose; else what the browser asks for; else Chinese."""
    if not has_request_context():
        return "zh"
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGS:
        return chosen
    return request.accept_languages.best_match(list(LANGS), "zh") or "zh"


def current_lang() -> str:
    """`zh` or `en`, for this request; `zh` where there is none."""
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def remember_lang(response: Response, lang: str) -> Response:
    """Keep the choice for a year; an unknown language changes nothing."""
    if lang in LANGS:
        response.set_cookie(
            COOKIE, lang, max_age=365 * 86400, samesite="Lax", secure=request.is_secure
        )
    return response


# -- how things are written; None is always a dash -------------------------------------------------


def local(at: datetime) -> datetime:
    """The wall clock of the field. A time without a zone is a bug and says so."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone reached a page")
    return at.astimezone(ZONE)


def dt(at: datetime | None) -> str:
    """2026-11-22 08:42"""
    return NONE if at is None else f"{local(at):%Y-%m-%d %H:%M}"


def day(at: datetime | date | None) -> str:
    """2026-11-22"""
    if isinstance(at, datetime):
        at = local(at)
    return NONE if at is None else f"{at:%Y-%m-%d}"


def hm(at: datetime | None) -> str:
    """08:42"""
    return NONE if at is None else f"{local(at):%H:%M}"


def hms(at: datetime | None) -> str:
    """08:42:10"""
    return NONE if at is None else f"{local(at):%H:%M:%S}"


def age(span: timedelta | float | None) -> str:
    """A duration (timedelta, or minutes) in its two largest units: 2 小时 14 分."""
    if span is None:
        return NONE
    minutes = int(span.total_seconds() // 60) if isinstance(span, timedelta) else int(span)
    if minutes < 1:
        return _("不到 1 分")
    hours, m = divmod(minutes, 60)
    if hours == 0:
        return _("%(m)s 分", m=m)
    days, h = divmod(hours, 24)
    if days == 0:
        return _("%(h)s 小时 %(m)s 分", h=h, m=m)
    return _("%(d)s 天 %(h)s 小时", d=days, h=h)


def capital(label: object) -> str:
    """A label as it stands at the head of something; within a sentence it is written small."""
    text = str(label)
    return text[:1].upper() + text[1:]


def thousands(n: float | None) -> str:
    """2,964"""
    return NONE if n is None else f"{n:,}"


def percent(n: int | None, d: int | None) -> str:
    """98.3%; never 100.0% while one is missing, never 0.0% while one is there."""
    if n is None or not d:
        return NONE
    tenths = round(n * 1000 / d)
    if n < d:
        tenths = min(tenths, 999)
    if n > 0:
        tenths = max(tenths, 1)
    return f"{tenths / 10:.1f}%"


def rate(n: int | None, d: int | None) -> str:
    """A rate never stands without its two numbers: 98.3%  2,914 / 2,964."""
    return f"{percent(n, d)}  {thousands(n)} / {thousands(d)}"


if __name__ == "__main__":
    sys.stdout.write(f"{len(compile_catalogues())} catalogues up to date\n")
