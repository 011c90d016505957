"""Why a tube is not put into the archive, not taken out of it, not thrown away."""

from __future__ import annotations

from screening.errors import Conflict, NotFound, Problem


class NotHere(NotFound):
    code = "tube_not_here"
    zh = "试管 {barcode} 不在本实验室。"
    en = "Tube {barcode} is not at this laboratory."


class NoBox(Problem):
    status = 422
    code = "no_archive_box"
    zh = "请先写明架号和盒号。"
    en = "Name the rack and the box first."


class NoSuchPlace(Problem):
    status = 422
    code = "no_archive_place"
    zh = "位置从 1 到 {last}。"
    en = "Places run from 1 to {last}."


class PlaceTaken(Conflict):
    code = "archive_place_taken"
    zh = "{where} 已有试管 {barcode}。"
    en = "Tube {barcode} lies in {where}."


class BoxFull(Conflict):
    code = "archive_box_full"
    zh = "这一盒已满。"
    en = "This box is full."


class NotArchived(Conflict):
    code = "not_archived"
    zh = "试管 {barcode} 不在库中。"
    en = "Tube {barcode} is not in the archive."


class TooEarly(Conflict):
    code = "kept_longer"
    zh = "试管 {barcode} 须保存到 {until}。"
    en = "Tube {barcode} is kept until {until}."


class NoResult(Conflict):
    code = "kept_without_result"
    zh = "试管 {barcode} 还没有发布结果，不能销毁。"
    en = "Tube {barcode} has no released result and may not be thrown away."


class StillOpen(Conflict):
    code = "kept_matter_open"
    zh = "试管 {barcode} 还有未结的预警、扣留、更正或复采，不能销毁。"
    en = "An alert, a hold, a correction or a callback of tube {barcode} is open; it is kept."


class Gone(Conflict):
    code = "already_discarded"
    zh = "试管 {barcode} 已销毁。"
    en = "Tube {barcode} has been thrown away."


class OwnWish(Problem):
    status = 403
    code = "own_discard"
    zh = "阳性和可疑试管须由另一人同意后销毁。"
    en = "A positive or doubtful tube is thrown away with the consent of another person."


class NoWhy(Problem):
    status = 422
    code = "no_discard_reason"
    zh = "销毁阳性或可疑试管须写明理由。"
    en = "Say why a positive or doubtful tube is thrown away."
