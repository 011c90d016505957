"""A bulletin as it is read: sentences and tables in one language, the same for every form of print."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from screening.bulletins import rules, shape
from screening.bulletins.gathering.people import exempt_word
from screening.bulletins.queries import Addendum, Held
from screening.bulletins.rules import Kind, Told
from screening.i18n import _, age, current_lang, dt, local, percent, thousands
from screening.ledger.rules import PARTS
from screening.registry.names import mask_name
from screening.registry.rules import COHORTS
from screening.registry.seals import mask_phone
from screening.transport.words import REJECTIONS
from screening.tube.rules import Stage
from screening.tube.words import STAGE_WORDS


class Table(NamedTuple):
    """`kinds` as in shape.Column; `rows` and `total` hold values, `shown` says how they read."""

    key: str
    title: str
    heads: list[str]
    kinds: list[str]
    rows: list[list[Any]]
    total: list[Any] | None = None
    note: str = ""


class Paper(NamedTuple):
    """`empty` names the tables in which there is nothing; `foot` leads back to the record: its
    number, cut-off and digest."""

    title: str
    head: str
    sentences: list[str]
    tables: list[Table]
    addenda: list[tuple[str, str, Table | None]]
    empty: str
    foot: str
    cut_off: datetime
    lang: str


def lang() -> int:
    return 1 if current_lang() == "en" else 0


def paper(held: Held, personal: list[dict[str, Any]] | None = None, *, mark: str = "") -> Paper:
    """The whole of a bulletin in the language of the moment. `personal`: opened blocks, if any;
    `mark`: who takes it away and when, on every page."""
    body, row = held.body, held.row
    order = list(shape.BLOCKS)
    blocks = [*body["blocks"], *(personal or [])]
    if personal:
        blocks.sort(key=lambda b: order.index(b["key"]) if b["key"] in order else len(order))
    told = Told(**body["told"]) if "told" in body else None
    tables = [table(b) for b in blocks]
    none = [t.title for t in tables if not t.rows]
    return Paper(
        title_of(body),
        _("第 %(n)s 期 · 截至 %(at)s", n=row.number, at=_second(row.cut_off)),
        sentences(body, told, row.cut_off),
        tables,
        [_addendum(a) for a in held.addenda],
        _("没有内容的表：%(names)s。", names=_("、").join(none)) if none else "",
        _("编号 %(id)s · 冻结于 %(at)s · 摘要 %(digest)s", id=row.bulletin_id,
          at=_second(row.cut_off), digest=held.digest.hex()[:16]) + (f" · {mark}" if mark else ""),
        row.cut_off,
        current_lang(),
    )  # fmt: skip


def _second(at: datetime) -> str:
    return f"{local(at):%Y-%m-%d %H:%M:%S}"


def title_of(body: dict[str, Any]) -> str:
    kind = rules.KINDS[Kind(body["kind"])][lang()]
    words = [body["area"]["name"], body["round"]["name"], kind]
    if body["round"]["drill"]:
        words.insert(0, _("【演练】"))
    return " ".join(words)


def sentences(body: dict[str, Any], told: Told | None, at: datetime) -> list[str]:
    """The headline as leaders say it; then that all is negative, or why that may not be said."""
    if told is None:
        return [lead(body)]
    out = [headline(body, told, at)]
    against = body["against"]
    if not against:
        again = ""
        if told.signals:
            again = _("（初筛 %(n)s 管，复采均为阴性）", n=thousands(told.signals))
        out.append(_("结果均为阴性。") + again)
    elif against != ["nothing"]:
        why = _("；").join(rules.AGAINST[w][lang()] for w in against)
        out.append(_("尚未了结：%(why)s。", why=why))
    return out


def headline(body: dict[str, Any], t: Told, at: datetime) -> str:
    return _(
        "截至 %(at)s，%(area)s%(round)s应检 %(due)s 人，已检 %(reached)s 人，检测率 %(rate)s"
        "（%(reached)s / %(due)s）；已采 %(tubes)s 管，已出 %(released)s 管、%(resulted)s 人；"
        "初筛 %(signals)s 管，涉及 %(persons)s 人；复采阳性 %(positive)s 人。",
        at=dt(at), area=body["area"]["name"], round=body["round"]["name"], due=thousands(t.due),
        reached=thousands(t.reached), rate=percent(t.reached, t.due), tubes=thousands(t.tubes),
        released=thousands(t.released), resulted=thousands(t.resulted),
        signals=thousands(t.signals), persons=thousands(t.signal_persons),
        positive=thousands(t.positive),
    )  # fmt: skip


def lead(body: dict[str, Any]) -> str:
    """The headline of a 专报."""
    p = body["pool"]
    return _(
        "管码 %(tube)s，%(site)s采样，%(lab)s检测：%(outcome)s。管内 %(n)s 人，"
        "同点前后三十分钟另有 %(near)s 人采样。",
        tube=p["tube"], site=p["site"] or _("未知采样点"), lab=p["lab"] or _("实验室未知，"),
        outcome=word(p["outcome"]), n=p["members"], near=p["near"],
    )  # fmt: skip


def masked(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Opened blocks as a screen shows them: surname, ends of numbers, the building without door."""
    out = []
    for b in blocks:
        how = [MASKS.get(c) for c in b["columns"]]
        rows = [
            [f(v) if f and v else v for f, v in zip(how, row, strict=True)] for row in b["rows"]
        ]
        out.append({**b, "rows": rows})
    return out


