"""Chinese names in Latin letters, as travel documents have them: surname and given names apart.

The table of readings takes 33 MB; it is read when the first certificate is made, not before."""

from __future__ import annotations

import re

from screening.registry.names import DOT, DOUBLE_SURNAMES, normalise_name

_IDEOGRAPH = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")

# Surnames that are read otherwise than the same character in a word.
_SURNAMES = {
    "曾": "zeng", "单": "shan", "仇": "qiu", "解": "xie", "区": "ou", "朴": "piao", "查": "zha",
    "任": "ren", "盖": "ge", "翟": "zhai", "乐": "yue", "尉": "wei", "冼": "xian", "繁": "po",
    "纪": "ji", "折": "she", "黑": "he", "秘": "bi", "种": "chong", "祭": "zhai", "缪": "miao",
    "覃": "qin", "召": "shao", "那": "na", "哈": "ha", "洗": "xian", "员": "yun", "郇": "huan",
    "佴": "nai", "隗": "wei", "适": "kuo", "阚": "kan", "郗": "xi", "瞿": "qu", "长": "chang",
}  # fmt: skip


def parts_of(name: str) -> tuple[str, str]:
    """Surname and the rest as written: 欧阳|娜娜, 买买提|艾山, SMITH|JOHN for two words."""
    name = normalise_name(name)
    for mark in (DOT, " "):
        if mark in name:
            first, _, rest = name.partition(mark)
            return first, rest
    if not _IDEOGRAPH.match(name):
        return name, ""
    size = 2 if len(name) > 2 and name[:2] in DOUBLE_SURNAMES else 1
    return name[:size], name[size:]


def latin_of(surname: str, given: str) -> tuple[str, str]:
    """Both in Latin letters; what is Latin already stays."""
    return _SURNAMES.get(surname) or _read(surname), _read(given)


def _read(text: str) -> str:
    if not _IDEOGRAPH.search(text):
        return text
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(text, v_to_u=True)).replace("ü", "yu")
