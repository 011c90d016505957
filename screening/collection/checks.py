"""What a sampling screen refuses or warns of, in words. Asks, and writes nothing.

The server never refuses what a journal reports (service.py); this is the half before it happens.
Numbers in comments are the edge cases of the field."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from screening import clock
from screening.collection import persons, service
from screening.collection.known import find_known
from screening.collection.queries import SiteRow
from screening.errors import Problem
from screening.i18n import dt, hm
from screening.places import queries as places
from screening.registry import code_keys, seals
from screening.registry import queries as registry
from screening.registry import rules as registry_rules
from screening.registry.documents import BadDocument, DocType, normalise, recognise
from screening.registry.names import mask_name, same_name
from screening.registry.person_codes import make_resident_code, read_resident_code
from screening.registry.queries import PersonRow
from screening.registry.scans import CodeProblem, normalise_scan
from screening.registry.signed_codes import is_resident
from screening.tube import entries as e
from screening.tube import rules, words
from screening.tube.answers import LOOK, STOP, Answer, answer, refused
from screening.tube.codes import Kind, PracticeCode, WrongKind, read_code
from screening.tube.label_queries import find_label
from screening.tube.labels import read_tube
from screening.tube.queries import find_keys, get_tube, list_members, list_specimens_of
from screening.tube.rules import Mode, Purpose, Stage

RESULT_LANE = 2  # person.lane: single tube, lane 2 (an open callback or re-check)

WORDS = {
    "tube_ok": ("ok", "可以开管：{mode}，最多 {size} 人。", "Ready to open: {mode_en}, {size} at most."),
    "tube_full": ("stop", "满，换管。此管已有 {members} 人。", "Full: change the tube. It holds {members}."),
    "tube_used": (
        "stop",
        "此管码已用过：{where}，{when}，{stage}。请换一支管。",
        "This number was used before: {where}, {when}, {stage_en}. Take another tube.",
    ),
    "tube_open_here": (
        "look",
        "此管已在本点打开（{when}，已有 {members} 人），可以接着采。",
        "This tube is open at this site since {when} with {members} persons; you may go on with it.",
    ),
    "tube_not_open": ("stop", "请先扫管码开管。", "Scan the tube first to open it."),
    "tube_closed": (
        "stop",
        "此管已封（{when}），不能再加人；请换一支管。",
        "This tube was closed at {when}; nobody can be added. Take another tube.",
    ),
    "tube_elsewhere": (
        "stop",
        "此管在别的采样点打开：{where}。请换一支管。",
        "This tube is open at another site: {where}. Take another tube.",
    ),
    "label_off": (
        "stop",
        "此标签已登记为{state}，不能使用；请换一支管。",
        "This label is recorded as {state_en} and cannot be used; take another tube.",
    ),
    "foreign_label": (
        "look",
        "此管码不在已登记的标签内，将按外来标签登记。",
        "This number is in no registered run; it will be kept as a foreign label.",
    ),
    "pooling_forbidden": (
        "stop",
        "这里按规定{mode}、每管最多 {size} 人（{why}）。",
        "The rule here is {mode_en}, {size} a tube at most ({why_en}).",
    ),
    "single_needed": (
        "stop",
        "此人按规定{mode}、每管最多 {size} 人，请换管。",
        "The rule for this person is {mode_en}, {size} a tube at most; use another tube.",
    ),
    "single_lane": ("stop", "请到 2 号通道，单人单管采样。", "Single tube, lane 2, please."),
    "round_not_open": (
        "look",
        "本轮现在不采样；样本照收，先归入“未归轮次”，由负责人转入。",
        "The round is not sampling now; the swab is kept under “unassigned” for the supervisor.",
    ),
    "already_sampled": (
        "stop",
        "本轮已采：{when}，管 {tube}。确需再采请注明原因（如前管遗失）。",
        "Already sampled this round: {when}, tube {tube}. To go on, give a reason.",
    ),
    "twice_in_tube": ("stop", "此人已在这支管里（第 {seat} 个）。", "Already in this tube, seat {seat}."),
    "outside_area": (
        "look",
        "外区人员（{area}），可以采样，计入居住地。",
        "From another area ({area}); take the swab, it counts at home.",
    ),
    "not_in_roster": (
        "look",
        "底册中没有此人，将按证件登记为底册外人员。",
        "Not in the register; a provisional record will be made from the document.",
    ),
    "name_differs": (
        "look",
        "姓名与底册不一致（底册为 {name}），两种写法都会保留；请口头核对。",
        "The name differs from the register ({name}); both spellings are kept. Please ask.",
    ),
    "check_seen": (
        "look",
        "证件校验位不对，已注明原件由第二人核对。",
        "The document's check digit is wrong; a second person has seen the document.",
    ),
    "mixed_household": (
        "stop",
        "一户一管：此人与管内人员不是同一户。确需同管请注明原因。",
        "One household a tube: this person is of another household. To go on, give a reason.",
    ),
    "over_count": (
        "look",
        "超过规定人数（{n} / {size}）：请负责人注明，人员都要登记，一个不少。",
        "Over count ({n} / {size}): a supervisor's note is needed; register every person.",
    ),
    "count_differs": (
        "stop",
        "您数了 {n} 支拭子，系统登记 {members} 人，请再数一遍。",
        "You counted {n} swabs, {members} persons are registered; count again.",
    ),
    "close_empty": (
        "look",
        "空管：封管后作废，不送检。",
        "An empty tube: it is void once closed and will not be sent.",
    ),
    "close_ok": ("ok", "共 {n} 人，可以封管。", "{n} persons; ready to close."),
    "bind_ok": ("ok", "{name} 第 {seat} 个。", "{name}, number {seat}."),
    "last_seat": ("ok", "{name} 第 {seat} 个，此管已满，请换管。", "{name}, number {seat}; the tube is full."),
}  # fmt: skip


class At(NamedTuple):
    """Where and when somebody asks."""

    site: SiteRow
    round_id: int
    at: datetime
    practice: bool = False


def say(code: str, **details: Any) -> Answer:
    return answer(WORDS, code, **details)


# --- tubes ----------------------------------------------------------------------------------


def check_open(where: At, text: str, mode: str, size: int) -> list[Answer]:
    """May this number be opened here, in this mode, for so many? (3, 4, 8, 17, 19, 20, 50)"""
    try:
        barcode = read_tube(text, practice=where.practice)
    except CodeProblem as p:
        return [refused(p)]
    out = _round(where)
    out += _used(where, barcode) or _label(barcode)
    rule = rule_at(where, ())
    if rule is not None and _looser(mode, size, rule):
        out.append(say("pooling_forbidden", **_pool(rule), **zone_words(where)))
    if not any(a.tone == STOP for a in out):
        out.append(say("tube_ok", **_pool(registry_rules.Pool(registry_rules.Mode(mode), size))))
    return out


def _used(where: At, barcode: str) -> list[Answer]:
    key = find_keys([barcode]).get(barcode)
    if key is None:
        return []
    row = get_tube(key)
    site = row["site_id"]
    when = dt(row["opened_at"] or row["since"])
    if row["stage"] == Stage.OPEN and site == where.site.site_id:
        return [say("tube_open_here", when=when, members=row["members"])]
    name = places.get_site(site).name if site else "—"
    zh, en = words.STAGE_WORDS[Stage(row["stage"])]
    return [say("tube_used", where=name, when=when, stage=zh, stage_en=en, tube=barcode)]


def _label(barcode: str) -> list[Answer]:
    label = find_label(barcode)
    if label is None:
        return [say("foreign_label")]
    if label.state:
        zh, en = words.LABEL_STATES[label.state]
        return [say("label_off", state=zh, state_en=en)]
    return []


def check_close(where: At, text: str, n: int) -> list[Answer]:
    """Does the sampler's count agree with the persons bound? (1, 2, 23)"""
    try:
        barcode = read_tube(text, practice=where.practice)
    except CodeProblem as p:
        return [refused(p)]
    row = open_tube(where, barcode)
    if isinstance(row, Answer):
        return [row]
    if n == 0 and row["members"] == 0:
        return [say("close_empty")]
    out = []
    if n != row["members"]:
        out.append(say("count_differs", n=n, members=row["members"]))
    if row["pool_size"] and n > row["pool_size"]:
        out.append(say("over_count", n=n, size=row["pool_size"]))
    return out or [say("close_ok", n=n)]


