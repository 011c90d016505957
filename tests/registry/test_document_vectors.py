"""Documents read alike by the server and the phone: tests/vectors/documents.json is made here.

`python -m tests.registry.test_document_vectors` writes it anew after a rule has changed;
tests/pwa/documents.test.js holds pwa/scan/documents.js to it.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from screening.registry import documents as d
from screening.registry.check_digits import gb11643
from screening.registry.countries import _table, country_code

FILE = Path(__file__).resolve().parents[1] / "vectors" / "documents.json"
TODAY = date(2026, 11, 22)


def citizen(first17: str) -> str:
    return first17 + gb11643(first17)


HONG_KONG, FOREIGNER = citizen("81000019900101123"), citizen("91141019900101123")
NUMBERS: list[tuple[str, str, str | None]] = [
    *[
        ("resident_id", typed, None)
        for typed in (
            "11010519491231002X", "440524188001010014", "11010519491231002x",
            " 110105 19491231 002X ", "110105-19491231-002X", "１１０１０５１９４９１２３１００２Ｘ",
            "11010519491231002ｘ\r\n", "110105491231002", "11010519491231002",
            "11010519491231002XX", "110105194912310021", "110105194912310O2X",
            "X1010519491231002X", "110105490230002", "1.10105E+17", "1.10105194912310E17", "",
            " \u3000", citizen("11010519490230002"), citizen("11010519491331002"),
            citizen("11010517001231002"), citizen("11010520000229001"),
            citizen("11010519000229001"), citizen("11010520280101001"), HONG_KONG, FOREIGNER,
            citizen("19010519900101123"), citizen("44031119900101123"),
        )
    ],
    ("hmt_residence", HONG_KONG, None), ("hmt_residence", "11010519491231002X", None),
    ("hmt_residence", "81000019900101", None), ("home_return", "h12345678", None),
    ("home_return", "M1234567802", None), ("home_return", "K12345678", None),
    ("home_return", "H1234567", None), ("home_return", "H123456789", None),
    ("home_return", "H", None), ("home_return", "-", None), ("taiwan_permit", "12345678", None),
    ("taiwan_permit", "1234567801", None), ("taiwan_permit", "1234567801(B)", None),
    ("taiwan_permit", "1234567", None), ("taiwan_permit", "A2345678", None),
    ("foreign_residence", "KOR140190010112", None), ("foreign_residence", FOREIGNER, None),
    ("foreign_residence", "KO1234567890123", None), ("foreign_residence", "KOR12345", None),
    ("foreign_residence", FOREIGNER[:-1] + ("0" if FOREIGNER[-1] != "0" else "1"), None),
    ("foreign_residence", HONG_KONG, None), ("passport", "e 1234-5678", "GBR"),
    ("passport", "E12345678", "英国"), ("passport", "gb-e12345678", None),
    ("passport", "GBR-E12345678", None), ("passport", "C01X00T47", "D"),
    ("passport", "E12345678", None), ("passport", "E12345678", "Atlantis"),
    ("passport", "E123", "US"), ("passport", "E1234567890123456", "US"),
    ("passport", "E123_456", "US"), ("护照", "E1234567", "france"),
    ("officer_card", "军字第1234567号", None), ("officer_card", "军1234567", None),
    ("officer_card", "军", None), ("household_book", "123456789", None),
    ("household_book", "123456789-2", None), ("household_book", "123456789-123", None),
    ("newborn", "11010519491231002X/20260501", None),
    ("newborn", "passport:GB-E12345678/20260501/2", None),
    ("newborn", "11010519491231002X-20260501-2", None),
    ("newborn", "newborn:11010519491231002X/20260501", None),
    ("newborn", "11010519491231002X/20260231", None), ("newborn", "11010519491231002X", None),
    ("none", "", None), ("ID card", "11010519491231002X", None),
    ("台胞证", "12345678", None), ("a kind of paper", "1", None),
]  # fmt: skip
TYPED = [
    "11010519491231002X", "110105194912310021", "110105491231002", "H12345678", "m1234567801",
    "12345678", "1234567801", "KOR140190010112", FOREIGNER, HONG_KONG, "GB-E12345678",
    "E12345678", "张三", "", "123",
]  # fmt: skip
NAMES = ["英国", "中国", "法国", "日本", "美国", "韩国", "Germany", "france", "香港", "台湾", "UK",
         "united states of america", "无国籍", "Atlantis", "", " us "]  # fmt: skip


def _told(act: Any) -> dict[str, Any]:
    try:
        document = act()
    except d.BadDocument as fault:
        sentences = {"zh": fault.sentence("zh"), "en": fault.sentence("en")}
        return {"problem": fault.code, **sentences}
    born = d.birth_date(document)
    return {
        "type": document.type.value, "number": document.number, "key": document.key,
        "country": document.country, "birth": f"{born:%Y%m%d}" if born else None,
        "mask": d.mask(document), "last4": d.last4(document),
    }  # fmt: skip


def vectors() -> dict[str, Any]:
    three = sorted(text for text in _table() if len(text) == 3 and text.isascii())
    return {
        "today": f"{TODAY:%Y%m%d}",
        "numbers": [
            {"kind": kind, "typed": typed, "in": country}
            | _told(lambda k=kind, t=typed, c=country: d.normalise(k, t, c, today=TODAY))
            for kind, typed, country in NUMBERS
        ],
        "recognised": [{"typed": typed} | _told(lambda t=typed: d.recognise(t)) for typed in TYPED],
        "countries": {text: country_code(text) for text in [*three, *NAMES]},
        "kinds": {kind.value: list(words) for kind, words in d.WORDS.items()},
    }


def test_the_shared_document_vectors_are_what_the_server_says():
    assert json.loads(FILE.read_text(encoding="utf-8")) == vectors()


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
