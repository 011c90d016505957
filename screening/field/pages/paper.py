"""Paper entry: tube first, its lines, then the count; the sheet's time is the swabs' time.

A tube that is new is opened, filled and closed. One that is known already is completed: only the
missing lines are typed, and a supervisor confirms how many swabs are in it."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

import msgspec
from flask import flash, redirect, render_template, request, url_for

from screening import clock
from screening.accounts.guard import OWN_ROWS, current_actor, require, site
from screening.accounts.roles import Role
from screening.collection import checks
from screening.errors import BadField, Fault, Faults, NotAllowed, Problem
from screening.field import check
from screening.field.pages.frame import (
    Here,
    answered,
    bp,
    here,
    number,
    own_sites,
    refused,
    state,
    text,
    told,
)
from screening.field.pages.sampling import mode_word, place, tube_here
from screening.i18n import ZONE, _, current_lang
from screening.registry.document_kinds import BadDocument
from screening.registry.rules import MODES as MODE_WORDS
from screening.tube import entries as e
from screening.tube.answers import STOP, worst
from screening.tube.codes import CodeProblem, grouped
from screening.tube.labels import read_tube
from screening.tube.rules import Stage

WRITERS = (Role.SAMPLER, Role.SITE_SUPERVISOR)
PAGE = "field/paper.html"
LINES = 20  # of a sheet: the largest tube that a specification knows (20-in-1, 2022-01)


class CountDiffers(Problem):
    status = 422
    code = "paper_count_differs"
    zh = "纸上写 {n} 人，录入后是 {members} 人，请对照纸单。"
    en = "The sheet says {n}, with these lines there would be {members}; compare with the sheet."


class PaperLine(NamedTuple):
    row: int
    who: str
    name: str
    phone: str


@bp.get("/paper")
@require(*WRITERS, at=OWN_ROWS)
def paper() -> Any:
    """The sites whose sheets one may enter; straight to the only one."""
    sites = own_sites(*WRITERS)
    if len(sites) == 1:
        return redirect(url_for(".paper_desk", site_id=sites[0].site_id), 303)
    return render_template("field/sites.html", sites=sites, to=".paper_desk", title=_("纸单录入"))


@bp.get("/paper/<int:site_id>")
@require(*WRITERS, at=site())
def paper_desk(site_id: int) -> Any:
    """The form of one sheet."""
    return render_template(PAGE, **desk_of(here(site_id)))


def desk_of(h: Here) -> dict[str, Any]:
    return {
        "h": h,
        "rule": checks.rule_at(h.at),
        "modes": [(m.value, (w.zh, w.en)[current_lang() == "en"]) for m, w in MODE_WORDS.items()],
        "lines": [
            {"row": i, "who": text(f"who{i}", 60), "name": text(f"name{i}", 100),
             "phone": text(f"phone{i}", 20)}
            for i in range(1, LINES + 1)
        ],
        "form": request.form,
    }  # fmt: skip


def lines_of_form() -> list[PaperLine]:
    rows = [
        PaperLine(i, text(f"who{i}", 60), text(f"name{i}", 100), text(f"phone{i}", 20))
        for i in range(1, LINES + 1)
    ]
    return [r for r in rows if r.who or r.name]


@bp.post("/paper/<int:site_id>")
@require(*WRITERS, at=site())
def enter_paper(site_id: int) -> Any:
    """Enter one sheet whole, or nothing of it: every fault is named with its line."""
    h = here(site_id)
    lines = lines_of_form()
    try:
        n, written = number("n"), written_at()
        people = people_of(lines, odd_too=text("odd") == "1")
        tube = read_tube(text("tube"))
        row = tube_here(h, tube)
        known = row["members"] if row else 0
        if known + len(people) != n:
            raise Faults([Fault(CountDiffers(n=n, members=known + len(people)), field="n")])
        if row is not None and not current_actor().may((Role.SITE_SUPERVISOR,), place(h)):
            raise NotAllowed()
    except CodeProblem as p:
        return answered(PAGE, [checks.refused(p)], **desk_of(h))
    except Problem as problem:
        return refused(problem, PAGE, **desk_of(h))
    if row is not None:
        return completed(h, row, people, n, written)
    return opened(h, tube, people, n, written)


def people_of(lines: list[PaperLine], *, odd_too: bool) -> list[e.Who]:
    """The persons of a sheet. Raises Faults with every line that cannot be read; a document with a
    fault is taken as it stands when somebody has compared it with the sheet (`odd_too`)."""
    out, faults = [], []
    for line in lines:
        given = {"text": line.who, "name": line.name, "phone": line.phone}
        try:
            out.append(check.who_of(given))
        except BadDocument as p:
            if odd_too and line.name:
                document = e.Document(type="resident_id", number=line.who, name=line.name,
                                      phone=line.phone or None)  # fmt: skip
                out.append(e.Who(doc=document))
            else:
                faults.append(Fault(p, row=line.row))
        except Problem as p:
            faults.append(Fault(p, row=line.row))
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


def binds(tube: str, people: list[e.Who], first: int) -> list[dict[str, Any]]:
    return [
        {
            "kind": "bind", "tube": tube, "seat": seat,
            "who": {k: v for k, v in msgspec.to_builtins(who).items() if v is not None},
            "reason": "paper",
        }
        for seat, who in enumerate(people, first)
    ]  # fmt: skip


def opened(h: Here, tube: str, people: list[e.Who], n: int, written: datetime | None) -> Any:
    """A sheet of a tube that no journal has named."""
    mode = text("mode") if text("mode") in checks.RANK else "pooled"
    size = max(1, int(text("size", 3) or 10)) if text("size", 3).isdigit() else 10
    answers = checks.check_open(h.at, tube, mode, size)
    # what the zone forbids has happened: it is entered, and asked about
    if worst(a for a in answers if a.code != "pooling_forbidden") == STOP:
        return answered(PAGE, answers, **desk_of(h))
    entries: list[dict[str, Any]] = [{"kind": "open", "tube": tube, "mode": mode, "size": size}]
    entries += binds(tube, people, 1)
    if n > size:
        entries.append({"kind": "over", "tube": tube, "n": n})
    entries.append({"kind": "close", "tube": tube, "n": n})
    state(timed(entries, written), round_id=h.at.round_id, site_id=h.site.site_id)
    told([a for a in answers if a.tone == "look"])
    flash(_("管 %(tube)s 已录入，%(n)s 人。", tube=grouped(tube), n=n), "ok")
    return redirect(url_for(".paper_desk", site_id=h.site.site_id), 303)


def completed(
    h: Here, row: dict[str, Any], people: list[e.Who], n: int, written: datetime | None
) -> Any:
    """The missing lines of a tube whose list is incomplete; the supervisor states the count."""
    tube = row["barcode"]
    found = binds(tube, people, checks.next_seat(row))
    entries = [*timed(found, written or row["closed_at"]), {"kind": "paper", "tube": tube, "n": n}]
    if row["stage"] == Stage.OPEN:
        entries.append({"kind": "close", "tube": tube, "n": n})
    state(entries, round_id=row["round_id"], site_id=h.site.site_id)
    word = mode_word(row["mode"])
    flash(
        _("管 %(tube)s（%(mode)s）已按纸单补全，%(n)s 人。", tube=grouped(tube), mode=word, n=n),
        "ok",
    )
    return redirect(url_for(".paper_desk", site_id=h.site.site_id), 303)