def open_tube(where: At, barcode: str) -> dict | Answer:
    """The open tube's row, or why nobody can be put into it here."""
    key = find_keys([barcode]).get(barcode)
    if key is None:
        return say("tube_not_open")
    row = get_tube(key)
    if row["stage"] != Stage.OPEN:
        return say("tube_closed", when=hm(row["closed_at"] or row["since"]))
    if row["site_id"] not in (None, where.site.site_id):
        return say("tube_elsewhere", where=places.get_site(row["site_id"]).name)
    return {**row, "key": key}


# --- persons --------------------------------------------------------------------------------


def read_who(text: str, *, practice: bool = False) -> e.Who:
    """What a scan or typing at the table stands for: a resident code, or a document by its number.

    A signed code becomes the plain one, which is what journals keep. Raises WrongKind (19),
    BadCodeSignature, CodeExpired, BadCheckDigits, OddCharacters (20), BadDocument (11), PracticeCode (50)."""
    plain = normalise_scan(text)
    if is_resident(plain):
        return e.Who(code=make_resident_code(*code_keys.read_person(plain, at=clock.now())))
    try:
        reading = read_code(plain)
    except CodeProblem:
        found = recognise(plain)
        return e.Who(doc=e.Document(type=found.type.value, number=plain))
    if reading.practice and not practice:
        raise PracticeCode()
    raise WrongKind(seen=reading.kind.word, wanted=Kind.RESIDENT.word)


