"""What can be wrong with a result list, with one of its rows, and with confirming it."""

from __future__ import annotations

from screening.errors import Conflict, Faults, Problem


class NotOwnLis(Problem):
    status = 403
    code = "not_own_lis"
    zh = "本实验室没有登记为“用自己的系统出结果”。请导入仪器的结果文件，或先由管理员登记。"
    en = (
        "This laboratory is not registered as one with its own system. Import the instrument's "
        "files, or have an administrator register it."
    )


class ListFaults(Faults):
    code = "list_faults"
    zh = "清单有 {count} 处需要改正，没有导入任何一行。"
    en = "{count} things in the list need to be put right; no row was imported."


class OpenNotNamed(Conflict):
    code = "list_open_tubes"
    zh = "还有 {count} 管已签收而不在清单里。请看过待检名单后再确认。"
    en = "{count} received tubes are not in the list. Look at the open ones, then confirm."


class NothingNew(Conflict):
    code = "list_nothing_new"
    zh = "清单里没有新的结果。"
    en = "The list holds no new result."


# --- one row ------------------------------------------------------------------------------------


class RowProblem(Problem):
    """The fault of one row; `row` travels beside it."""

    status = 422
    code = "list_row"
    zh = "这一行有误。"
    en = "This row is not right."


class NoTube(RowProblem):
    code = "list_no_tube"
    zh = "有结果，没有管码。"
    en = "A result without a tube number."


class Scientific(RowProblem):
    code = "list_scientific"
    zh = "管码被表格软件变成了科学计数，末几位已经丢失。请把该列设为“文本”后重新导出。"
    en = "The spreadsheet turned the tube number into an exponent. Make the column text, export again."


class BadTube(RowProblem):
    code = "list_bad_tube"
    zh = "管码读不出来：{why}"
    en = "The tube number cannot be read: {why_en}"


class TubeTwice(RowProblem):
    code = "list_tube_twice"
    zh = "这一管已在第 {first} 行。"
    en = "This tube stands in row {first} already."


class NoResult(RowProblem):
    code = "list_no_result"
    zh = "没有结果。没有做的写“待检”，空白不会当作阴性。"
    en = "No result. Write “pending” for a tube that was not tested; a blank is never a negative."


class UnknownResult(RowProblem):
    code = "list_unknown_result"
    zh = "不认识的结果用词。请用：阴性、阳性、可疑、无效、待检。"
    en = "An unknown word. Use negative, positive, inconclusive, invalid or pending."


class BadCt(RowProblem):
    code = "list_bad_ct"
    zh = "{target} 的 Ct 不可能或读不出来。未检出请写“未检出”或留空。"
    en = "The Ct of {target} is impossible or cannot be read. Write “undetermined” or leave it empty."


class UnknownTarget(RowProblem):
    code = "list_unknown_target"
    zh = "这一行的试剂盒规则里没有靶标“{target}”。请改用规则里的靶标名，或写明试剂盒。"
    en = "The rules of this row's kit know no target “{target}”. Use their names, or name the kit."


class BadTime(RowProblem):
    code = "list_bad_time"
    zh = "检测时间读不出来。请写成 2026-11-22 08:30。"
    en = "The time cannot be read. Write it as 2026-11-22 08:30."


class FutureTime(RowProblem):
    code = "list_future_time"
    zh = "检测时间还没有到。"
    en = "The time of the test has not come yet."


class BeforeReceipt(RowProblem):
    code = "list_before_receipt"
    zh = "检测时间早于本实验室签收这一管的时间。"
    en = "Tested before this laboratory received the tube."


class NotReceivedHere(RowProblem):
    code = "list_not_received"
    zh = "本实验室没有签收过这一管。"
    en = "This laboratory has not received this tube."


class OnAPlate(RowProblem):
    code = "list_on_plate"
    zh = "这一管在板上等仪器结果，不能再由清单给结果。"
    en = "This tube stands on a plate and waits for its run; a list cannot give its result."


class HasResult(RowProblem):
    code = "list_has_result"
    zh = "这一管已有结果，清单写的不同。改判须走复测或更正。"
    en = "This tube has a result and the list says otherwise. Rerun it, or correct the result."


class OutOfUse(RowProblem):
    code = "list_out_of_use"
    zh = "这一管已退样、遗失或销毁。"
    en = "This tube was rejected, lost or discarded."
