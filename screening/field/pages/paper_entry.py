"""Entering one paper sheet: its lines become persons, its count is compared, its tube is closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

import msgspec
from flask import flash, redirect, url_for

from screening import clock
from screening.accounts.guard import current_actor, require, site
from screening.accounts.roles import Role
from screening.collection import checks
from screening.errors import BadField, Fault, Faults, NotAllowed, Problem
from screening.field import sheets
from screening.field.pages.frame import Here, answered, bp, here, number, refused, state, told
from screening.field.pages.paper import (
    KEPT,
    PAGE,
    WRITERS,
    PaperLine,
    desk_of,
    lines_of_form,
    unwritten,
)
from screening.field.pages.sampling_desk import mode_word, place, tube_here
from screening.field.sheets import Meant
from screening.forms import text
from screening.i18n import ZONE, _
from screening.tube.answers import STOP, worst
from screening.tube.answers import refused as unreadable
from screening.tube.codes import CodeProblem, grouped
from screening.tube.labels import read_tube
from screening.tube.rules import Mode, Stage


class CountDiffers(Problem):
    status = 422
    code = "paper_count_differs"
    zh = "纸上写 {n} 人，录入后是 {members} 人，请对照纸单。"
    en = "The sheet says {n}, with these lines there would be {members}; compare with the sheet."


@bp.post("/paper/<int:site_id>")
@require(*WRITERS, at=site())
def enter_paper(site_id: int) -> Any:
    """Enter one sheet whole, or nothing of it: every fault is named with its line."""
    h = here(site_id)
    lines = lines_of_form()
    try:
        n, written = number("n"), written_at()
        tube = read_tube(text("tube"))
        row = tube_here(h, tube)
        people = people_of(h, lines, row, odd_too=text("odd") == "1")
        known = row["members"] if row else 0
        if known + len(people) != n:
            raise Faults([Fault(CountDiffers(n=n, members=known + len(people)), field="n")])
        head = current_actor().may((Role.SITE_SUPERVISOR,), place(h))
        if row is not None and not unwritten(row) and not head:
            raise NotAllowed()
    except CodeProblem as p:
        return answered(PAGE, [unreadable(p)], **desk_of(h))
    except Problem as problem:
        return refused(problem, PAGE, **desk_of(h))
    if row is not None and not unwritten(row):
        return completed(h, row, people, n, written)
    return opened(h, tube, row, people, n, written)


def people_of(
    h: Here, lines: Sequence[PaperLine], row: dict[str, Any] | None, *, odd_too: bool
) -> list[Meant]:
    """The persons of a sheet. Raises Faults with every line that cannot be; `odd_too`: somebody
    has compared them with the sheet, so they are entered as they stand."""
    out, faults = [], []
    seats = sheets.seats_of(row)
    first: dict[str, int] = {}
    for line in lines:
        try:
            found = sheets.meant(h.at, line.who, line.name, line.phone, odd_too=odd_too)
        except Problem as p:
            faults.append(Fault(p, row=line.row))
            continue
        if found.key in seats and not odd_too:
            faults.append(Fault(sheets.InTubeAlready(seat=seats[found.key]), row=line.row))
        elif found.key in first and not odd_too:
            faults.append(Fault(sheets.WrittenTwice(first=first[found.key]), row=line.row))
        first.setdefault(found.key, line.row)
        out.append(found)
    if faults:
        raise Faults(faults)
    return out


def written_at() -> datetime | None:
    """The hour on the sheet, today or yesterday. Raises Faults."""
    word = text("hour", 5)
    if not word:
        return None
    try:
        hour = time.fromisoformat(word)
    except ValueError:
        raise Faults([Fault(BadField(message=_("请填写时刻，如 06:40")), field="hour")]) from None
    now = clock.now()
    at = datetime.combine(now.astimezone(ZONE).date(), hour, ZONE)
    return at if at <= now else at - timedelta(days=1)


def timed(entries: list[dict[str, Any]], written: datetime | None) -> list[dict[str, Any]]:
    return entries if written is None else [{**x, "at": clock.to_ms(written)} for x in entries]


def binds(tube: str, people: Sequence[Meant], first: int, *, single: bool) -> list[dict[str, Any]]:
    out = []
    for seat, one in enumerate(people, first):
        who = {k: v for k, v in msgspec.to_builtins(one.who).items() if v is not None}
        entry = {"kind": "bind", "tube": tube, "seat": seat, "who": who, "reason": sheets.REASON}
        if single and one.known is not None and one.known.row.lane == checks.RESULT_LANE:
            entry["purpose"] = "recheck"
        out.append(entry)
    return out


def opened(
    h: Here, tube: str, row: dict[str, Any] | None, people: Sequence[Meant], n: int,
    written: datetime | None,
) -> Any:  # fmt: skip
    """A sheet of a tube that no journal has named, or that stands open with nobody in it."""
    mode = text("mode") if text("mode") in checks.RANK else "pooled"
    size = max(1, int(text("size", 3) or 10)) if text("size", 3).isdigit() else 10
    answers = checks.check_open(h.at, tube, mode, size) if row is None else []
    # what the zone forbids has happened: it is entered, and asked about
    if worst(a for a in answers if a.code != "pooling_forbidden") == STOP:
        return answered(PAGE, answers, **desk_of(h))
    entries: list[dict[str, Any]] = [
        {"kind": "open", "tube": tube, "mode": mode, "size": size} if row is None
        else {"kind": "join", "tube": tube}
    ]  # fmt: skip
    single = mode == "single" if row is None else row["mode"] == Mode.SINGLE
    entries += binds(tube, people, checks.next_seat(row) if row else 1, single=single)
    if n > (size if row is None else row["pool_size"]):
        entries.append({"kind": "over", "tube": tube, "n": n})
    entries.append({"kind": "close", "tube": tube, "n": n})
    round_id = h.at.round_id if row is None else row["round_id"]
    state(timed(entries, written), round_id=round_id, site_id=h.site.site_id)
    told([a for a in answers if a.tone == "look"])
    flash(_("管 %(tube)s 已录入，%(n)s 人。", tube=grouped(tube), n=n), "ok")
    return next_sheet(h)


def completed(
    h: Here, row: dict[str, Any], people: Sequence[Meant], n: int, written: datetime | None
) -> Any:
    """The missing lines of a tube whose list is incomplete; the supervisor states the count."""
    tube, single = row["barcode"], row["mode"] == Mode.SINGLE
    found = binds(tube, people, checks.next_seat(row), single=single)
    entries = [*timed(found, written or row["closed_at"]), {"kind": "paper", "tube": tube, "n": n}]
    if row["stage"] == Stage.OPEN:
        entries.append({"kind": "close", "tube": tube, "n": n})
    state(entries, round_id=row["round_id"], site_id=h.site.site_id)
    word = mode_word(row["mode"])
    flash(
        _("管 %(tube)s（%(mode)s）已按纸单补全，%(n)s 人。", tube=grouped(tube), mode=word, n=n),
        "ok",
    )
    return next_sheet(h)


def next_sheet(h: Here) -> Any:
    """An empty form with the hour, the mode and the size of the last one."""
    kept: dict[str, Any] = {k: text(k, 8) for k in KEPT if text(k, 8)}
    return redirect(url_for(".paper_desk", site_id=h.site.site_id, **kept), 303)
