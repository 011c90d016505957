"""The country on a passport, in whichever way a list writes it, as one two-letter code."""

from __future__ import annotations

from functools import lru_cache

from babel import Locale
from babel.core import get_global

# Issuers in the machine-readable zone (ICAO 9303-3, section 5) that are no ISO 3166 country.
_ICAO = {
    "D": "DE",
    "GBD": "GB",
    "GBN": "GB",
    "GBO": "GB",
    "GBP": "GB",
    "GBS": "GB",
    "RKS": "XK",
    "UNA": "UN",
    "UNO": "UN",
    "UNK": "XK",
    "XXA": "ZZ",
    "XXB": "ZZ",
    "XXC": "ZZ",
    "XXX": "ZZ",
}
# Names that lists really carry and CLDR does not.
_SAID = {
    "香港": "HK",
    "中国香港": "HK",
    "澳门": "MO",
    "中国澳门": "MO",
    "台湾": "TW",
    "中国台湾": "TW",
    "中华人民共和国": "CN",
    "大韩民国": "KR",
    "俄国": "RU",
    "俄罗斯联邦": "RU",
    "朝鲜民主主义人民共和国": "KP",
    "UK": "GB",
    "UNITED STATES OF AMERICA": "US",
    "无国籍": "ZZ",
}


@lru_cache(maxsize=1)
def _table() -> dict[str, str]:
    """Every spelling known (two and three letters, Chinese and English name) to two letters."""
    table: dict[str, str] = {}
    for language in ("en", "zh"):
        for code, name in Locale(language).territories.items():
            if len(str(code)) == 2:
                table |= {str(name).upper(): str(code), str(code): str(code)}
    known = set(table.values())
    for old, new in get_global("territory_aliases").items():
        if len(old) == 3 and old.isalpha() and len(new) == 1 and new[0] in known:
            table[old] = new[0]
    return table | _ICAO | _SAID


def country_code(text: str | None) -> str | None:
    """ISO 3166 two letters for a code or a name in Chinese or English; None if not known."""
    return _table().get((text or "").strip().upper())
