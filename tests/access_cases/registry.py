"""Places, rounds and the register: who may do what where."""

from __future__ import annotations

import io
from datetime import timedelta

from flask import current_app

from screening import clock
from screening.accounts.roles import EVERYWHERE, Actor, Role, Scope
from screening.db import db, run
from screening.registry import documents
from screening.registry.documents import DocType, Document
from screening.registry.service import (
    Newcomer,
    exemptions,
    imports,
    make_provisional,
    merging,
    rounds,
    zones,
)
from screening.registry.service.rounds import Draft
from tests import make
from tests.access import Case, Side, World

PUBLIC_WORDS = "codes and their words, the same for everybody"
CHIEF = Actor(1, "A1", (Scope(Role.ADMINISTRATOR, EVERYWHERE),))
CSV = "姓名,证件类型,证件号码,社区代码\n{name},,11010519491231002X,{code}\n"
# Whoever may set up something stands where it can be held.
AT_COUNTY = {Role.COMMUNITY_WORKER: lambda s: s.county}


def name(side: Side) -> str:
    return f"{side.site.name}居民"


def requested(maker):
    """Run a service that writes audit outside a request."""
    with current_app.test_request_context():
        made = maker()
        db.session.commit()
        return made


def person(side: Side) -> tuple[int, int]:
    """(cell, person) of a fresh person of a side's community."""
    nobody = Document(DocType.NONE, "")
    ((person_id, cell),) = make_provisional(
        [Newcomer(name(side), nobody, mark=str(make.number()))],
        cell=side.community.cell_id,
        community=side.community.area_id,
        at=clock.now(),
    )
    return cell, person_id


def of_person(side: Side, **kw) -> dict:
    cell, person_id = person(side)
    return {"values": {"cell": cell, "person_id": person_id}, **kw}


def in_body(side: Side, **body) -> dict:
    cell, person_id = person(side)
    return {"json": {"cell_id": cell, "person_id": person_id, **body}}


def merged(side: Side) -> dict:
    cell, twin = person(side)
    _, into = person(side)
    into_both = {"into_cell": cell, "into_id": into, "reason": "同一个人"}
    return {"values": {"cell": cell, "person_id": twin}, "json": into_both}


def sides(side: Side, **kw) -> dict:
    """Two rows that may be one human being, both in the address."""
    cell, twin = person(side)
    _, into = person(side)
    values = {"cell": cell, "person_id": twin, "into_cell": cell, "into_id": into}
    return {"values": values, **kw}


def asked(side: Side, state: str = "waiting", **kw) -> dict:
    """A merge that waits for a second person, or one that is done."""
    cell, twin = person(side)
    _, into = person(side)
    made = merging.ask((cell, twin), (cell, into), "同一个人", by=1, at=clock.now())
    if state == "waiting":  # as if both had swabs
        merging.undo(made.merge_id, "其实不是", by=1, at=clock.now())
        run("UPDATE person_merge SET state = 'waiting' WHERE merge_id = %s", (made.merge_id,))
    return {"values": {"merge_id": made.merge_id}, **kw}


def waiting_merge(w: World) -> dict:
    w.once("waiting merge", lambda: asked(w.b))
    return {}


def draft(side: Side) -> Draft:
    street = make.area("street", side.county, name=f"{side.street.name}{make.number()}")
    now = clock.now()
    return Draft(f"{side.street.name}轮", now, now + timedelta(hours=8), [street.area_id])


def a_round(side: Side, state: str = "draft") -> int:
    def maker() -> int:
        made = rounds.draft(draft(side), by=CHIEF)
        if state != "draft":
            rounds.approve(made, by=CHIEF)
        if state == "sampling":
            rounds.start(made, at=clock.now())
        return made

    return requested(maker)


def of_round(state: str, **kw):
    return lambda side: {"values": {"round_id": a_round(side, state)}, **kw}


def round_body(side: Side) -> dict:
    given = draft(side)
    return {
        "name": given.name,
        "starts_at": given.starts_at.isoformat(),
        "ends_at": given.ends_at.isoformat(),
        "area_ids": [str(a) for a in given.area_ids],
    }


def cloned(side: Side) -> dict:
    body = round_body(side)
    old = requested(lambda: rounds.draft(draft(side)._replace(
        area_ids=[int(a) for a in body["area_ids"]]), by=CHIEF))  # fmt: skip
    return {"values": {"round_id": old}, "json": body}


