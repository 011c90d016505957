"""What can be wrong with a sample sheet or a robot's logs, one sentence for each row."""

from __future__ import annotations

from screening.errors import Faults, Problem


class NotASampleSheet(Problem):
    status = 422
    code = "not_a_sample_sheet"
    zh = (
        "无法识别这个文件：没有“孔位”和“管码”两列，也不是加样机器人的日志。"
        "请上传 CSV 或 XLSX，每行一孔。"
    )
    en = (
        "This file is not recognised: neither the columns “well” and “tube” nor a robot's log. "
        "Upload a CSV or XLSX with a row for each well."
    )


class OneSheetOnly(Problem):
    status = 422
    code = "one_sheet_only"
    zh = "一次只能上传一张样本表；机器人日志可以一次上传多份，但不能与样本表混在一起。"
    en = "Upload one sample sheet at a time; a robot's logs may come together, but without a sheet."


class TwoColumnsOf(Problem):
    status = 422
    code = "sheet_two_columns"
    zh = "不止一列可能是“{field}”，不能猜测用哪一列。请只保留一列。"
    en = "More than one column may be “{field}”, and none is guessed. Keep one only."


class SeveralGrids(Problem):
    status = 422
    code = "sheet_several_plates"
    zh = "文件里画了不止一块板（第 {row} 行又开始一块），不能猜测是哪一块。请每板一份文件。"
    en = "More than one plate is drawn (another begins in row {row}); none is guessed. One file each."


class FillFaults(Faults):
    code = "fill_faults"
    zh = "有 {count} 处需要改正，没有放入任何一管。"
    en = "{count} things need to be put right; no tube was placed."


class SheetRow(Problem):
    """The fault of one row; the row's number travels beside it."""

    status = 422
    code = "sheet_row"
    zh = "这一行有误。"
    en = "This row is not right."


class BadWellName(SheetRow):
    code = "sheet_bad_well"
    zh = "“{text}”不是孔位。"
    en = "“{text}” is no well."


class LostDigits(SheetRow):
    code = "sheet_scientific"
    zh = "管码被表格软件变成了科学计数，末几位已经丢失。请把该列设为“文本”后重新导出。"
    en = "The spreadsheet turned the tube number into an exponent. Make the column text, export again."


class MixedWell(SheetRow):
    """Already pooled tubes mixed again (Beijing 2022): not validated, and positives are missed."""

    code = "mixed_well"
    zh = "孔 {well} 里放了不止一管（第 {other} 行也放入此孔）：不得把已混采的管再次混合检测。"
    en = "Well {well} holds more than one tube (row {other} too): pooled tubes are not mixed again."


class WellRepeated(SheetRow):
    code = "sheet_well_repeated"
    zh = "孔 {well} 与同一管重复出现（第 {other} 行）。"
    en = "Well {well} stands here twice with the same tube (row {other} too)."


class NotThatControl(SheetRow):
    code = "sheet_other_control"
    zh = "表中孔 {well} 是“{said}”，板图上不是。"
    en = "The sheet has “{said}” in well {well}; the plate's map has not."


class OtherPlateNamed(SheetRow):
    code = "sheet_other_plate"
    zh = "这一行写的是另一块板的板号。"
    en = "This row names another plate."


# --- logs of a robot ----------------------------------------------------------------------------


class NotOnThisPlate(Problem):
    status = 422
    code = "robot_other_plate"
    zh = "日志里没有加到板 {plate} 的记录；日志的目标板是：{found}。"
    en = "The logs fill no plate {plate}; they fill: {found}."


class ChainGap(SheetRow):
    code = "robot_chain_gap"
    zh = "取自 {plate} 的 {well}，但没有任何一行向那里加过样。"
    en = "Taken from {well} of {plate}, which no row has filled."


class LogMissing(SheetRow):
    code = "robot_log_missing"
    zh = "取自板 {plate}，但缺少向该板加样的日志。请把前一步的日志一起上传。"
    en = "Taken from plate {plate}, whose own log is missing. Upload the step before together with it."


class ChainTube(SheetRow):
    code = "robot_chain_tube"
    zh = "写的管码与来源孔 {plate} {well}（{step} 第 {other} 行）不同。"
    en = "Another tube than in {well} of {plate}, where it was taken from ({step}, row {other})."


class ChainTime(SheetRow):
    code = "robot_chain_time"
    zh = "时间早于来源孔 {plate} {well} 的加样时间（{step} 第 {other} 行）。"
    en = "Earlier than {well} of {plate} was filled ({step}, row {other})."


class ChainLoop(SheetRow):
    code = "robot_chain_loop"
    zh = "来源回到了自己，链条不成立。"
    en = "The chain comes back to itself."


class NoTubeNamed(SheetRow):
    code = "robot_no_tube"
    zh = "这一行没有管码、来源或目标孔。"
    en = "A tube, a source or a target well is missing in this row."
