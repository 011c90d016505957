"""Why something cannot be done to a plate, in one sentence each."""

from __future__ import annotations

from screening.errors import Conflict, Problem


class BadPlateCode(Problem):
    status = 422
    code = "bad_plate_code"
    zh = "板号只能用字母、数字和 . _ -，最长 40 个字符。"
    en = "A plate code has letters, digits and . _ - only, at most 40 of them."


class PlateCodeTaken(Conflict):
    code = "plate_code_taken"
    zh = "本实验室已经用过这个板号：请换一个，或打开那块板。"
    en = "This laboratory has used this plate code before: use another, or open that plate."
    constraint = "uq_plate_code"


class PlateFixed(Conflict):
    code = "plate_fixed"
    zh = "板 {plate} 已经上机或判读，不能再改动。"
    en = "Plate {plate} has been run or judged and cannot be changed any more."


class PlateFull(Conflict):
    code = "plate_full"
    zh = "板 {plate} 已满，请另取一块板。"
    en = "Plate {plate} is full; take another one."


class NoSuchWell(Problem):
    status = 422
    code = "no_such_well"
    zh = "板上没有孔 {well}。"
    en = "There is no well {well} on the plate."


class ControlWell(Conflict):
    code = "control_well"
    zh = "孔 {well} 是质控孔。"
    en = "Well {well} holds a control."


class WellTaken(Conflict):
    code = "well_taken"
    zh = "孔 {well} 已有试管 {barcode}。"
    en = "Well {well} holds tube {barcode} already."


class WellEmpty(Conflict):
    code = "well_empty"
    zh = "孔 {well} 里没有试管。"
    en = "There is no tube in well {well}."


class AlreadyPlated(Conflict):
    code = "already_plated"
    zh = "试管 {barcode} 已在一块板上（孔 {well}），不能再次加样。"
    en = "Tube {barcode} stands on a plate already (well {well}) and cannot be plated again."


class TwiceInMap(Problem):
    status = 422
    code = "twice_in_map"
    zh = "试管 {barcode} 的孔数不对：应为 {needed} 孔，给了 {given} 孔。"
    en = "Tube {barcode} is given {given} wells; it needs {needed}."


class PlateDone(Conflict):
    code = "plate_done"
    zh = "板 {plate} 已经有采用的结果，不能再导入另一个文件。"
    en = "Plate {plate} has its result already; no other file can be imported for it."


class FileUsed(Conflict):
    """One file for two plates (Shuozhou)."""

    code = "file_used"
    zh = "这份结果属于板 {plate}，同一文件不能用于两块板；没有任何结果被采用。"
    en = "This file is the result of plate {plate}; one file cannot serve two. No result moved."


class FileUsedElsewhere(Conflict):
    """One file for two laboratories; where the other is, is not told."""

    code = "file_used_elsewhere"
    zh = "这份结果已由另一实验室采用，同一文件不能用于两处；没有任何结果被采用。"
    en = (
        "This file is a result of another laboratory already; one file cannot serve two. "
        "No result moved."
    )


class FileWaits(Conflict):
    """What somebody looks at for one plate is not moved to another under their eyes."""

    code = "file_waits"
    zh = "这个文件正在板 {plate} 上等待确认。放错了板，请先在那里弃用，再导入这块板。"
    en = (
        "This file waits for a confirmation on plate {plate}. If it was laid there by mistake, put "
        "it away there first, then import it here."
    )


class FileUsedNow(Conflict):
    code = "file_used_now"
    zh = "这份结果刚被用于另一块板，同一文件不能用于两块板。"
    en = "This file has just been used for another plate; one file cannot serve two."
    constraint = "uq_run_content"