def zone(side: Side) -> dict:
    made = requested(
        lambda: zones.add_zone(
            f"{side.street.name}区", "lock", [side.community.area_id], starts_at=clock.now(),
            ends_at=None, by=CHIEF,
        )
    )  # fmt: skip
    return {"values": {"zone_id": made}}


def zone_body(side: Side) -> dict:
    return {
        "name": "新区",
        "kind": "control",
        "area_ids": [str(side.community.area_id)],
        "starts_at": clock.now().isoformat(),
    }


def exemption(side: Side) -> dict:
    cell, person_id = person(side)
    (made,) = requested(
        lambda: exemptions.exempt([(cell, person_id)], "medical", until=None, by=1, at=clock.now())
    )
    return {"values": {"cell": cell, "exemption_id": made}}


def file_of(side: Side) -> bytes:
    return CSV.format(name=name(side), code=side.community.code).encode()


def upload(side: Side) -> dict:
    return {
        "data": {
            "area_id": str(side.community.area_id),
            "file": (io.BytesIO(file_of(side)), "list.csv"),
        }
    }


def an_import(w: World, side: Side, *, ready: bool = False) -> int:
    who = w.acting.staff_id if w.acting else 1
    actor = Actor(who, "x", ())

    def maker() -> int:
        made = imports.upload(file_of(side), side.community.area_id, by=actor, at=clock.now())
        db.session.commit()
        if ready:
            imports.check(made, at=clock.now())
        return made

    return requested(maker)


def of_import(side_of, ready: bool = False, **kw):
    return lambda w: {"values": {"import_id": an_import(w, side_of(w), ready=ready)}, **kw}


def both(endpoint: str, method: str, request, **kw) -> Case:
    """A case whose request differs by side only."""
    return Case(
        endpoint, method, inside=lambda w: request(w.a), outside=lambda w: request(w.b), **kw
    )


def both_import(endpoint: str, method: str, ready: bool = False, more=None, **kw) -> Case:
    return Case(
        endpoint,
        method,
        inside=of_import(lambda w: w.a, ready, **(more or {})),
        outside=of_import(lambda w: w.b, ready, **(more or {})),
        **kw,
    )


def area_field(side: Side, **more) -> dict:
    return {"area_id": str(side.community.area_id), **more}


def new_area(side: Side) -> dict:
    grid = {"code": f"G{make.number()}", "name": "新网格", "level": "grid"}
    return {"json": {"parent_id": str(side.community.area_id), **grid}}


def new_site(side: Side) -> dict:
    body = {"code": f"NS{make.number()}", "name": "新点", "kind": "community"}
    return {"json": area_field(side, **body)}


def new_lab(side: Side) -> dict:
    return {"json": area_field(side, code=f"NL{make.number()}", name="新室", capacity=100)}


def spare_area(side: Side) -> int:
    return make.area("grid", side.community).area_id


def moved(side: Side) -> dict:
    there = make.area("community", side.street, name=f"{side.street.name}旁")
    return of_person(side, json={"community_id": str(there.area_id)})


ID = documents.normalise("resident_id", "11010519491231002X")
DOCS = [{"type": "resident_id", "number": ID.number}]
RENAMED = "改名"

