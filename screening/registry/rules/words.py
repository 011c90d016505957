"""Pure words of the register: flags, cohorts, exemptions, and where each comes from."""

from __future__ import annotations

from enum import IntFlag
from typing import NamedTuple


class Flag(IntFlag):
    """`person.flags`: what a table, a door team or a list must know without opening the row."""

    CANNOT_WALK = 1
    RENTAL = 2
    DORMITORY = 4
    PROVISIONAL = 8  # stands in no register yet: made at a table
    DECEASED = 16
    DUPLICATE = 32  # merged into another person
    KEY_GROUP = 64
    LEFT = 128  # moved away for good
    CHECK_SEEN = 256  # the check digit is wrong, the document was seen by a second person
    HAS_TWIN = 512  # another row was merged into this one


GONE = Flag.DECEASED | Flag.DUPLICATE | Flag.LEFT  # not in the register of any round


class Word(NamedTuple):
    zh: str
    en: str


class Code(NamedTuple):
    """A coded reason: its words and where it comes from."""

    zh: str
    en: str
    source: str


GUIDE_3 = "区域新型冠状病毒核酸检测组织实施指南（第三版），2022-03-22"
NOTICES = "各地筛查通告所列不参加人员"
HOUSE = "本系统默认值，可在轮次中修改"
GENERAL = "general"  # everybody who is in no cohort of its own
COHORTS: dict[str, Word] = {
    GENERAL: Word("一般人群", "general public"),
    "close_contact": Word("密切接触者", "close contacts"),
    "second_contact": Word("次密接", "contacts of contacts"),
    "quarantined": Word("隔离人员", "quarantined"),
    "isolation": Word("集中隔离点人员", "people in isolation places"),
    "arrival": Word("涉疫地区来（返）人员", "arrivals from affected areas"),
    "recovered": Word("出院（舱）三个月内人员", "recovered within three months"),
    "key": Word("重点人群", "key groups"),
    "delivery": Word("快递外卖", "delivery"),
    "market": Word("农贸市场", "markets"),
    "cold_chain": Word("冷链", "cold chain"),
    "hospital": Word("医疗机构", "hospitals"),
    "school": Word("学校", "schools"),
    "transport": Word("交通运输", "transport"),
    "hotel": Word("酒店餐饮", "hotels and catering"),
    "cleaning": Word("保洁物业", "cleaning and estates"),
    "security": Word("安保", "security"),
    "port": Word("口岸", "ports"),
}
# What a register's column says about a person's work; the other cohorts come by lists with dates.
KEY_GROUPS = (
    "delivery", "market", "cold_chain", "hospital", "school", "transport", "hotel", "cleaning",
    "security", "port",
)  # fmt: skip
SINGLE_COHORTS = (
    "close_contact", "second_contact", "quarantined", "isolation", "arrival", "recovered",
    "hospital", "cold_chain", "port",
)  # fmt: skip
AWAITING_RECHECK = "awaiting_recheck"
EXEMPTIONS: dict[str, Code] = {
    "infant": Code("三岁以下婴幼儿", "infant under three", NOTICES),
    "recently_vaccinated": Code("刚接种疫苗", "vaccinated in the last days", NOTICES),
    "other_schedule": Code("按其他频次检测", "tested on another schedule", NOTICES),
    "quarantined": Code("隔离管理中", "under quarantine", NOTICES),
    "awaiting_transfer": Code("待转运", "awaiting transfer", "上海市，2022-04"),
    AWAITING_RECHECK: Code("待复核（自动）", "awaiting re-check (automatic)", "上海市，2022-04"),
    "recovered": Code("近期康复", "recently recovered", NOTICES),
    "valid_negative": Code("持有效阴性证明", "holds a valid negative", NOTICES),
    "medical": Code("医学原因", "medical reason", NOTICES),
    "away": Code("不在本市（已核实）", "out of town, confirmed", NOTICES),
    "in_hospital": Code("住院", "in hospital", NOTICES),
    "in_custody": Code("羁押或服刑", "in custody", NOTICES),
    "deceased": Code("已故", "deceased", "底数核查"),
    "not_resident": Code("已迁出或查无此人", "moved away or unknown here", "底数核查"),
    "duplicate": Code("重复登记", "registered twice", "底数核查"),
}
