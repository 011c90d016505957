"""What can be wrong with one row of a register file: a problem each, never the value."""

from __future__ import annotations

from typing import Any, NamedTuple

from screening.errors import Problem


class RowFault(NamedTuple):
    """Where and what; `details` fill the sentence of the problem with this code."""

    row: int
    column: str | None
    code: str
    details: dict[str, Any] | None = None


class RowProblem(Problem):
    status = 422
    code = "bad_row"
    zh = "这一行有误。"
    en = "This row is not right."


class TooManyColumns(RowProblem):
    code = "too_many_columns"
    zh = "这一行比列名多出单元格，可能有未加引号的逗号。"
    en = "The row has more cells than there are columns; perhaps a comma without quotes."


class TooFewColumns(RowProblem):
    code = "too_few_columns"
    zh = "这一行缺单元格，可能被截断。"
    en = "The row has fewer cells than there are columns; it may be cut."


class MissingName(RowProblem):
    code = "missing_name"
    zh = "没有姓名。"
    en = "The name is missing."


class TooLong(RowProblem):
    code = "cell_too_long"
    zh = "内容过长。"
    en = "The text is too long."


class UnknownCommunity(RowProblem):
    code = "unknown_community"
    zh = "社区代码不存在。"
    en = "There is no community with this code."


class OutsideArea(RowProblem):
    code = "outside_area"
    zh = "社区不在您导入的区域内。"
    en = "The community lies outside the area of this import."


class ImpossibleDate(RowProblem):
    code = "impossible_date"
    zh = "日期不存在或写法不认识。"
    en = "The date does not exist or is written in an unknown way."


class UnknownGroup(RowProblem):
    code = "unknown_key_group"
    zh = "不认识这个人群。"
    en = "This group is not known."


class UnknownResidence(RowProblem):
    code = "unknown_residence"
    zh = "人口类别请填“户籍”“常住”或“流动”，或留空。"
    en = "Write 户籍, 常住 or 流动 (registered, resident or floating), or leave it empty."


class BadYes(RowProblem):
    code = "not_yes_or_no"
    zh = "请填“是”或“否”，或留空。"
    en = "Write 是 or 否 (yes or no), or leave it empty."


class UnknownSex(RowProblem):
    code = "unknown_sex"
    zh = "性别请填“男”或“女”，或留空。"
    en = "Write 男 or 女 (male or female), or leave it empty."


class SameDocument(RowProblem):
    code = "same_document_other_name"
    zh = "第 {first} 行是同一个证件，姓名却不同；只收第一行。"
    en = "Row {first} has the same document under another name; only the first one is taken."


class DuplicateRow(RowProblem):
    code = "duplicate_row"
    zh = "与第 {first} 行是同一个证件，只收第一行。"
    en = "The same document as in row {first}; only the first one is taken."
