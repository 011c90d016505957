"""Why a file waits in the tray, and why it cannot be assigned or discarded, in two languages."""

from __future__ import annotations

from screening.errors import Conflict, NotFound, Problem

WHY = {
    "no_plate_code": ("文件里没有板号", "the file carries no plate code"),
    "unknown_plate": ("本实验室没有这个板号", "this laboratory has no plate of that code"),
    "two_plates": ("板号只差大小写，有多块", "more than one plate, by case alone"),
    "put_back": ("与所选的板不符，被退回", "it did not fit the plate it was laid to"),
    "previewed": ("已读入，还没有确认", "read, not confirmed yet"),
    "plate_done": ("这块板已有结果或已作废", "that plate has its result or was given up"),
}
STATES = {
    "matched": ("已对上板，待确认", "matched, to be confirmed"),
    "already": ("已经收过", "received before"),
    "waiting": ("放入待领", "waits in the tray"),
    "refused": ("拒收", "refused"),
}
TONES = {"matched": "ok", "already": "look", "waiting": "look", "refused": "stop"}


class NoSuchFile(NotFound):
    code = "no_such_tray_file"
    zh = "待领文件中没有这一个。"
    en = "There is no such file in the tray."


class FileGone(Conflict):
    code = "tray_file_gone"
    zh = "这个文件已经有人处理。"
    en = "Somebody has dealt with this file."


class NoDiscardReason(Problem):
    status = 422
    code = "discard_reason"
    zh = "请写明弃用原因。"
    en = "Say why the file is put away."


class SecondPerson(Conflict):
    code = "discard_second_person"
    zh = "文件里有信号，却没有写明是哪一管。弃用须由另一人确认。"
    en = (
        "The file shows a signal and does not say of which tube. Another person must agree that "
        "it is put away."
    )


class TooManyFiles(Problem):
    status = 413
    code = "too_many_files"
    zh = "一次最多放入 {limit} 个文件。"
    en = "At most {limit} files at once."


class NoFiles(Problem):
    status = 422
    code = "no_files"
    zh = "请选择结果文件。"
    en = "Choose run files."