def _ends(number: str) -> str:
    """Three in front and four behind of a long document; less of a short one."""
    front, back = (3, 4) if len(number) >= 15 else (1, 3) if len(number) >= 7 else (0, 2)
    return number[:front] + "*" * max(len(number) - front - back, 0) + number[len(number) - back :]


MASKS: dict[str, Any] = {
    "name": mask_name, "document": _ends, "phone": mask_phone, "address": lambda a: [a[0], ""],
}  # fmt: skip


def table(held: dict[str, Any]) -> Table:
    """One block with the words of its columns; columns that are not known any more keep their key."""
    block = shape.BLOCKS.get(held["key"])
    known = block.columns if block else {}
    columns = [known.get(c) or shape.Column(c, c, "any") for c in held["columns"]]
    title = (block.zh, block.en)[lang()] if block else held["key"]
    return Table(
        held["key"], title, [(c.zh, c.en)[lang()] for c in columns], [c.kind for c in columns],
        held["rows"], held.get("total"), held.get("note") or "",
    )  # fmt: skip


def word(code: Any) -> str:
    if code is None:
        return "—"
    group, _dot, rest = str(code).partition(".")
    found: tuple[str, str] | None = None
    if group == "exempt":
        found = exempt_word(rest)
    elif group == "cohort" and rest in COHORTS:
        found = (COHORTS[rest].zh, COHORTS[rest].en)
    elif group == "ledger" and rest in PARTS:
        found = (PARTS[rest].zh, PARTS[rest].en)
    elif group == "stage":
        found = STAGE_WORDS[Stage[rest.upper()]]
    elif group == "reject":
        found = REJECTIONS.get(rest, ("其他", "other"))
    else:
        found = shape.WORDS.get(str(code))
    return found[lang()] if found else rest or str(code)


def shown(kind: str, value: Any, row: list[Any] | None = None) -> str:
    """One cell as text; a missing value is a dash, a rate stands with its two numbers."""
    if kind == "step":
        n = row[1] if row else 0
        return rules.STEPS[value][lang()].format(n=thousands(n)) if value in rules.STEPS else value
    if value is None or value == "":
        return "—"
    if kind == "pair":
        return str(value[lang()])
    if kind == "any":
        kind, value = _kind_of(value)
    return _SAYS.get(kind, str)(value)


def _address(parts: list[str]) -> str:
    return " ".join(x for x in parts if x) or "—"


def _time(text: str | None) -> str:
    return dt(datetime.fromisoformat(text)) if text else "—"


_SAYS: dict[str, Callable[[Any], str]] = {
    "num": thousands,
    "rate": lambda v: f"{percent(*v)} {thousands(v[0])}/{thousands(v[1])}",
    "age": age,
    "dt": _time,
    "word": word,
    "address": _address,
}


def _kind_of(value: Any) -> tuple[str, Any]:
    if isinstance(value, dict):
        kind, inner = next(iter(value.items()))
        return kind, inner
    return ("num", value) if isinstance(value, int) else ("text", value)


def _addendum(a: Addendum) -> tuple[str, str, Table | None]:
    head = _("补充 %(n)s · %(at)s", n=a.seq, at=_second(a.made_at))
    if not a.changes:
        return head, a.text, None
    heads = [_("数字"), _("通报时"), _("补充时")]
    rows = [[told_word(w), then, now] for w, then, now in a.changes]
    return (
        head,
        a.text,
        Table("changes", _("与现在不同的数字"), heads, ["text", "num", "num"], rows),
    )


TOLD: dict[str, tuple[str, str]] = {
    "due": ("应检", "due"), "reached": ("已检", "reached"), "resulted": ("已出人数", "persons with a result"),
    "missed": ("未检", "missed"), "tubes": ("已采管", "tubes taken"),
    "released": ("已出管数", "tubes released"), "gone": ("退样或遗失", "rejected or lost"),
    "open": ("开管未封", "open tubes"), "doubtful": ("复采未定论", "re-samples undecided"),
    "signals": ("初筛管", "tubes with a first signal"),
    "signal_persons": ("涉及人数", "persons in them"),
    "positive": ("复采阳性", "re-sample positive"), "callbacks": ("复采未完成", "re-samples not finished"),
    "unfollowed": ("没有复采的初筛管", "signals without re-samples"),
    "held": ("被扣留的管", "tubes on hold"), "unknown": ("未知管", "unknown tubes"),
    "alerts": ("未处理预警", "alerts not settled"), "resample": ("待重采", "needs a new swab"),
    "devices": ("日志未到齐", "journals not complete"), "unaccounted": ("未归账", "unaccounted for"),
}  # fmt: skip


def told_word(code: str) -> str:
    return TOLD.get(code, (code, code))[lang()]
