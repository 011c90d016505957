"""Made names of every kind a register holds: Han, rare characters, "·" names, Latin letters."""

from __future__ import annotations

from itertools import accumulate
from random import Random


def words(text: str) -> list[str]:
    return text.split()


# About how often a surname is met, in thousandths; two-character ones come at the end.
SURNAMES = words(
    "王 74 李 73 张 70 刘 54 陈 42 杨 31 赵 30 黄 20 周 19 吴 18 徐 15 孙 15 胡 12 朱 12 高 14 郭 18 "
    "何 11 林 9 马 14 罗 8 梁 10 宋 10 郑 8 谢 7 韩 12 唐 6 冯 9 于 6 董 8 萧 5 程 7 曹 8 袁 5 邓 4 "
    "许 5 傅 3 沈 3 曾 3 彭 3 吕 6 苏 5 卢 3 蒋 3 蔡 3 贾 9 丁 4 魏 6 薛 8 叶 2 阎 5 余 2 潘 2 杜 6 "
    "戴 2 夏 2 钟 1 汪 2 田 6 任 8 姜 3 范 5 方 2 石 6 姚 4 谭 1 廖 1 邹 1 熊 1 金 2 陆 1 郝 7 孔 2 "
    "白 6 崔 5 康 5 毛 2 邱 1 秦 4 江 1 史 5 顾 1 侯 5 邵 2 孟 4 龙 1 万 1 段 4 钱 1 汤 1 尹 2 "
    "黎 1 易 1 常 5 武 6 乔 5 贺 3 赖 1 龚 1 文 2 亢 2 荆 1 降 1 邸 1 仝 1 逯 1 仇 1 "
    "欧阳 2 司马 1 上官 1 诸葛 1 令狐 2 皇甫 1 尉迟 1 慕容 1 呼延 1 独孤 1"
)
SURNAME, SURNAME_SUM = SURNAMES[::2], list(accumulate(map(int, SURNAMES[1::2])))
MALE = (
    "伟强磊军勇杰涛超明刚平辉鹏飞波斌峰宇浩凯亮俊健龙志国华建文海东林永成立荣福生宏宁鑫博泽轩"
    "子睿铭翔晨阳旭昊天佑承恩嘉豪柏松岩毅信义仁德晋中山河川云江"
)
FEMALE = (
    "芳娜敏静丽艳娟霞秀兰英华玉萍红梅玲桂珍燕慧婷雪倩颖琳洁莉丹晶欣悦怡佳梦瑶雨涵诗琪可馨"
    "思语彤依诺一沐心妍月春秋荷菊香淑贤巧云翠凤彩爱莲素蓉薇岚青"
)
# Characters that break narrow fonts and encodings: outside GBK, outside the first plane, or both.
RARE = "䶮㼆𬀩㛃䴙𫖮𫍯𫘧𬍛𬭎䜣昇赟犇堃喆镕翀骉燚玥祎垚"
UYGHUR_MALE = words("艾山 买买提 吐尔逊 阿不都热合曼 依明 卡德尔 木沙 努尔买买提 阿力木 库尔班")
UYGHUR_FEMALE = words("古丽娜尔 阿依古丽 热依汗 帕提古丽 阿孜古丽 茹仙古丽 麦合丽亚 迪丽努尔")
TIBETAN_FIRST = words("扎西 次仁 多吉 洛桑 丹增 格桑 白玛 旺堆")
TIBETAN_LAST = words("顿珠 卓玛 央金 平措 拉姆 罗布 旺姆 次旦")
OVERSEAS_SURNAME = words("陳 林 黃 張 李 王 吳 劉 蔡 楊 許 鄭 何 梁 鄧 葉")
OVERSEAS_GIVEN = words("嘉欣 家豪 志偉 美玲 淑芬 俊傑 詠詩 子軒 雅婷 建宏 曉彤 國樑")
# Given in the order and capitals of the machine-readable line, as clerks copy them.
LATIN = {
    "KOR": ("KIM LEE PARK CHOI JUNG", "MINJUN SEOYEON JIHOON HANA SOOJIN"),
    "JPN": ("SATO SUZUKI TANAKA ITO", "KENTA YUI HARUTO AOI"),
    "RUS": ("IVANOV PETROVA SMIRNOV", "DMITRII ANNA SERGEI OLGA"),
    "PAK": ("KHAN AHMED MALIK", "MUHAMMAD ALI AYESHA BILAL"),
    "NGA": ("OKAFOR ADEYEMI BELLO", "CHINEDU NGOZI TUNDE AMINA"),
    "USA": ("SMITH O'BRIEN VAN-DYKE", "JOHN MARY LEE ANN GRACE"),
    "DEU": ("MÜLLER SCHRÖDER WEIß", "JÜRGEN ANNA HEIDI"),
    "FRA": ("DUPONT LEFÈVRE D'AUBIGNÉ", "RENÉ ZOÉ JEAN-LUC"),
}
COUNTRIES = list(LATIN)
SINGLE_GIVEN = 0.14
RARE_SHARE = 0.006


def surname(rng: Random) -> str:
    return rng.choices(SURNAME, cum_weights=SURNAME_SUM)[0]


def given_name(rng: Random, sex: str) -> str:
    """One or two characters; now and then one that narrow fonts do not hold."""
    pool = MALE if sex == "M" else FEMALE
    first = rng.choice(RARE) if rng.random() < RARE_SHARE else rng.choice(pool)
    return first if rng.random() < SINGLE_GIVEN else first + rng.choice(pool)


def han_name(rng: Random, sex: str, family_name: str) -> str:
    return family_name + given_name(rng, sex)


def minority_name(rng: Random, sex: str) -> str:
    """A name with the middle dot, or a Tibetan one without a surname."""
    if rng.random() < 0.3:
        return rng.choice(TIBETAN_FIRST) + rng.choice(TIBETAN_LAST)
    own = UYGHUR_MALE if sex == "M" else UYGHUR_FEMALE
    return f"{rng.choice(own)}·{rng.choice(UYGHUR_MALE)}"


def overseas_name(rng: Random) -> str:
    """A name of Hong Kong, Macau or Taiwan in the characters written there."""
    return rng.choice(OVERSEAS_SURNAME) + rng.choice(OVERSEAS_GIVEN)


def latin_name(rng: Random, country: str) -> str:
    family, given = LATIN[country]
    return f"{rng.choice(family.split())} {rng.choice(given.split())}"
