"""What can be wrong with a round."""

from __future__ import annotations

from screening.errors import Conflict, Problem


class BadRound(Problem):
    status = 422
    code = "bad_round"
    zh = "轮次的设置有误。"
    en = "The settings of the round are not right."


class RoundWithoutArea(BadRound):
    code = "round_without_area"
    zh = "请至少选择一个区域。"
    en = "Choose at least one area."


class RoundTimes(BadRound):
    code = "round_times"
    zh = "结束时间要晚于开始时间。"
    en = "The end must be later than the start."


class RoundName(BadRound):
    code = "round_name"
    zh = "请填写轮次名称。"
    en = "The round needs a name."


class UnknownCohort(BadRound):
    code = "unknown_cohort"
    zh = "不认识人群“{cohort}”。"
    en = "The cohort “{cohort}” is not known."


class CohortMissing(BadRound):
    code = "cohort_missing"
    zh = "重点人群轮次要选择人群。"
    en = "A cohort round needs its cohorts."


class BadPoolRule(BadRound):
    code = "bad_pool_rule"
    zh = "混采规则有误：人数应为 1 到 {most}，单采为 1。"
    en = "A pool rule is not right: 1 to {most} persons, 1 for a single tube."


class BadLimit(BadRound):
    code = "bad_limit"
    zh = "时限应为 1 到 10080 分钟。"
    en = "A limit is 1 to 10080 minutes."


class NotNarrower(BadRound):
    code = "not_narrower"
    zh = "复制轮次时只能缩小范围。"
    en = "A cloned round may only be narrower."


class SiteNotInRound(BadRound):
    code = "unknown_site_in_round"
    zh = "所选采样点不存在。"
    en = "A chosen site does not exist."


class ScopeTaken(Conflict):
    code = "scope_in_open_round"
    zh = "同一区域和人群已在“{name}”中采样，同时只能参加一轮。"
    en = "The area and cohort are in the open round “{name}”; they may be in one round only."


class NeedsOwnSites(Conflict):
    code = "round_needs_own_sites"
    zh = "“{name}”正在同一区域采样；重点人群轮次要指定自己的采样点，才能同时进行。"
    en = "“{name}” samples in the same area; beside it a cohort round must name sites of its own."
