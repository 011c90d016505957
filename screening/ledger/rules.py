"""Words of the ledger: the parts of what is unaccounted for, explanations, differences (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple


class Part(NamedTuple):
    """One named part of "unaccounted for"; `unit` is what its list has a line for."""

    zh: str
    en: str
    unit: str
    why_zh: str
    why_en: str


PARTS: dict[str, Part] = {
    "late": Part(
        "超时无下一步扫码", "past the limit, no later scan", "tube",
        "已开管，超过本环节时限，没有后续扫码", "opened, past its link's limit, no later scan",
    ),
    "counted": Part(
        "点数多于扫码", "counted but not scanned", "batch",
        "封箱、交接或签收时点到的管数多于扫到的管数", "more tubes were counted than were scanned",
    ),
    "mismatch": Part(
        "有管无采样或有采样无管", "tube without capture, or missing at unpacking", "tube",
        "实验室收到但没有采样记录，或开箱核对后缺管",
        "at a laboratory without capture, or captured and missing when its box was reconciled",
    ),
    "unheard": Part(
        "日志未到齐", "journals not complete", "journal",
        "已知存在但未收到的日志编号，或收工后没有“封止于 n”", "numbers known but not held, or no closing entry",
    ),
    "no_result": Part(
        "停采后无结果", "no result after sampling stopped", "tube",
        "采样停止后仍没有结果、也没有原因代码的样本", "live specimens without result or coded reason",
    ),
    "parked": Part(
        "暂存的日志条目", "parked entries", "entry",
        "已收到但无法归入的日志条目", "entries that are held but could not be applied",
    ),
}  # fmt: skip

# why an unaccounted thing is explained (coded by one person, closed by another)
EXPLANATIONS: dict[str, tuple[str, str]] = {
    "declared_lost": ("确认遗失，人员重采", "confirmed lost, members are re-sampled"),
    "destroyed": ("破损或已销毁", "broken or destroyed"),
    "stays_at_site": ("留在采样点", "stays at the site"),
    "never_used": ("误开，未采样", "opened by mistake, nobody sampled"),
    "tested_elsewhere": ("转其他机构检测", "tested elsewhere"),
    "count_error": ("点数错误，实物核对", "a counting error, checked physically"),
    "label_error": ("标签错误，实物核对", "a labelling error, checked physically"),
    "device_lost": (
        "设备损坏或遗失，名单已由纸质补全",
        "device dead or lost, lists completed from paper",
    ),
    "not_used": ("设备未使用", "the device was not used"),
    "entry_settled": ("条目已人工处理", "the entry was settled by hand"),
    "other": ("其他（见备注）", "other, see the note"),
}


@dataclass(frozen=True)
class Difference:
    """One place where the tables and the recount do not agree. `barcode` may be empty only where
    no tube can be named; `what` is a word of WHAT, `detail` ids, numbers and codes only."""

    barcode: str
    table: str
    what: str
    detail: dict[str, Any] = field(default_factory=dict)


WHAT: dict[str, tuple[str, str]] = {
    "missing": ("表中缺少", "missing from the table"),
    "not_told": ("没有日志或命令说明", "no journal or command tells of it"),
    "differs": ("与重算不同", "differs from the recount"),
    "elsewhere": ("管码指向别处", "the directory names another place"),
    "neither": ("条目既未归入也未暂存", "an entry is neither applied nor parked"),
    "numbers_missing": ("日志编号缺失", "numbers are missing from the stored journal"),
    "chain_broken": ("日志链断裂", "the chain of the stored journal is broken"),
    "bad_signature": ("日志签名不符", "the signature of the stored journal is wrong"),
    "head_differs": ("日志链末不符", "the head of the stored journal differs"),
    "unreadable": ("日志无法解读", "the stored journal cannot be read"),
    "entries_differ": ("日志条目与摘要不符", "entries differ from their digests"),
    "journal_without_row": ("日志没有登记", "blocks of a journal that is not registered"),
    "journal_without_device": ("日志设备未登记", "a journal of no known device"),
    "command_changed": ("命令被改动", "a command was changed"),
}