class Known(NamedTuple):
    """Who stands at the table, as far as the register knows."""

    cell: int
    row: PersonRow
    name: str
    document: str


def find_person(who: e.Who, *, seen: bool = False) -> tuple[Known | None, list[Answer]]:
    """The person meant, and what is odd about how they were named (11, 12, 10)."""
    if who.code is not None:
        pair: tuple[int, int] | None = read_resident_code(who.code)
        told = None
    else:
        pair, told, odd = _by_document(who, seen)
        if odd and odd[0].tone == STOP:
            return None, odd
    known = find_known(pair) if pair else None
    if known is None:
        if who.code is not None:
            return None, [refused(persons.UnknownPerson())]
        return None, [*odd, say("not_in_roster")]
    found = Known(pair[0], known.row, mask_name(known.name), known.document)  # type: ignore[index]
    out = [] if who.code is not None else odd
    if told and not same_name(told, known.name):
        out = [*out, say("name_differs", name=found.name)]
    if known.row.flags & registry_rules.Flag.PROVISIONAL:
        out = [*out, say("not_in_roster")]
    return found, out


def _by_document(who: e.Who, seen: bool) -> tuple[tuple[int, int] | None, str | None, list[Answer]]:
    keys = persons.ring()
    if who.doc is None:
        return None, who.name, []
    told = who.doc.name or who.name
    try:
        document = normalise(who.doc.type, who.doc.number, who.doc.country)
    except BadDocument as p:
        if not seen:
            return None, told, [refused(p)]
        mark = f"odd:{who.doc.type}:{who.doc.number.strip().upper()}"  # as persons.resolve has it
        found = registry.persons_of_documents([seals.no_doc_hash(keys, mark)])
        return _first(found), told, [say("check_seen")]
    if document.type is DocType.NONE:
        return None, told, []
    hashed = seals.doc_hash(keys, document)
    return _first(registry.persons_of_documents([hashed] if hashed else [])), told, []


def _first(found: dict[bytes, tuple[int, int]]) -> tuple[int, int] | None:
    return next(((cell, person) for person, cell in found.values()), None)


def check_bind(
    where: At, text: str, who: e.Who, *, reason: str | None = None, seen: bool = False
) -> tuple[list[Answer], Known | None]:
    """May this person go into this tube now? (1, 6, 8-12, 17, 18; a called-back person never
    into a pool.) The last answer of an accepted one reads the name back (13)."""
    try:
        barcode = read_tube(text, practice=where.practice)
        known, out = find_person(who, seen=seen)
    except Problem as p:
        return [refused(p)], None
    tube = open_tube(where, barcode)
    if isinstance(tube, Answer):
        return [tube, *out], known
    out += _round(where)
    if tube["pool_size"] and tube["members"] >= tube["pool_size"]:
        out.append(say("tube_full", members=tube["members"]))
    if known is not None:
        out += _person(where, tube, known, reason)
    if not any(a.tone == STOP for a in out):
        out.append(_read_back(tube, known))
    return out, known


def _read_back(tube: dict, known: Known | None) -> Answer:
    seat = next_seat(tube)
    full = tube["pool_size"] and tube["members"] + 1 >= tube["pool_size"]
    name = known.name if known else "—"
    document = known.document if known else ""
    return say("last_seat" if full else "bind_ok", name=name, seat=seat, document=document)


