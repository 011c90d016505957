"""Why a tube is not reviewed, released or corrected: one sentence each, all of a request at once."""

from __future__ import annotations

from typing import Any

from screening.errors import Conflict, Fault, Faults, Problem
from screening.lab.watch.positivity import KINDS as WATCHES
from screening.reporting.queries import Standing
from screening.tickets.rules import KINDS
from screening.tube.rules import Stage


class Refused(Faults):
    """Nothing of the request could be done; `faults` names each tube and every reason."""

    status = 409
    code = "refused_tubes"
    zh = "没有一支试管可以{what_zh}，原因见下。"
    en = "None of the tubes can be {what_en}; the reasons follow."


class NothingTicked(Problem):
    """The desk's page without a tick; for the API no tubes mean all of the run."""

    status = 422
    code = "nothing_ticked"
    zh = "没有勾选试管，什么也没有做。请先勾选。"
    en = "No tube is ticked, so nothing was done. Tick tubes first."


class TubeProblem(Problem):
    """A reason that names its tube."""

    status = 409
    code = "tube_problem"
    zh = "试管 {barcode} 有问题。"
    en = "There is a problem with tube {barcode}."


class UnknownTube(TubeProblem):
    code = "unknown_tube_here"
    zh = "系统中没有试管 {barcode}。"
    en = "No tube {barcode} is known."


class OtherLab(TubeProblem):
    status = 403
    code = "tube_of_other_lab"
    zh = "试管 {barcode} 不在本实验室。"
    en = "Tube {barcode} is not at this laboratory."


class NotTested(TubeProblem):
    code = "not_tested"
    zh = "试管 {barcode} 还没有检测结果。"
    en = "Tube {barcode} has no test result yet."


class OtherRun(TubeProblem):
    code = "other_run"
    zh = "试管 {barcode} 已在另一次上机中检测，请刷新后再看。"
    en = "Tube {barcode} was tested in another run since; reload and look again."


class Gone(TubeProblem):
    code = "gone"
    zh = "试管 {barcode} 已退出流程（{stage}），不能发布。"
    en = "Tube {barcode} has left the chain ({stage}) and cannot be released."


class RunNotValid(TubeProblem):
    code = "run_not_valid"
    zh = "试管 {barcode} 所在的上机无效（质控失败或与布板不符），整板不能发布。"
    en = "The run of tube {barcode} is not valid (controls or plan); nothing of it may go out."


class OtherCall(TubeProblem):
    code = "other_call"
    zh = "试管 {barcode} 的结果与上机记录不符，不能发布。"
    en = "The run never gave tube {barcode} this result; it cannot be released."


class PlateOpen(TubeProblem):
    code = "plate_open"
    zh = "试管 {barcode} 所在的板没有对齐：板上 {plated} 管，上机记录 {calls} 管。"
    en = "The plate of tube {barcode} does not add up: {plated} tubes on it, {calls} called."


class Undecided(TubeProblem):
    code = "undecided"
    zh = "试管 {barcode} 仪器判读与本系统不同，须有人具名决定后才能发布。"
    en = "The instrument calls tube {barcode} otherwise; a named person must decide first."


class Loosened(TubeProblem):
    code = "loosened"
    zh = "试管 {barcode} 按一人的宽松界值判为阴性，但管内不止此人，须复测。"
    en = "Tube {barcode} is negative by one person's looser limit, and others lie in it; rerun it."


class Watched(TubeProblem):
    code = "watched"
    zh = "试管 {barcode} 所在的上机被暂缓：{kinds}；须两人解除。"
    en = "The run of tube {barcode} is on hold: {kinds_en}; two persons must lift it."


class NotReviewed(TubeProblem):
    code = "not_reviewed"
    zh = "试管 {barcode} 还缺审核：须两人先后审核。"
    en = "Tube {barcode} lacks a review: two persons must sign, one after the other."


class OneReviewer(TubeProblem):
    code = "one_reviewer"
    zh = "试管 {barcode} 的两次审核是同一人，第二次须由另一名审核员完成。"
    en = "Both reviews of tube {barcode} are by one person; the second needs another reviewer."


class AlertConflict(TubeProblem):
    code = "alert_conflict"
    zh = "试管 {barcode} 的结果与未处理的预警矛盾，不能发布。"
    en = "The result of tube {barcode} contradicts its alerts and cannot be released."


class NoPersons(TubeProblem):
    code = "no_persons"
    zh = "试管 {barcode} 没有人员，结果暂不发布。"
    en = "Nobody is known in tube {barcode}; its result is held."


class ListIncomplete(TubeProblem):
    code = "list_incomplete"
    zh = "试管 {barcode} 名单不全：封管确认 {confirmed} 人，已收到 {known} 人。"
    en = "The list of tube {barcode} is incomplete: {confirmed} confirmed, {known} held."


class JournalGap(TubeProblem):
    code = "journal_gap"
    zh = "采过试管 {barcode} 的设备在封管前有缺号，补齐或按纸质名单补录后再发布。"
    en = "A device that touched tube {barcode} has a gap before the close: fill it, or complete the list from paper."


class Held(TubeProblem):
    code = "held"
    zh = "试管 {barcode} 有待处理的差异：{kinds}。"
    en = "Tube {barcode} is held by: {kinds_en}."


class FirstMissing(TubeProblem):
    code = "first_review_missing"
    zh = "试管 {barcode} 还没有第一次审核。"
    en = "Tube {barcode} has not had its first review."


class LookAlone(TubeProblem):
    code = "look_alone"
    zh = "试管 {barcode} 不是普通阴性，不随整板审核，请单独打开后审核。"
    en = "Tube {barcode} is no plain negative: it is not signed with the plate, open it by itself."


class SignedByOther(Conflict):
    code = "review_signed"
    zh = "试管 {barcode} 的这一步已由他人审核。"
    en = "This step of tube {barcode} was signed by somebody else."


class NotReleased(TubeProblem):
    code = "not_released"
    zh = "试管 {barcode} 尚未发布，没有可更正的结果。"
    en = "Tube {barcode} is not released; there is nothing to correct."


GATE_PROBLEMS: dict[str, type[Problem]] = {
    k.code: k
    for k in (
        NotTested, Gone, RunNotValid, OtherCall, PlateOpen, NotReviewed, OneReviewer,
        AlertConflict, Undecided, Loosened, Watched, NoPersons, ListIncomplete, JournalGap, Held,
    )
}  # fmt: skip


def problem(code: str, s: Standing) -> Problem:
    """The sentence of one gate (gates.GATES) for one tube."""
    kinds = [KINDS[k] for k in s.gate.hold_tickets if k in KINDS]
    details: dict[str, Any] = {"barcode": s.barcode}
    if code == "gone":
        details["stage"] = Stage(s.gate.stage).name.lower()
    elif code == "list_incomplete":
        details |= {"confirmed": s.tube["confirmed"] or 0, "known": s.gate.members}
    elif code == "plate_open":
        details |= {"plated": s.gate.plated, "calls": s.gate.calls}
    elif code == "watched":
        watched = [WATCHES[k] for k in s.gate.watched]
        details |= {"kinds": "、".join(zh for zh, _ in watched),
                    "kinds_en": ", ".join(en for _, en in watched)}  # fmt: skip
    elif code == "held":
        details["kinds"] = "、".join(k.zh for k in kinds) or "名单或来源存疑"
        details["kinds_en"] = ", ".join(k.en for k in kinds) or "a doubt about its list or origin"
    return GATE_PROBLEMS[code](**details)


def fault(problem: Problem) -> Fault:
    return Fault(problem, field=str(problem.details.get("barcode", "")))