API = [
    Case("registry_api.list_areas", inside=lambda w: {}),
    both("registry_api.add_area", "POST", new_area, stand=AT_COUNTY),
    Case(
        "registry_api.import_areas",
        "POST",
        inside=lambda w: {
            "data": {
                "file": (
                    io.BytesIO(b"code,name,parent,level,code12\n99,X,,province,990000000000\n"),
                    "a.csv",
                )
            }
        },
    ),
    both(
        "registry_api.change_area",
        "PATCH",
        lambda s: {"values": {"area_id": spare_area(s)}, "json": {"name": RENAMED}},
    ),
    both(
        "registry_api.close_area",
        "POST",
        lambda s: {"values": {"area_id": spare_area(s)}},
    ),
    Case("registry_api.list_sites", inside_marker=lambda w: ()),
    both("registry_api.add_site", "POST", new_site),
    both(
        "registry_api.change_site",
        "PATCH",
        lambda s: {"values": {"site_id": s.site.site_id}, "json": {"tables": 3}},
    ),
    both(
        "registry_api.close_site",
        "POST",
        lambda s: {"values": {"site_id": make.site(s.community).site_id}},
    ),
    Case("registry_api.list_labs"),
    both("registry_api.add_lab", "POST", new_lab),
    both(
        "registry_api.change_lab",
        "PATCH",
        lambda s: {"values": {"lab_id": s.lab.lab_id}, "json": {"capacity": 300}},
    ),
    Case("registry_api.list_rounds"),
    both("registry_api.draft_round", "POST", lambda s: {"json": round_body(s)}),
    both("registry_api.get_round", "GET", of_round("draft")),
    both("registry_api.edit_round", "PUT", cloned),
    both("registry_api.approve_round", "POST", of_round("draft")),
    both("registry_api.start_round", "POST", of_round("scheduled")),
    both("registry_api.extend_round", "POST", of_round("sampling", json={})),
    both("registry_api.stop_round", "POST", of_round("sampling")),
    both("registry_api.cancel_round", "POST", of_round("draft")),
    both("registry_api.clone_round", "POST", cloned),
    Case("registry_api.list_zones"),
    both("registry_api.add_zone", "POST", lambda s: {"json": zone_body(s)}),
    both("registry_api.end_zone", "POST", zone),
    both(
        "registry_api.search_persons",
        "POST",
        lambda s: {"json": area_field(s, name=name(s)), **(person(s) and {})},
        inside_marker=lambda w: [name(w.a)],
    ),
    both(
        "registry_api.lookup_persons",
        "POST",
        lambda s: {"json": area_field(s, documents=DOCS)},
    ),
    both(
        "registry_api.register_person",
        "POST",
        lambda s: {
            "json": {
                "community_id": str(s.community.area_id),
                "name": "新人",
                "type": "none",
                "room": str(make.number()),
            }
        },
    ),
    both("registry_api.get_person", "GET", of_person),
    both("registry_api.move_person", "POST", moved),
    both("registry_api.merge_person", "POST", merged),
    both("registry_api.decide_merge", "POST", lambda s: asked(s, json={"yes": True})),
    both(
        "registry_api.undo_merge", "POST", lambda s: asked(s, "done", json={"reason": "其实不是"})
    ),
    Case("registry_pages.list_merges", inside=waiting_merge),
    both("registry_pages.merge_form", "GET", of_person),
    both("registry_pages.find_twin", "POST", lambda s: of_person(s, data={"phone": "13800000001"})),
    both("registry_pages.compare_persons", "GET", sides),
    both("registry_pages.ask_merge", "POST", lambda s: sides(s, data={"reason": "同一个人"})),
    both("registry_pages.decide_merge", "POST", lambda s: asked(s, data={"do": "yes"})),
    both(
        "registry_pages.undo_merge", "POST", lambda s: asked(s, "done", data={"reason": "其实不是"})
    ),
    Case("registry_api.list_imports"),
    both("registry_api.upload_import", "POST", upload),
    both_import("registry_api.get_import", "GET"),
    both_import("registry_api.start_import", "POST", ready=True, more={"json": {}}),
    both_import("registry_api.cancel_import", "POST"),
    both_import("registry_api.list_import_faults", "GET"),
    both_import("registry_api.get_faulty_rows", "GET", ready=True),
    both(
        "registry_api.list_exemptions",
        "GET",
        lambda s: {"query_string": area_field(s)},
    ),
    both(
        "registry_api.add_exemption",
        "POST",
        lambda s: in_body(s, code="medical"),
    ),
    both("registry_api.end_exemption", "POST", exemption),
    Case("registry_api.list_exemption_codes", reason=PUBLIC_WORDS),
    Case("registry_api.list_cohorts", reason=PUBLIC_WORDS),
    both(
        "registry_api.put_in_cohort",
        "POST",
        lambda s: {
            "json": area_field(s, cohort="key", documents=DOCS, since=clock.now().isoformat())
        },
    ),
]


# --- pages ------------------------------------------------------------------------------------


def form(side: Side, **fields) -> dict:
    return {"data": {"area_id": str(side.community.area_id), **fields}}


def round_form(side: Side) -> dict:
    body = round_body(side)
    when = {"starts_at": "2026-11-22T06:00", "ends_at": "2026-11-22T16:00"}
    return {"data": {"name": body["name"], "area_ids": body["area_ids"], "kind": "mass", **when}}


def cloned_form(side: Side) -> dict:
    asked, given = cloned(side), round_form(side)["data"]
    return {"values": asked["values"], "data": {**given, "area_ids": asked["json"]["area_ids"]}}


def old_round(side: Side) -> dict:
    return {"values": {"round_id": a_round(side)}}


def site_form(**more) -> dict:
    return {"name": "点", "kind": "community", "tables": "2", **more}


