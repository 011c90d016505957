"""Names of people, pure: written one way, compared with patience, masked for screens.

Rare characters are kept as they are: NFKC (and even NFC) would turn compatibility ideographs into
other characters, so only what is no ideograph is folded.
"""

from __future__ import annotations

import re
import unicodedata

DOT = "·"
_DOTS = re.compile("[•・‧∙⋅᛫●]|(?<=[\u4e00-\u9fff])[.](?=[\u4e00-\u9fff])")
_FOLDED = re.compile(
    "[^\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\ue000-\uf8ff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_IDEOGRAPH = "\u3400-\u9fff\ue000-\uf8ff\uf900-\ufaff\U00020000-\U0003ffff〇々"
_BETWEEN = re.compile(f"(?<=[{_IDEOGRAPH}]) (?=[{_IDEOGRAPH}])")
_AROUND_DOT = re.compile(f" *{DOT} *")
_UNSEEN = re.compile("[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")

# Two-character surnames in use (from the seventh census's list of surnames, the common part).
_DOUBLE = (
    "欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 司徒 司空 夏侯 端木 轩辕 长孙 宇文 "
    "独孤 南宫 拓跋 百里 呼延 西门 公冶 澹台 濮阳 淳于 太史 申屠 仲孙 钟离 闻人 赫连 鲜于 "
    "闾丘 亓官 司寇 子车 颛孙 巫马 公西 漆雕 乐正 壤驷 公良 夹谷 宰父 谷梁 段干 东郭 南门 "
    "羊舌 微生 梁丘 左丘 东门 第五 歐陽 司馬 諸葛 東方 尉遲 公孫 軒轅 長孫 獨孤 南宮 西門 "
    "鍾離 聞人 赫連 鮮于 澹臺 濮陽"
)
DOUBLE_SURNAMES = frozenset(_DOUBLE.split())


def normalise_name(text: str) -> str:
    """The name as it is kept: half width, one kind of dot, no stray spaces, every character."""
    plain = _FOLDED.sub(lambda run: _fold(run[0]), text)
    plain = _DOTS.sub(DOT, plain)
    plain = re.sub(r"\s+", " ", plain).strip(f" {DOT}")
    return _BETWEEN.sub("", _AROUND_DOT.sub(DOT, plain))


def _fold(run: str) -> str:
    return _UNSEEN.sub(" ", unicodedata.normalize("NFKC", run)).replace("\u3000", " ")


def same_name(a: str, b: str) -> bool:
    """Whether two spellings differ at most in width, case, spaces and dots (edge case 12)."""
    return _essence(a) == _essence(b)


def _essence(name: str) -> str:
    return re.sub(f"[ {DOT}'’-]", "", normalise_name(name)).casefold()


def mask_name(name: str) -> str:
    """The surname, and a star for each character after it.

    欧阳娜娜 → 欧阳**; 买买提·艾山 → 买买提·**; John Smith → J*** S****.
    """
    name = normalise_name(name)
    if DOT in name:
        first, _, rest = name.partition(DOT)
        return first + DOT + re.sub(f"[^{DOT}]", "*", rest)
    if not re.match(f"[{_IDEOGRAPH}]", name):
        return re.sub(r"(?<=[^\s-])[^\s-]", "*", name)
    kept = 2 if len(name) > 2 and name[:2] in DOUBLE_SURNAMES else 1
    return name[:kept] + "*" * (len(name) - kept)
