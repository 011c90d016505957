"""What the bench says after a scan, and why it refuses one, in two languages."""

from __future__ import annotations

from screening.errors import Conflict, Problem

# by what was done: (zh, en)
DONE = {
    "tube": ("已放入 {wells}", "put into {wells}"),
    "ntc": ("{wells} 为阴性对照", "{wells} holds a negative control"),
    "pc": ("{wells} 为阳性对照", "{wells} holds a positive control"),
    "blank": ("{wells} 留空", "{wells} is left blank"),
    "leak": ("漏管，已退样，管内人员需重采", "leaking: rejected, its persons are swabbed again"),
    "reject": ("已退样，管内人员需重采", "rejected, its persons are swabbed again"),
    "open": ("换到板 {plate}，请扫管", "plate {plate} is taken up; scan tubes"),
    "await_leak": ("请扫漏的那一管", "scan the tube that leaks"),
    "await_reject": ("请扫要退的那一管", "scan the tube to be rejected"),
    "await_next": ("请扫下一块板的板号", "scan the code of the next plate"),
    "undo": ("已撤销 {wells}", "taken back {wells}"),
}
TONES = {"leak": "look", "reject": "look", "await_leak": "look", "await_reject": "look",
         "await_next": "look", "undo": "look"}  # fmt: skip
KINDS = {
    "tube": ("加样", "tube"),
    "ntc": ("阴性对照", "negative control"),
    "pc": ("阳性对照", "positive control"),
    "blank": ("留空", "blank"),
    "leak": ("漏管退样", "rejected, leaking"),
    "reject": ("退样", "rejected"),
    "open": ("换板", "plate taken up"),
    "await_leak": ("等待扫漏管", "awaits a leaking tube"),
    "await_reject": ("等待扫退样管", "awaits a tube to reject"),
    "await_next": ("等待扫板号", "awaits a plate code"),
    "undo": ("撤销", "undo"),
}


class NoPlateTaken(Conflict):
    code = "no_plate_taken"
    zh = "还没有选板：请先扫一块板的板号。"
    en = "No plate is taken up yet: scan the code of a plate first."


class NoPlateBefore(Conflict):
    code = "no_plate_before"
    zh = "没有板号为 {plate} 的板，本实验室也还没有可照着新建的板：第一块板请在实验室页选好判读规则后新建。"
    en = (
        "There is no plate {plate}, and this laboratory has none to make it like: make the first "
        "plate on the laboratory's page, where its rules are chosen."
    )


class PlateAwaited(Conflict):
    code = "plate_awaited"
    zh = "这里要扫板号；这是另一种码。"
    en = "The code of a plate is awaited here; this is another kind of code."


class StillAwaits(Conflict):
    code = "tube_awaited"
    zh = "还在等要退的那一管：请先扫那支管，或扫“撤销”取消。"
    en = "The tube to be rejected is still awaited: scan it first, or scan undo."


class NothingToUndo(Conflict):
    code = "nothing_to_undo"
    zh = "这块板上没有可以撤销的步骤。"
    en = "There is no step on this plate to take back."


class RejectStands(Conflict):
    code = "reject_stands"
    zh = "上一步是退样（{barcode}），不能扫码撤销，请到试管页处理。"
    en = "The last step rejected {barcode}; that is not undone by scanner, see the tube's page."


class OnInstrument(Problem):
    status = 409
    code = "on_instrument"
    zh = "试管 {barcode} 已经上机或有结果，不能再退样。"
    en = "Tube {barcode} is on an instrument or has its result; it can no longer be rejected."