PAGES = [
    Case("registry_pages.list_areas"),
    both(
        "registry_pages.add_area",
        "POST",
        lambda s: {
            "data": {
                "parent_id": str(s.community.area_id),
                "level": "5",
                "name": f"网格{make.number()}",
            }
        },
    ),
    both(
        "registry_pages.rename_area",
        "POST",
        lambda s: {"values": {"area_id": spare_area(s)}, "data": {"name": RENAMED}},
    ),
    both("registry_pages.close_area", "POST", lambda s: {"values": {"area_id": spare_area(s)}}),
    Case("registry_pages.import_areas", "POST", inside=API[2].inside),
    Case("registry_pages.list_sites"),
    Case("registry_pages.new_site"),
    both(
        "registry_pages.add_site",
        "POST",
        lambda s: form(s, **site_form(code=f"PS{make.number()}")),
    ),
    both(
        "registry_pages.show_site",
        "GET",
        lambda s: {"values": {"site_id": s.site.site_id}},
    ),
    both(
        "registry_pages.change_site",
        "POST",
        lambda s: {"values": {"site_id": s.site.site_id}, "data": site_form(name=s.site.name)},
    ),
    both(
        "registry_pages.close_site",
        "POST",
        lambda s: {"values": {"site_id": make.site(s.community).site_id}},
    ),
    Case("registry_pages.list_labs"),
    Case("registry_pages.new_lab"),
    both(
        "registry_pages.add_lab",
        "POST",
        lambda s: form(s, code=f"PL{make.number()}", name="室", capacity="100"),
    ),
    both("registry_pages.show_lab", "GET", lambda s: {"values": {"lab_id": s.lab.lab_id}}),
    both(
        "registry_pages.change_lab",
        "POST",
        lambda s: {
            "values": {"lab_id": s.lab.lab_id},
            "data": {"name": s.lab.name, "capacity": "900"},
        },
    ),
    Case("registry_pages.list_rounds"),
    Case("registry_pages.new_round"),
    both("registry_pages.draft_round", "POST", round_form),
    both("registry_pages.show_round", "GET", old_round),
    both("registry_pages.clone_form", "GET", old_round),
    both("registry_pages.clone_round", "POST", cloned_form),
    both("registry_pages.edit_form", "GET", old_round),
    both("registry_pages.edit_round", "POST", cloned_form),
    both("registry_pages.approve_round", "POST", of_round("draft")),
    both("registry_pages.start_round", "POST", of_round("scheduled")),
    both(
        "registry_pages.extend_round",
        "POST",
        of_round("sampling", data={"ends_at": "2027-01-01T10:00"}),
    ),
    both("registry_pages.stop_round", "POST", of_round("sampling")),
    both("registry_pages.cancel_round", "POST", of_round("draft")),
    Case("registry_pages.list_zones"),
    both("registry_pages.add_zone", "POST", lambda s: {"data": {**zone_body(s), "starts_at": ""}}),
    both("registry_pages.end_zone", "POST", zone),
    Case("registry_pages.choose_exemptions"),
    both(
        "registry_pages.list_exemptions",
        "GET",
        lambda s: {"values": {"area_id": s.community.area_id}},
    ),
    both("registry_pages.end_exemption", "POST", exemption),
    Case("registry_pages.list_imports"),
    both("registry_pages.upload_import", "POST", upload),
    both_import("registry_pages.show_import", "GET"),
    both_import("registry_pages.start_import", "POST", ready=True),
    both_import("registry_pages.cancel_import", "POST"),
    both_import("registry_pages.get_faulty_rows", "GET", ready=True),
    Case("registry_pages.find_form"),
    both(
        "registry_pages.find_persons",
        "POST",
        lambda s: form(s, name=name(s)) | (person(s) and {}),
        inside_marker=lambda w: [name(w.a)],
    ),
    both("registry_pages.show_person", "GET", of_person, inside_marker=lambda w: [name(w.a)]),
    both("registry_pages.exempt_person", "POST", lambda s: of_person(s, data={"code": "medical"})),
    both(
        "registry_pages.move_person",
        "POST",
        lambda s: of_person(
            s,
            data={
                "community_id": str(
                    make.area("community", s.street, name=f"{s.street.name}旁").area_id
                )
            },
        ),
    ),
    both("registry_pages.mark_person", "POST", lambda s: of_person(s, data={"flags": ["LEFT"]})),
]

CASES = API + PAGES
