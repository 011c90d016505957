"""Words of the ledger: the parts of what is unaccounted for, explanations, differences (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from screening.tube.rules import GONE, Stage


class Part(NamedTuple):
    """One named part of "unaccounted for"; `unit` is what its list has a line for, the short words
    head a column."""

    zh: str
    en: str
    short_zh: str
    short_en: str
    unit: str
    why_zh: str
    why_en: str


PARTS: dict[str, Part] = {
    "late": Part(
        "超时无下一步扫码", "past the limit, no later scan", "超时", "late", "tube",
        "已开管，超过本环节时限，没有后续扫码", "opened, past its link's limit, no later scan",
    ),
    "counted": Part(
        "点数多于扫码", "counted but not scanned", "多点", "counted", "batch",
        "封箱、交接或签收时点到的管数多于扫到的管数", "more tubes were counted than were scanned",
    ),
    "mismatch": Part(
        "有管无采样或有采样无管", "tube without capture, or missing at unpacking", "管与采样不符", "mismatch", "tube",
        "实验室收到但没有采样记录，或开箱核对后缺管",
        "at a laboratory without capture, or captured and missing when its box was reconciled",
    ),
    "unheard": Part(
        "日志未到齐", "journals not complete", "日志", "journals", "journal",
        "已知存在但未收到的日志编号，或收工后没有“封止于 n”", "numbers known but not held, or no closing entry",
    ),
    "no_result": Part(
        "停采后无结果", "no result after sampling stopped", "无结果", "no result", "tube",
        "采样停止后仍没有结果、也没有原因代码的样本", "live specimens without result or coded reason",
    ),
    "parked": Part(
        "暂存的日志条目", "parked entries", "暂存", "parked", "entry",
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


@dataclass
class Explained:
    """How much of one part there is, and how far it is explained."""

    items: int = 0
    n: int = 0
    persons: int = 0
    coded: int = 0
    closed: int = 0

    @property
    def open(self) -> int:
        return self.items - self.closed


@dataclass
class Balance:
    """A round's tubes in one table: opened = released + in the chain + left it with a code.

    `stages` {stage: [tubes, persons]}; `swabs` {void code: swabs}; `unaccounted` is what two
    persons have not explained; `matters` what is open beside it (tickets, callbacks, alerts)."""

    round_id: int
    tubes: int = 0
    stages: dict[int, list[int]] = field(default_factory=dict)
    swabs: dict[int, int] = field(default_factory=dict)
    parts: dict[str, Explained] = field(default_factory=dict)
    devices: dict[str, int] = field(default_factory=dict)
    matters: dict[str, int] = field(default_factory=dict)

    @property
    def released(self) -> int:
        return self.stages.get(Stage.RELEASED, [0, 0])[0]

    @property
    def left(self) -> int:
        """Tubes that left the chain with a code: void, rejected, lost, discarded."""
        return sum(n for stage, (n, _) in self.stages.items() if stage in GONE)

    @property
    def in_chain(self) -> int:
        return sum(n for stage, (n, _) in self.stages.items() if stage < Stage.RELEASED)

    @property
    def unaccounted(self) -> int:
        return sum(p.open for p in self.parts.values())

    def adds_up(self) -> bool:
        """Whether every tube stands in exactly one place of the table."""
        return self.tubes == self.released + self.in_chain + self.left

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON, sums included, as it is stored with its cut-off."""
        return {
            **asdict(self),
            "stages": {Stage(s).name.lower(): v for s, v in sorted(self.stages.items())},
            "swabs": {str(k): n for k, n in sorted(self.swabs.items())},
            "parts": {k: {**asdict(p), "open": p.open} for k, p in self.parts.items()},
            "released": self.released,
            "in_chain": self.in_chain,
            "left": self.left,
            "unaccounted": self.unaccounted,
        }


def obstacles(balance: Balance) -> list[str]:
    """Why a round cannot be signed off, as words of OBSTACLES; empty when it can."""
    out = []
    if not balance.adds_up():
        out.append("does_not_add_up")
    out += [part for part, p in balance.parts.items() if p.open]
    return out


# of the missed: those of whom nobody said what came of it
UNSAID = ("m_resample", "m_new", "m_visit")


def unfinished(open_tubes: int, matters: Mapping[str, int], unsaid: int) -> dict[str, int]:
    """How much of the round itself is not finished, by words of OBSTACLES: tubes on the table,
    re-samples and alerts that run, calls about alerts that nobody has answered (a released result
    answers none: somebody must have it in hand), missed persons without a reason."""
    return {
        "open_tubes": open_tubes,
        "pools": matters.get("callback", 0) + matters.get("alert", 0),
        "calls": matters.get("call", 0),
        "residual": unsaid,
    }


def gather(counts: Iterable[Any]) -> dict[str, Explained]:
    """Counts by place, summed by part; every part stands in it, also with nothing."""
    out = {part: Explained() for part in PARTS}
    for c in counts:
        p = out[c.part]
        p.items += c.items
        p.n += c.n
        p.persons += c.persons
        p.coded += c.coded
        p.closed += c.closed
    return out


# what may stand in the way of a sign-off: the parts themselves, and these
OBSTACLES: dict[str, tuple[str, str]] = {
    **{k: (p.zh, p.en) for k, p in PARTS.items()},
    "open_tubes": ("还有开管未封", "tubes that are still open"),
    "pools": ("阳性管未处置完", "pools that are not resolved"),
    "calls": ("预警通知还没有人确认", "calls about alerts that nobody has answered"),
    "residual": ("未检人员还没有说明", "missed persons of whom nothing is said"),
    "does_not_add_up": ("各环节之和不等于开管数", "the stages do not add up to the tubes opened"),
    "recount_differs": ("重算与表不一致", "the recount differs from the tables"),
}
