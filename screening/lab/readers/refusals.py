"""Why a file cannot be a run file: what was seen in it and what to export instead."""

from __future__ import annotations

from screening.errors import Problem


class NotARunFile(Problem):
    """The root of all refusals of a reader; a refused file moves nobody's result."""

    status = 422
    code = "not_a_run_file"
    zh = (
        "无法识别这个文件。请导出 QuantStudio“Results”表、CFX“Quantification Cq Results”表，"
        "或按模板保存为 CSV（孔位, 样本, 靶标, Ct）。"
    )
    en = (
        "This file is not recognised. Export the QuantStudio “Results” table, the CFX "
        "“Quantification Cq Results” table, or save a CSV with the columns well, sample, "
        "target, ct."
    )


class EmptyFile(NotARunFile):
    code = "run_file_empty"
    zh = "文件是空的。请在仪器软件中重新导出结果表。"
    en = "The file is empty. Export the results table again from the instrument software."


class TooBig(NotARunFile):
    status = 413
    code = "run_file_too_big"
    zh = "文件太大（上限 {limit}）。请只导出结果表，不要导出原始荧光和扩增曲线。"
    en = (
        "The file is too big (limit {limit}). Export the results table only, without raw "
        "fluorescence and amplification curves."
    )


class CutOff(NotARunFile):
    code = "run_file_cut_off"
    zh = "文件不完整（可能被截断或损坏）。请重新导出，不要从 U 盘直接打开后再保存。"
    en = "The file is incomplete (cut off or damaged). Export it again."


class Unsafe(NotARunFile):
    code = "run_file_unsafe"
    zh = "压缩内容异常（解压后大得不合理），未打开。请重新导出结果表。"
    en = (
        "The packed content is abnormal (far too large when unpacked) and was not opened. "
        "Export the results table again."
    )


class Locked(NotARunFile):
    code = "run_file_locked"
    zh = "文件有密码保护。请去掉密码后再上传，或导出为 CSV。"
    en = "The file is protected by a password. Remove it, or export as CSV."


class InstrumentDocument(NotARunFile):
    code = "run_file_document"
    zh = (
        "这是仪器软件自己的文档（{kind}），不是结果表。请在软件中打开它，导出“Results”（Cq "
        "结果）为 CSV 或 Excel。"
    )
    en = (
        "This is the instrument software's own document ({kind}), not a results table. Open "
        "it there and export the results (Cq) as CSV or Excel."
    )


class RawCurves(NotARunFile):
    code = "run_file_curves"
    zh = "这是逐循环的荧光（扩增曲线）数据，没有 Ct 列。请改为导出“Results”（Cq 结果）表。"
    en = (
        "This is fluorescence per cycle (curves) without a Ct column. Export the results "
        "(Cq) table instead."
    )


class ColumnsMissing(NotARunFile):
    code = "run_file_columns"
    zh = "结果表缺少列：{missing}。请用默认列重新导出，不要删除列。"
    en = "The results table lacks the columns {missing}. Export it again with the default columns."


class NoWells(NotARunFile):
    code = "run_file_no_wells"
    zh = "文件里没有任何有内容的孔。请确认导出的是已分析的板，而不是空板或单个孔。"
    en = (
        "No well in the file has any content. Make sure the analysed plate was exported, not "
        "an empty plate or a single well."
    )


class NoValues(NotARunFile):
    code = "run_file_no_values"
    zh = "文件里没有任何 Ct 值，也没有“未检出”标记：该次运行可能尚未分析。请先分析再导出。"
    en = (
        "No well has a Ct or a word for “not detected”: the run may not have been analysed. "
        "Analyse, then export."
    )


class BadWell(NotARunFile):
    code = "run_file_bad_well"
    zh = "第 {row} 行的孔位“{seen}”不存在（应为 A1–H12 或 A1–P24）。"
    en = "Row {row}: there is no well “{seen}” (expected A1–H12 or A1–P24)."


class OtherPlate(BadWell):
    code = "run_file_other_plate"
    zh = (
        "第 {row} 行的孔位“{seen}”属于 OpenArray 芯片或 1536 孔板，本系统只收 96 和 384 孔板。"
        "请按 96 或 384 孔板上样，再导出“Results”（Cq 结果）表。"
    )
    en = (
        "Row {row}: the well “{seen}” belongs to an OpenArray or a plate of 1,536 wells; only plates "
        "of 96 and 384 wells are taken. Run a 96 or 384 plate, then export its results (Cq) table."
    )


class PlateViewWithoutNames(NotARunFile):
    code = "run_file_plate_view"
    zh = (
        "这是 XML 格式的板图，行号和各行含义都没有写出。请改为导出“Quantification Cq "
        "Results”表（CSV 或 Excel）。"
    )
    en = (
        "This is a plate view as XML, without the letters of its rows and the meaning of its lines. "
        "Export the “Quantification Cq Results” table (CSV or Excel) instead."
    )


class NoCtColumn(NotARunFile):
    code = "run_file_no_ct"
    zh = "表里有孔位，但没有 Ct（Cq、Cp）列：可能是样本设置、终点荧光或熔解曲线表。请导出“Results”（Cq 结果）表。"
    en = (
        "The table has wells but no Ct (Cq, Cp) column: a sample setup, an end point or a melt table, "
        "perhaps. Export the results (Cq) table."
    )


class SeveralTables(NotARunFile):
    code = "run_file_several"
    zh = "文件里有不止一块板的结果（第 {row} 行又出现表头）。请每块板导出一个文件。"
    en = (
        "The file holds more than one plate (a second header in row {row}). Export one file "
        "per plate."
    )


class SeveralRuns(SeveralTables):
    code = "run_file_several_runs"
    zh = "文件里有不止一次运行的结果，同一孔同一靶标出现在两次运行里。请每次运行导出一个文件。"
    en = (
        "The file holds more than one run: the same well and target stand in two of them. Export one "
        "file per run."
    )


class Packed(NotARunFile):
    code = "run_file_packed"
    zh = "这是压缩包（{kind}）。请先解压，再上传里面导出的结果表。"
    en = "This is a packed file ({kind}). Unpack it, then upload the exported results table in it."