def next_seat(tube: dict) -> int:
    """The seat after the highest one ever given: seats are never used twice."""
    members = list_members(tube["key"], tube["home_cells"])
    return max((b.seat for b in members), default=0) + 1


def _person(where: At, tube: dict, known: Known, reason: str | None) -> list[Answer]:
    row = known.row
    if row.lane == RESULT_LANE and tube["mode"] != Mode.SINGLE:
        return [say("single_lane")]  # no reason is shown: others stand in the queue
    out = _sampled(where, tube, known, reason)
    out += _allowed(where, tube, known)
    out += _household(tube, known, reason)
    policy = registry.find_policy(where.round_id)
    if policy is not None and where.round_id and policy.area_paths:
        path = registry.person_path(row)
        if not any(path.startswith(p) for p in policy.area_paths):
            home = places.find_area(row.community_id)
            out.append(say("outside_area", area=home.name if home else "—"))
    return out


def _sampled(where: At, tube: dict, known: Known, reason: str | None) -> list[Answer]:
    person = known.row.person_id
    held = list_specimens_of(known.cell, where.round_id, [person]).get(person, [])
    live = sorted((x for x in held if not x[0].void), key=lambda x: x[0].order)
    for bind, barcode, _ in live:
        if barcode == tube["barcode"]:
            return [say("twice_in_tube", seat=bind.seat)]
    if known.row.lane == RESULT_LANE:
        return []  # called back: a second swab is what is wanted
    for bind, barcode, _ in live:
        if bind.purpose == Purpose.SCREEN:
            words = {"when": hm(bind.at), "tube": barcode, "reason_allowed": True}
            return [answer(WORDS, "already_sampled", tone=LOOK if reason else "", **words)]
    return []


def _allowed(where: At, tube: dict, known: Known) -> list[Answer]:
    cohorts = set(
        registry.cohorts_of(known.cell, [known.row.person_id], where.at).get(
            known.row.person_id, frozenset()
        )
    )
    if known.row.key_group:
        cohorts.add(known.row.key_group)
    rule = rule_at(where, cohorts)
    mode = {v: k for k, v in rules.MODES.items()}.get(Mode(tube["mode"] or Mode.POOLED), "pooled")
    if rule is None or not _looser(mode, tube["pool_size"], rule):
        return []
    return [say("single_needed", **_pool(rule))]


def _household(tube: dict, known: Known, reason: str | None) -> list[Answer]:
    if tube["mode"] != Mode.HOUSEHOLD:
        return []
    members = [b for b in list_members(tube["key"], tube["home_cells"]) if not b.void]
    rows = registry.persons_by_cell((b.home_cell, b.person_id) for b in members)
    if all(r.household_id == known.row.household_id for r in rows.values()):
        return []
    tone = LOOK if reason else ""
    return [answer(WORDS, "mixed_household", tone=tone, reason_allowed=True)]


# --- rounds and pool rules ------------------------------------------------------------------


def _round(where: At) -> list[Answer]:
    probe = e.ShiftStart(seq=1, at=0, staff=0, round=where.round_id, salt="")
    if where.practice or service.round_of(probe, where.at):
        return []
    return [say("round_not_open")]


def rule_at(where: At, cohorts: Collection[str] = ()) -> registry_rules.Pool | None:
    policy = registry.find_policy(where.round_id)
    if policy is None or where.round_id == 0:
        return None
    return service.allowed(policy, where.site, cohorts, where.at)


RANK = {"single": 0, "household": 1, "pooled": 2}


def _looser(mode: str, size: int, rule: registry_rules.Pool) -> bool:
    return RANK[mode] > RANK[rule.mode.value] or size > rule.capacity


def _pool(rule: registry_rules.Pool) -> dict[str, Any]:
    word = registry_rules.MODES[rule.mode]
    return {
        "mode": word.zh,
        "mode_en": word.en,
        "size": rule.capacity,
        "allowed": {"mode": rule.mode.value, "size": rule.capacity},
    }


def zone_words(where: At) -> dict[str, str]:
    """Why: the zones that lie over the site, else its kind or the round's rule."""
    kinds = sorted(registry.zone_kinds(where.site.path, where.at))
    known = [registry_rules.ZONE_KINDS[k] for k in kinds if k in registry_rules.ZONE_KINDS]
    if known:
        return {"why": "、".join(z.zh for z in known), "why_en": ", ".join(z.en for z in known)}
    return {"why": "本轮规则", "why_en": "the round's rule"}
