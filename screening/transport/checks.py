"""What a packing, hand-over or reception screen refuses or warns of, in words. Writes nothing.

Numbers in comments are the edge cases of the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from screening.places import queries as places
from screening.transport import queries, rules
from screening.transport import words as box_words
from screening.transport.desk_queries import (
    BatchRow,
    box_capacity,
    find_batch,
    find_box_trip,
    find_seal,
    list_inside,
    list_unpacked_at_site,
)
from screening.transport.rules import BatchStage
from screening.tube import words
from screening.tube.answers import LOOK, Answer, answer, refused
from screening.tube.codes import CodeProblem
from screening.tube.labels import read_box, read_seal, read_tube
from screening.tube.queries import find_keys, get_tube
from screening.tube.rules import GONE, Stage

WORDS = {
    "box_ok": ("ok", "可以用这个箱子，最多 {capacity} 管。", "Ready; {capacity} tubes at most."),
    "box_in_use": (
        "stop",
        "这个箱子上一趟还没有结束（{stage}），请换一个箱子。",
        "This box is still on its last trip ({stage_en}); take another box.",
    ),
    "box_full": ("stop", "箱满（{known} 管）：请封箱，下一管放新箱。", "Full ({known} tubes): seal it; use a new box."),
    "box_sealed": ("stop", "此箱已封，不能再装；请开新箱。", "This box is sealed; open a new one."),
    "box_not_open": ("stop", "请先扫箱码开箱。", "Scan the box first."),
    "pack_ok": ("ok", "已核对，可以装箱。", "Ready to be packed."),
    "tube_unknown": (
        "look",
        "服务器还没有这支管的采样记录（手机可能未上传），可以装箱。",
        "The server holds no sampling of this tube yet (a phone may not have sent it); pack it.",
    ),
    "tube_still_open": ("look", "此管还没有封管，请先封管。", "This tube is not closed yet; close it first."),
    "tube_packed": ("stop", "此管已在{where}里。", "This tube is already in {where_en}."),
    "tube_gone": ("stop", "此管已{stage}，不能装箱。", "This tube is {stage_en} and cannot be packed."),
    "seal_ok": ("ok", "{n} 管，点数相符，可以封箱。", "{n} tubes, the counts agree; ready to seal."),
    "seal_count": (
        "stop",
        "点数不符：您数了 {counted} 管，系统扫了 {known} 管。请看下面没有扫到的管。",
        "The counts differ: {counted} counted, {known} scanned. Look at the tubes not scanned.",
    ),
    "seal_explained": (
        "look",
        "点数不符（{counted} / {known}），已逐一注明原因，可以封箱。",
        "The counts differ ({counted} / {known}) with every difference explained; ready to seal.",
    ),
    "seal_used": ("stop", "这个封签已经用过，请换一个。", "This seal was used before; take another."),
    "hand_over_ok": ("ok", "{n} 箱，可以交接。", "{n} boxes; ready to hand over."),
    "hand_over_count": (
        "stop",
        "箱数不符：转运员数了 {counted} 箱，扫了 {known} 个封签。可以退回重数，或注明差异后双方确认。",
        "The counts differ: {counted} boxes counted, {known} seals scanned. Count again, or note "
        "the difference with both names.",
    ),
    "seal_unknown": (
        "look",
        "服务器还没有这个封签的装箱记录，可以交接，稍后核对。",
        "The server holds no packing for this seal yet; hand it over, it will be compared later.",
    ),
    "seal_arrived": ("stop", "这个封签的箱子已经签收：{where}。", "The box of this seal has arrived: {where}."),
    "warm_box": (
        "look",
        "温度 {temperature} °C 超出范围，将记录在案。",
        "{temperature} °C is out of range and will be on record.",
    ),
    "late_box": ("look", "此箱已超过送达时限。", "This box is past its time limit."),
    "arrive_ok": ("ok", "可以签收，封箱时 {counted} 管。", "Ready; {counted} tubes when it was sealed."),
    "receive_ok": ("ok", "已核对，可以签收。", "Ready to be received."),
    "unknown_tube": (
        "look",
        "系统中没有这支管的采样记录：放入“未知”架，可以检测，结果暂不发布。",
        "No sampling of this tube is known: put it on the “unknown” rack; it may be tested, its "
        "result is held.",
    ),
    "wrong_box": (
        "look",
        "此管不在这一箱的清单里，照收，差异会通知两边。",
        "Not on this box's list; take it, both sites will be told.",
    ),
    "received_before": ("look", "此管已签收（{where}）。", "This tube was received before ({where})."),
    "not_unpacked": (
        "look",
        "还有 {n} 支管没有扫到；结束清点后按缺管登记。",
        "{n} tubes are not scanned yet; they count as missing once unpacking is finished.",
    ),
    "unpacked_ok": ("ok", "全部扫到，可以结束清点。", "All scanned; unpacking can be finished."),
}  # fmt: skip


def say(code: str, **details: Any) -> Answer:
    return answer(WORDS, code, **details)


def _stage(number: int) -> dict[str, str]:
    zh, en = words.STAGE_WORDS[Stage(number)]
    return {"stage": zh, "stage_en": en}


# --- packing --------------------------------------------------------------------------------


def check_box_open(cell: int, text: str, *, practice: bool = False) -> list[Answer]:
    """May this box start a trip in this cell? (19, 20)"""
    try:
        box = read_box(text, practice=practice)
    except CodeProblem as p:
        return [refused(p)]
    trip = find_box_trip(cell, box)
    if trip is not None and trip.stage < BatchStage.RECONCILED:
        zh, en = box_words.STAGES[BatchStage(trip.stage)]
        return [say("box_in_use", stage=zh, stage_en=en)]
    return [say("box_ok", capacity=box_capacity(box))]


def check_pack(wire: str, text: str, *, practice: bool = False) -> list[Answer]:
    """May this tube go into this box? (19, 20, 27)"""
    try:
        barcode = read_tube(text, practice=practice)
    except CodeProblem as p:
        return [refused(p)]
    batch = find_batch(wire)
    if batch is None:
        return [say("box_not_open")]
    if batch.stage != BatchStage.OPEN:
        return [say("box_sealed")]
    capacity = box_capacity(batch.box_code)
    if batch.known >= capacity:
        return [say("box_full", known=batch.known, capacity=capacity)]
    return [_packable(barcode)]


def _packable(barcode: str) -> Answer:
    key = find_keys([barcode]).get(barcode)
    if key is None:
        return say("tube_unknown")
    row = get_tube(key)
    stage = row["stage"]
    if stage == Stage.OPEN:
        return say("tube_still_open")
    if stage == Stage.PACKED:
        return say("tube_packed", where="另一个箱子", where_en="another box", batch=row["batch_id"])
    if stage in GONE or stage >= Stage.IN_TRANSIT:
        return say("tube_gone", **_stage(stage))
    return say("pack_ok")


def check_seal(
    wire: str,
    text: str | None,
    n: int,
    differences: Sequence[Mapping[str, Any]] = (),
    *,
    practice: bool = False,
) -> list[Answer]:
    """Typed count first: does it agree with what was scanned? Else which are not scanned? (28)

    `text` None: only the count is asked for, before a seal is taken."""
    batch = find_batch(wire)
    if batch is None:
        return [say("box_not_open")]
    if batch.stage != BatchStage.OPEN:
        return [say("box_sealed")]
    out = _seal_free(text, batch, practice) if text is not None else []
    known = len(list_inside(batch))
    off = n - known
    details = {"counted": n, "known": known, "not_scanned": not_scanned(batch)}
    if off == 0:
        return out or [say("seal_ok", n=n)]
    if differences and sum(int(d["n"]) for d in differences) == off:
        return [*out, say("seal_explained", **details)]
    return [*out, say("seal_count", **details)]


def _seal_free(text: str, batch: BatchRow, practice: bool) -> list[Answer]:
    try:
        seal = read_seal(text, practice=practice)
    except CodeProblem as p:
        return [refused(p)]
    held = queries.find_seals([seal]).get(seal)
    return [say("seal_used")] if held and held != (batch.cell_id, batch.batch_id) else []


def not_scanned(batch: BatchRow) -> list[str]:
    """Tubes closed at the site that lie in no box: what a wrong count is most likely about."""
    return list_unpacked_at_site(batch.cell_id, batch.round_id, batch.site_id)


# --- hand-over ------------------------------------------------------------------------------


def check_hand_over(
    seals: Sequence[str],
    boxes: int,
    *,
    temperature: float | None = None,
    difference: str | None = None,
    practice: bool = False,
) -> list[Answer]:
    """Boxes and seals are counted, not tubes. (29, 36)"""
    out: list[Answer] = []
    read: set[str] = set()
    for text in seals:
        try:
            read.add(read_seal(text, practice=practice))
        except CodeProblem as p:
            out.append(refused(p))
    out += [a for seal in sorted(read) if (a := _seal_state(seal)) is not None]
    out += _temperature(temperature)
    if boxes != len(read):
        tone = LOOK if difference else ""
        details = {"counted": boxes, "known": len(read)}
        out.append(answer(WORDS, "hand_over_count", tone=tone, **details))
    return out or [say("hand_over_ok", n=boxes)]


def _seal_state(seal: str) -> Answer | None:
    batch = find_seal(seal)
    if batch is None:
        return say("seal_unknown", seal=seal)
    if batch.stage >= BatchStage.ARRIVED:
        where = places.get_lab(batch.lab_id).name if batch.lab_id else "—"
        return say("seal_arrived", seal=seal, where=where)
    return None


def _temperature(temperature: float | None) -> list[Answer]:
    chain = rules.Limits()
    if temperature is None or chain.cold <= round(temperature * 10) <= chain.warm:
        return []
    return [say("warm_box", temperature=temperature, source=chain.source)]


# --- reception ------------------------------------------------------------------------------


def check_arrive(
    text: str, n: int | None, temperature: float | None = None, *, practice: bool = False
) -> list[Answer]:
    """A box at the laboratory's door. (19, 36)"""
    try:
        seal = read_seal(text, practice=practice)
    except CodeProblem as p:
        return [refused(p)]
    batch = find_seal(seal)
    out = _temperature(temperature)
    if batch is None:
        return [*out, say("seal_unknown", seal=seal)]
    if n is not None and batch.counted is not None and n != batch.counted:
        details = {"counted": n, "known": batch.counted, "not_scanned": []}
        out.append(answer(WORDS, "seal_count", tone=LOOK, **details))
    return out or [say("arrive_ok", counted=batch.counted)]


def check_receive(text: str, seal: str | None, *, practice: bool = False) -> list[Answer]:
    """A tube on unpacking. (19, 20, 30, 31)"""
    try:
        barcode = read_tube(text, practice=practice)
    except CodeProblem as p:
        return [refused(p)]
    out: list[Answer] = []
    batch = find_seal(seal) if seal else None
    if batch is not None and barcode not in list_inside(batch):
        out.append(say("wrong_box"))
    key = find_keys([barcode]).get(barcode)
    row = get_tube(key) if key else None
    if row is None or (row["opened_at"] is None and not row["members"]):
        out.append(say("unknown_tube"))
    elif row["received_at"] is not None:
        where = places.get_lab(row["lab_id"]).name if row["lab_id"] else "—"
        out.append(say("received_before", where=where))
    return out or [say("receive_ok")]


def check_unpacked(seal: str) -> list[Answer]:
    """What would be missing if unpacking were finished now. (34)"""
    batch = find_seal(seal)
    if batch is None:
        return [say("seal_unknown", seal=seal)]
    missing = [b for b, received in list_inside(batch).items() if not received]
    if missing:
        return [say("not_unpacked", n=len(missing), missing=missing)]
    return [say("unpacked_ok")]
