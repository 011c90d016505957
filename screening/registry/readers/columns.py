"""The columns of a register file: which are known, which are needed, where they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from screening.errors import Fault, Faults, Problem

# our word: the names that offices give the column, the first one is what we write
COLUMNS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "name"),
    "doc_type": ("证件类型", "document type"),
    "doc_number": ("证件号码", "身份证号", "身份证号码", "document number"),
    "country": ("国家地区", "国籍", "国家（地区）", "country"),
    "phone": ("电话", "手机", "手机号", "联系电话", "phone"),
    "community": ("社区代码", "社区编码", "community code"),
    "grid": ("网格", "grid"),
    "building": ("楼栋", "楼号", "building"),
    "unit": ("单元", "unit"),
    "room": ("房号", "室号", "room"),
    "household": ("户号", "household"),
    "guardian": ("监护人证件", "guardian document"),
    "birth": ("出生日期", "birth date"),
    "sex": ("性别", "sex"),
    "key_group": ("人群", "key group"),
    "employer": ("单位", "employer"),
    "residence": (
        "人口类别",
        "居住类别",
        "户籍类别",
        "人员类别",
        "人口性质",
        "户籍情况",
        "residence",
        "residence type",
    ),
    "immobile": ("行动不便", "cannot walk"),
    "rental": ("出租房", "rental"),
    "dormitory": ("集体宿舍", "dormitory"),
}
REQUIRED = ("name", "doc_number", "community")
FAULT_COLUMN = "错误说明"  # our own, in a corrected file that comes back
_KNOWN = {re.sub(r"\s", "", name).lower(): key for key, names in COLUMNS.items() for name in names}


class MissingColumn(Problem):
    status = 422
    code = "register_column_missing"
    zh = "缺少必需的列“{name}”。"
    en = "The required column “{name}” is missing."


class UnknownColumn(Problem):
    status = 422
    code = "register_column_unknown"
    # The name itself may be a person's: files without a header begin with one.
    zh = "第 {number} 列的列名不认识；第一行应为列名。"
    en = "The name of column {number} is not known; the first row should hold the names."


class RepeatedColumn(Problem):
    status = 422
    code = "register_column_twice"
    zh = "列“{name}”出现了两次。"
    en = "The column “{name}” stands there twice."


def find_columns(header: Sequence[str]) -> Mapping[str, int]:
    """{our word: index}. Raises Faults naming everything that is wrong with the first row."""
    found: dict[str, int] = {}
    faults: list[Fault] = []
    for index, title in enumerate(header):
        plain = re.sub(r"[\s\ufeff]", "", title).lower()
        key = _KNOWN.get(plain)
        if plain == FAULT_COLUMN:
            continue
        if key is None:
            faults.append(Fault(UnknownColumn(number=index + 1), row=1, column=str(index + 1)))
        elif key in found:
            faults.append(Fault(RepeatedColumn(name=COLUMNS[key][0]), row=1, column=str(index + 1)))
        else:
            found[key] = index
    missing = [COLUMNS[key][0] for key in REQUIRED if key not in found]
    faults += [Fault(MissingColumn(name=name), row=1, column=name) for name in missing]
    if faults:
        raise Faults(faults)
    return found
