"""The guide of the field app: every screen is shown, in both languages, by day and by night."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "field"
KINDS = [f"{lang}-{theme}" for lang in ("zh", "en") for theme in ("day", "night")]
SHOWN = re.compile(r"\(field/([a-z-]+)-(zh|en)-(day|night)\.webp\)")


def names(kind: str) -> set[str]:
    return {f.name.removesuffix(f"-{kind}.webp") for f in PICTURES.glob(f"*-{kind}.webp")}


def screens() -> list[str]:
    listed = (ROOT / "pwa" / "screens" / "index.js").read_text("utf-8")
    return [name.replace("_", "-") for name in re.findall(r"as (\w+) \}", listed)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_screen_has_its_picture(kind):
    there = names(kind)
    assert screens()
    assert [s for s in screens() if not any(n.startswith(s) for n in there)] == []
    assert there == names(KINDS[0]), "a picture was taken in one of the four ways only"


def test_both_guides_show_the_same_pictures_in_their_own_language():
    shown = {}
    for lang, page in (("en", "field.md"), ("zh", "field.zh-CN.md")):
        found = SHOWN.findall((ROOT / "docs" / page).read_text("utf-8"))
        assert {tongue for _, tongue, _ in found} == {lang}
        shown[lang] = [(name, theme) for name, _, theme in found]
    assert shown["en"] == shown["zh"]
    assert {name for name, _ in shown["en"]} <= names("zh-day")


def test_the_pictures_stay_small():
    assert sum(f.stat().st_size for f in PICTURES.glob("*")) < 4_000_000
