"""The guides of those who watch: the same pictures in both languages, all of them there, small."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs" / "watch"
SHOWN = re.compile(r"\(watch/([a-z-]+)-(zh|en)-(desk|phone)\.webp\)")
GUIDES = [("command.md", "command.zh-CN.md"), ("community.md", "community.zh-CN.md")]


def shown(guide: str) -> list[tuple[str, str, str]]:
    return SHOWN.findall((ROOT / "docs" / guide).read_text("utf-8"))


@pytest.mark.parametrize(("english", "chinese"), GUIDES)
def test_both_guides_show_the_same_pictures_in_their_own_language(english, chinese):
    ours = {lang: shown(guide) for lang, guide in (("en", english), ("zh", chinese))}
    for lang, found in ours.items():
        assert {tongue for _, tongue, _ in found} == {lang}
    pictures = [[(name, size) for name, _, size in found] for found in ours.values()]
    assert pictures[0] == pictures[1]
    assert {size for _, size in pictures[0]} == {"desk", "phone"}


def test_every_picture_is_there_and_none_is_left_over():
    named = {"-".join(p) + ".webp" for pair in GUIDES for guide in pair for p in shown(guide)}
    assert named == {f.name for f in PICTURES.glob("*")}


def test_the_pictures_stay_small():
    assert sum(f.stat().st_size for f in PICTURES.glob("*")) < 3_000_000
