"""The print desk: label runs, site sheets, paper sheets, badges, and where resident codes are."""

from __future__ import annotations

from typing import Any

from flask import Response, make_response, render_template, request, url_for

from screening import clock
from screening.accounts.audit import note
from screening.accounts.guard import OWN_ROWS, by, current_actor, require, site
from screening.accounts.roles import SITE_ROLES, Role
from screening.collection import checks
from screening.field.pages.cards import CARDS
from screening.field.pages.frame import Here, bp, here, lang
from screening.i18n import ZONE, _
from screening.places import queries as places
from screening.registry.rules import MODES as MODE_WORDS
from screening.registry.rules import Mode
from screening.tube import label_queries as labels
from screening.tube import prints
from screening.tube.codes import WORDS, Kind, grouped, make_code, read_code
from screening.tube.printers import fallback, picture
from screening.tube.printers.layouts import LAYOUTS, Shift
from screening.tube.printers.paper import Stamp
from screening.tube.service.label_runs import KINDS

LABELS = (Role.ADMINISTRATOR, Role.DISPATCHER, Role.SITE_SUPERVISOR)
SITES = (*SITE_ROLES, Role.ADMINISTRATOR)
BADGES = (Role.ADMINISTRATOR, Role.SITE_SUPERVISOR)
ANY = (*SITE_ROLES, Role.ADMINISTRATOR, Role.DISPATCHER, Role.COMMUNITY_WORKER)
RUN = by("run's site", "run_id", lambda v: labels.place_of_run(int(v)))
RUNS = 30  # of the overview; all of them are at /label-runs
LINES = 10
MOST_SHEETS = 100


def asked(name: str, default: int, low: int, high: int) -> int:
    """A whole number of the address, kept within its bounds."""
    return max(low, min(high, request.args.get(name, default, type=int)))


@bp.get("/print")
@require(*ANY, at=OWN_ROWS)
def print_desk() -> Any:
    """All that is printed, as far as the own roles may print it."""
    actor = current_actor()
    runs = [r for r in labels.list_runs(actor.places(LABELS), limit=RUNS) if not r.pattern_id]
    left = labels.balances([r.run_id for r in runs])
    sites = places.list_sites(actor.places(SITES))
    return render_template(
        "field/print.html",
        runs=[run_line(r, left.get(r.run_id)) for r in runs],
        may_label=bool(actor.places(LABELS)),
        sites=[site_line(s) for s in sites],
        labs=places.list_labs(actor.places((Role.ADMINISTRATOR,))),
        may_card=bool(actor.places(CARDS)),
    )  # fmt: skip


def run_line(r: labels.Run, held: labels.Balance | None) -> dict[str, Any]:
    return {
        "href": url_for(".print_labels", run_id=r.run_id),
        "name": {"text": f"LR-{r.run_id}", "sub": _("练习") if r.practice else ""},
        "kind": WORDS[KINDS[r.kind]][lang()],
        "site": r.site_name,
        "count": r.count,
        "blank": held.blank if held else None,
        "made_at": r.made_at,
    }


def site_line(s: places.SiteRow) -> dict[str, Any]:
    return {"href": url_for(".print_site", site_id=s.site_id), "name": s.name, "code": s.code,
            "area": s.area_name}  # fmt: skip


# --- labels -------------------------------------------------------------------------------------


@bp.get("/print/labels/<int:run_id>")
@require(*LABELS, at=RUN)
def print_labels(run_id: int) -> Any:
    """How one run is printed: the sheet, from which number, what is gone of the first sheet."""
    run = labels.get_run(run_id)
    codes = prints.codes_of(run, 0, run.count)
    skip = first_blank(run)
    return render_template(
        "field/print_labels.html",
        run=run,
        kind=WORDS[KINDS[run.kind]][lang()],
        layouts=list(LAYOUTS.values()),
        skip=skip,
        count=max(1, run.count - skip),
        first=grouped(codes[0]),
        last=grouped(codes[-1]),
        picture=url_for(".label_picture", run_id=run_id, skip=skip),
    )


def first_blank(run: labels.Run) -> int:
    """How many numbers of a run lie before the first one that nobody has used."""
    blank = labels.list_numbers(run.run_id, limit=1, where="blank")
    serial = read_code(blank[0].barcode).serial if blank else None
    return serial - run.first if serial is not None else 0


@bp.get("/print/labels/<int:run_id>/page.svg")
@require(*LABELS, at=RUN)
def label_picture(run_id: int) -> Response:
    """The first sheet as it would be printed."""
    run = labels.get_run(run_id)
    layout = LAYOUTS.get(request.args.get("layout", ""), LAYOUTS["40x30"])
    some = min(asked("count", run.count, 1, run.count), layout.per_page)
    codes = prints.codes_of(run, asked("skip", 0, 0, run.count), some)
    shift = Shift(*(max(-10.0, min(10.0, request.args.get(n, 0.0, type=float)))
                    for n in ("right", "down")))  # fmt: skip
    drawn = picture.first_page(
        codes, layout, copies=asked("copies", 1, 1, 10), used=asked("used", 0, 0, 99),
        shift=shift, head=prints.title_of(run),
    )  # fmt: skip
    return Response(drawn, mimetype="image/svg+xml")


# --- sites --------------------------------------------------------------------------------------


@bp.get("/print/sites/<int:site_id>")
@require(*SITES, at=site())
def print_site(site_id: int) -> Any:
    """What a site hangs up, wears and keeps for when nothing works."""
    h = here(site_id)
    rule = checks.rule_at(h.at)
    return render_template(
        "field/print_site.html",
        h=h,
        lines=rule.capacity if rule and rule.capacity > 1 else LINES,
        single=rule is not None and rule.mode is Mode.SINGLE,
        most=MOST_SHEETS,
        most_lines=20,
        may_badge=current_actor().may(BADGES, places.place_of_site(site_id)),
    )


@bp.get("/print/sites/<int:site_id>/sheets.pdf")
@require(*SITES, at=site())
def paper_sheets(site_id: int) -> Response:
    """Empty paper sheets of a site: the tube's label, its lines, the count."""
    h, copies = here(site_id), asked("copies", 10, 1, MOST_SHEETS)
    who, now = current_actor().staff_no, clock.now().astimezone(ZONE)
    form = form_of(h, asked("lines", LINES, 1, 20), single=request.args.get("single") == "1")
    stamp = Stamp(who=who, at=now, run=h.site.code)
    data = fallback.sheets(form, copies=copies, font=prints.font(), stamp=stamp)
    note("paper_printed", "site", site_id, detail={"count": copies})
    response = make_response(data)
    response.mimetype = "application/pdf"
    response.headers["Content-Disposition"] = f'inline; filename="paper-{h.site.code}.pdf"'
    return response


def form_of(h: Here, lines: int, *, single: bool) -> fallback.Form:
    """The sheet's words are Chinese wherever there is a font for them: it is used outdoors."""
    rule = checks.rule_at(h.at)
    word = 0 if prints.font() else 1
    modes = []
    for mode, both in MODE_WORDS.items():
        size = f" {rule.capacity}" if rule and mode is rule.mode is Mode.POOLED else ""
        modes.append(((both.zh, both.en)[word] + size, rule is not None and mode is rule.mode))
    return fallback.Form(
        code=make_code(Kind.SITE, h.site.site_id),
        site=f"{h.site.code}  {h.site.name}",
        round=h.round.name if h.round else "",
        lines=lines,
        modes=modes,
        single=single,
    )
