"""Every code of the laboratory's rules in two languages, for pages and problem documents."""

from __future__ import annotations

REASONS = {
    "single_target": ("只有一个靶标阳性", "only one target is positive"),
    "grey": ("Ct 落在灰区", "Ct in the grey zone"),
    "late": ("Ct 晚于界值", "Ct later than the limit"),
    "cohort_limit": ("按该人群的界值判为阴性", "negative by the limit of the person's cohort"),
    "beyond_max": ("Ct 超过循环数，按未检出处理", "Ct beyond the cycles run, taken as not detected"),
    "impossible_ct": ("Ct 值不可能", "impossible Ct"),
    "missing_target": ("文件中没有该靶标", "the file has no such target"),
    "no_value": ("没有 Ct 值，也没有“未检出”标记", "neither a Ct nor “not detected”"),
    "omitted": ("操作者在仪器软件中排除了该孔", "left out in the instrument software"),
    "instrument_positive": ("仪器判为阳性", "the instrument calls it positive"),
    "instrument_negative": ("仪器判为阴性", "the instrument calls it negative"),
    "instrument_doubt": ("仪器没有给出明确判定", "the instrument makes no clear call"),
    "well_positive": ("仪器判整孔为阳性", "the instrument calls the whole well positive"),
    "unknown_target": ("判读规则不认识的靶标有信号", "a signal in a target the rules do not know"),
    "unknown_silent": ("判读规则不认识的靶标", "a target the rules do not know"),
    "control_lost": ("内标未扩增或过晚", "the internal control failed or came late"),
    "control_unread": ("没有内标读数", "no reading of the internal control"),
}  # fmt: skip

CONTROL_FAULTS = {
    "too_few_negatives": ("阴性对照不足", "too few negative controls"),
    "too_few_positives": ("阳性对照不足", "too few positive controls"),
    "negative_amplified": ("阴性对照出现扩增（污染）", "a negative control amplified (contamination)"),
    "control_unread": ("对照孔没有读数", "a control well has no reading"),
    "internal_control_lost": ("阴性对照的内标未扩增", "the internal control failed in a negative control"),
    "positive_missing": ("阳性对照未扩增", "the positive control did not amplify"),
    "positive_late": ("阳性对照 Ct 过晚", "the positive control came too late"),
    "plate_moved": ("板可能放反或错位", "the plate may have been turned or shifted"),
    "mark_amplified": ("标记孔有扩增（列或板可能放错）", "a mark amplified (columns or plates may be exchanged)"),
    "columns_swapped": ("两列可能对调", "two columns may have been exchanged"),
}  # fmt: skip

DIFFERENCES = {
    "missing_well": ("板图有而文件没有的孔", "a planned well is not in the file"),
    "extra_well": ("文件有而板图没有的孔", "a well in the file is not planned"),
    "outside_plate": ("板上没有这个孔", "there is no such well on the plate"),
    "read_twice": ("同一孔同一靶标出现多次", "the same well and target more than once"),
    "planned_twice": ("同一管排在多个孔", "the same tube planned in more than one well"),
    "other_plate": ("文件写的是另一块板的板号", "the file names another plate"),
    "started_early": ("上机时间早于布板完成", "the run began before the plate was filled"),
    "other_instrument": ("不是登记的那台仪器", "made on another instrument than was noted"),
    "same_values": (
        "与另一块板已采用的结果数值完全相同",
        "the very values of a result that another plate has",
    ),
    "other_sample": ("文件中的样本号与板图不同", "the file names another sample than the plan"),
}

HINTS = {
    "adjacent_run": ("相邻孔连续出现信号", "signals in adjacent wells"),
    "hot_well": ("强阳性孔旁边有弱信号", "a strong positive with weak neighbours"),
}

MOVES = {
    "rotated_180": ("旋转 180°", "rotated by 180°"),
    "mirrored_columns": ("左右颠倒", "columns reversed"),
    "mirrored_rows": ("上下颠倒", "rows reversed"),
    "column_right": ("整体右移一列", "one column to the right"),
    "column_left": ("整体左移一列", "one column to the left"),
    "row_down": ("整体下移一行", "one row down"),
    "row_up": ("整体上移一行", "one row up"),
    "halves_swapped": ("左右半板互换", "halves exchanged"),
    "column_pairs_swapped": ("相邻两列互换", "neighbouring columns exchanged"),
    "row_pairs_swapped": ("相邻两行互换", "neighbouring rows exchanged"),
    "by_column_not_row": ("按列加样而非按行", "filled by column instead of by row"),
    "by_row_not_column": ("按行加样而非按列", "filled by row instead of by column"),
}

OUTCOMES = {
    1: ("阴性", "negative"),
    2: ("阳性", "positive"),
    3: ("可疑", "inconclusive"),
    4: ("无效", "invalid"),
}

ALERTS = {
    "positive": ("结果导入", "an imported run"),
    "inconclusive": ("结果导入", "an imported run"),
    "provisional": ("暂定：质控或板图有误", "provisional: controls or map at fault"),
    "hand": ("人工发出", "by hand"),
}

SETTLEMENTS = {
    "released": ("结果已按预警发布", "the result was released as alerted"),
    "rerun_negative": ("复测为阴性", "the rerun was negative"),
    "contamination": ("确认为污染", "shown to be contamination"),
    "wrong_plate": ("文件或板图有误", "wrong file or plate map"),
    "resampled": ("成员单管复采已有结果", "every member has a single-tube result"),
    "raised_in_error": ("误报", "raised in error"),
}
# what two persons may say; a negative rerun of the pool clears nothing, and a release says itself
RESAMPLED = "resampled"
CLEARINGS = (RESAMPLED, "contamination", "wrong_plate", "raised_in_error")

LEVELS = {
    1: ("实验室", "laboratory"),
    2: ("辖区", "district"),
    3: ("市级", "city"),
}
# as the slices above call them
CONTACTS = {
    "will_come": ("会来采样", "will come"),
    "already_done": ("称已采样", "says it is done"),
    "away": ("外出", "away"),
    "refused": ("拒绝", "refused"),
    "unreachable": ("联系不上", "unreachable"),
    "exempt_pending": ("申请豁免", "asks to be exempt"),
    "visit": ("需要上门", "needs a visit"),
    "later": ("稍后再联系", "contact again later"),
    "absent": ("上门未遇", "not at home"),
    "moved": ("已搬离", "moved away"),
}
SINGLES = {
    "none": ("还没有单管采样", "not sampled alone yet"),
    "sampled": ("已单管采样，等结果", "sampled alone, result to come"),
    "known": ("单管结果已出", "single-tube result released"),
}

PLATE_STATES = {
    "planned": ("空板", "empty"),
    "filled": ("布板中", "being filled"),
    "running": ("上机中", "on the instrument"),
    "evaluated": ("已判读", "judged"),
    "invalid": ("作废", "void"),
    "reviewed": ("已审核", "reviewed"),
    "released": ("已发布", "released"),
    "quarantined": ("已隔离", "in quarantine"),
}

RUN_STATES = {
    "previewed": ("待确认", "waits for confirmation"),
    "evaluated": ("已采用", "adopted"),
    "invalid": ("质控失败", "controls failed"),
    "quarantined": ("已隔离", "in quarantine"),
}


def word(table: dict, code: str | int, lang: str = "zh") -> str:
    """The text for a code; the code itself when a newer rule set knows more than this table."""
    return table[code][lang == "en"] if code in table else str(code)
