"""Label runs, patterns, prints: who gives numbers out, who takes them back."""

from __future__ import annotations

from screening import clock
from screening.tube import label_queries
from screening.tube.service import label_runs, label_stock
from tests import make
from tests.access import Case, Side, World


def run_at(side: Side) -> int:
    return label_runs.make_run("tube", 3, side.site.site_id, by=1, at=clock.now()).run_id


def run_of(side: Side, **kw) -> dict:
    return {"values": {"run_id": run_at(side)}, **kw}


def returned(side: Side, kind: str = "json") -> dict:
    run_id = run_at(side)
    first, *_, last = label_runs.numbers_of(label_queries.get_run(run_id))
    body = {"what": "returned", "first": first, "last": last}
    return {"values": {"run_id": run_id}, kind: body}


def wanted(side: Side, kind: str = "json") -> dict:
    return {kind: {"kind": "tube", "count": 3, "site_id": side.site.site_id}}


def pattern(**kw) -> int:
    return label_stock.save_pattern(
        f"外厂{make.number()}", "tube", "AB[0-9]{8}", length=None, check=None, by=1,
        at=clock.now(),
    )  # fmt: skip


def stock(side: Side, kind: str = "json") -> dict:
    n = make.number() * 10
    return {kind: {"pattern_id": pattern(), "site_id": side.site.site_id,
                   "first": f"AB{n:08d}", "last": f"AB{n + 3:08d}"}}  # fmt: skip


def new_pattern(kind: str = "json") -> dict:
    return {kind: {"name": f"外厂{make.number()}", "kind": "tube", "regex": "CD[0-9]{6}"}}


def one_pattern(w: World) -> dict:
    return {"values": {"pattern_id": pattern()}}


def both_runs(w: World) -> dict:
    w.once("label runs", lambda: [run_at(w.a), run_at(w.b)])
    return {}


def nurses(w: World) -> None:
    w.once("nurses", lambda: [make.staff("sampler", s.site) for s in (w.a, w.b)])


def badges(side: Side, w: World) -> dict:
    nurses(w)
    return {"values": {"site_id": side.site.site_id}}


def lab_badges(side: Side, w: World) -> dict:
    w.once("technicians", lambda: [make.staff("lab_technician", s.lab) for s in (w.a, w.b)])
    return {"values": {"lab_id": side.lab.lab_id}}


def residents(side: Side) -> dict:
    from tests import world

    found = world.people(side.community, 2)
    ids = [p for _, p, _ in found]
    return {"json": {"community_id": side.community.area_id, "person_ids": ids}}


def walk(endpoint: str, request, **kw) -> Case:
    method = kw.pop("method", "GET")
    return Case(
        endpoint, method, inside=lambda w: request(w.a), outside=lambda w: request(w.b), **kw
    )


CASES = [
    Case("tube_api.list_runs", inside=both_runs, inside_marker=lambda w: [w.a.site.name]),
    walk("tube_api.make_run", wanted, method="POST", ok=201),
    walk("tube_api.register_stock", stock, method="POST", ok=201),
    walk("tube_api.get_run", run_of),
    walk("tube_api.get_ledger", run_of),
    walk("tube_api.move_labels", returned, method="POST"),
    walk("tube_api.print_pdf", run_of),
    walk("tube_api.print_zpl", run_of),
    walk("tube_api.print_tspl", run_of),
    Case("tube_api.list_patterns", reason="everybody who scans must know how labels look"),
    Case("tube_api.save_pattern", "POST", inside=lambda w: new_pattern(), ok=201),
    Case("tube_api.retire_pattern", "POST", inside=one_pattern, ok=204),
    Case("tube_api.print_badges", inside=lambda w: badges(w.a, w),
         outside=lambda w: badges(w.b, w)),
    Case("tube_api.print_lab_badges", inside=lambda w: lab_badges(w.a, w),
         outside=lambda w: lab_badges(w.b, w)),
    Case("tube_api.print_site_sheet", inside=lambda w: badges(w.a, w),
         outside=lambda w: badges(w.b, w)),
    walk("tube_api.print_resident_codes", residents, method="POST"),
    # pages
    Case("tube_pages.label_runs", inside=both_runs, inside_marker=lambda w: [w.a.site.name]),
    walk("tube_pages.make_run", lambda s: wanted(s, "data"), method="POST", ok=303),
    walk("tube_pages.register_stock", lambda s: stock(s, "data"), method="POST", ok=303),
    walk("tube_pages.run", run_of),
    walk("tube_pages.move_labels", lambda s: returned(s, "data"), method="POST", ok=303),
    Case("tube_pages.list_patterns"),
    Case("tube_pages.save_pattern", "POST", inside=lambda w: new_pattern("data"), ok=303),
    Case("tube_pages.retire_pattern", "POST", inside=one_pattern, ok=303),
]  # fmt: skip
