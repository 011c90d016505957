"""Finding a person and one person's page; what is searched for never stands in an address."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import redirect, render_template, request, url_for

from screening import clock
from screening.accounts import guard
from screening.accounts.guard import OWN_ROWS, current_actor, require
from screening.errors import Problem
from screening.forms import refused, text
from screening.i18n import _, local
from screening.places.queries import place_of_area
from screening.registry import desk_queries as desk
from screening.registry import search as finding
from screening.registry import timeline
from screening.registry.documents import WORDS
from screening.registry.pages.choices import area_choices, area_name
from screening.registry.pages.frame import bp, moment, word
from screening.registry.queries import cohorts_of
from screening.registry.residence import RESIDENCES, UNSAID, Residence
from screening.registry.rules import AWAITING_RECHECK, COHORTS, EXEMPTIONS, Flag
from screening.registry.scopes import OLD_HOME, PERSON, REGISTRARS
from screening.registry.seals import DOC_TYPES
from screening.registry.search import Found, Wanted
from screening.registry.service import exemptions, persons

FLAG_WORDS = {
    Flag.CANNOT_WALK: ("行动不便", "cannot walk"),
    Flag.RENTAL: ("出租房", "rented home"),
    Flag.DORMITORY: ("集体宿舍", "dormitory"),
    Flag.PROVISIONAL: ("临时登记", "provisional"),
    Flag.DECEASED: ("已故", "deceased"),
    Flag.DUPLICATE: ("重复登记", "registered twice"),
    Flag.KEY_GROUP: ("重点人群", "key group"),
    Flag.LEFT: ("已迁出", "moved away"),
    Flag.CHECK_SEEN: ("证件经人工核对", "document seen"),
    Flag.HAS_TWIN: ("另有登记并入", "another row merged into it"),
}
MAY_SET = (Flag.CANNOT_WALK, Flag.DECEASED, Flag.LEFT)


def flag_words(flags: Flag) -> list[str]:
    return [word(FLAG_WORDS[f]) for f in Flag if f in flags]


@bp.get("/persons")
@require(*REGISTRARS, at=OWN_ROWS)
def find_form() -> Any:
    """The form with which a person is found."""
    return render_template("registry/persons.html", **find_view())


def find_view() -> dict[str, Any]:
    return {
        "areas": area_choices(REGISTRARS),
        "area_id": request.form.get("area_id", type=int),
        "types": [(k.value, word(v)) for k, v in WORDS.items() if k != "none"],
    }


@bp.post("/persons")
@require(*REGISTRARS, at=guard.area())
def find_persons() -> Any:
    """People of an area by document, telephone, name, part of a name or last four."""
    fields = ("doc_type", "number", "country", "phone", "name", "part_of_name", "last4")
    wanted = Wanted(**{f: text(f, 60) or None for f in fields})
    try:
        found = finding.search(wanted, place_of_area(int(request.form["area_id"])))
    except Problem as problem:
        return refused(problem, "registry/persons.html", **find_view())
    rows = [person_line(p) for p in found]
    return render_template("registry/persons.html", rows=rows, most=finding.MOST, **find_view())


def person_line(p: Found) -> dict[str, Any]:
    return {
        "name": p.details.name,
        "document": p.document,
        "phone": p.phone,
        "community": p.community,
        "home": " ".join(filter(None, (p.details.unit, p.details.room))),
        "flags": "、".join(flag_words(p.flags)),
        "href": url_for(".show_person", cell=p.cell_id, person_id=p.person_id),
    }


@bp.get("/persons/<int:cell>/<int:person_id>")
@require(*REGISTRARS, at=PERSON)
def show_person(cell: int, person_id: int) -> Any:
    """One person: home, flags, cohorts, exemptions, history. The read is audited."""
    return render_template("registry/person.html", **person_view(cell, person_id))


def person_view(cell: int, person_id: int) -> dict[str, Any]:
    p = finding.get_person(cell, person_id)
    now = clock.now()
    dated = cohorts_of(cell, [person_id], now).get(person_id, frozenset())
    groups = dated | ({p.key_group} if p.key_group else set())
    return {
        "p": p,
        "home": area_name(p.community_id),
        "doc_type": word(WORDS[DOC_TYPES[p.doc_type]]),
        "flags": flag_words(p.flags),
        "cohorts": [word(COHORTS[c]) for c in sorted(groups)],
        "family": [person_line(f) for f in finding.household(p)],
        "exemptions": [exemption_line(e, now) for e in desk.exemptions_of(cell, person_id)],
        "codes": [(k, word(v)) for k, v in EXEMPTIONS.items() if k != AWAITING_RECHECK],
        "areas": area_choices(REGISTRARS),
        "residence": residence_said(p),
        "residences": [("", word(UNSAID)), *((int(k), word(w)) for k, w in RESIDENCES.items())],
        "settable": [(f.name, word(FLAG_WORDS[f]), f in p.flags) for f in MAY_SET],
        "lines": timeline.lines_of(cell, person_id),
    }


def residence_said(p: Found) -> str:
    """How the person belongs to the place, and since when that is said."""
    if not p.residence or p.residence_since is None:
        return ""
    said = word(RESIDENCES[Residence(p.residence)])
    return _("%(what)s（%(day)s 起登记）", what=said, day=f"{local(p.residence_since):%Y-%m-%d}")


def exemption_line(row: desk.ExemptionRow, now: datetime) -> dict[str, Any]:
    over = row.ended_at is not None or (row.until is not None and row.until <= now)
    return {
        "cell": row.cell_id,
        "exemption_id": row.exemption_id,
        "code": word(EXEMPTIONS[row.code]),
        "round": row.round_id or _("所有轮次"),
        "made_at": row.made_at,
        "until": row.until,
        "state": {"tone": "unknown", "text": _("已结束")} if over
        else {"tone": "ok", "text": _("有效")},
        "act": not over and row.code != AWAITING_RECHECK,
    }  # fmt: skip


def shown(cell: int, person_id: int) -> Any:
    return redirect(url_for(".show_person", cell=cell, person_id=person_id), 303)


@bp.post("/persons/<int:cell>/<int:person_id>/exempt")
@require(*REGISTRARS, at=PERSON)
def exempt_person(cell: int, person_id: int) -> Any:
    """Excuse a person with a code until a time."""
    try:
        exemptions.exempt(
            [(cell, person_id)],
            text("code", 40),
            until=moment("until"),
            by=current_actor().staff_id,
            at=clock.now(),
        )
    except Problem as problem:
        return refused(problem, "registry/person.html", **person_view(cell, person_id))
    return shown(cell, person_id)


@bp.post("/persons/<int:cell>/<int:person_id>/move")
@require(*REGISTRARS, at=OLD_HOME)
def move_person(cell: int, person_id: int) -> Any:
    """The person lives in another community from now on."""
    there = int(request.form["community_id"])
    persons.move(cell, person_id, there, by=current_actor().staff_id, at=clock.now())
    if not current_actor().may(REGISTRARS, place_of_area(there)):
        return redirect(url_for(".find_form"), 303)
    return shown(cell, person_id)


@bp.post("/persons/<int:cell>/<int:person_id>/flags")
@require(*REGISTRARS, at=PERSON)
def mark_person(cell: int, person_id: int) -> Any:
    """Cannot walk, deceased, moved away: as ticked; how the person belongs to the place."""
    ticked = set(request.form.getlist("flags"))
    add = Flag(sum(f for f in MAY_SET if f.name in ticked))
    drop = Flag(sum(f for f in MAY_SET if f.name not in ticked))
    persons.mark(cell, person_id, add=add, drop=drop)
    said = request.form.get("residence", 0, type=int)
    if said in RESIDENCES:
        persons.say_residence(cell, person_id, Residence(said), at=clock.now())
    return shown(cell, person_id)
