"""Result lists of laboratories with their own system: who may do what where."""

from __future__ import annotations

import io

from screening import clock
from screening.db import run
from screening.lab.service import result_lists
from tests.access import Case, Side, World
from tests.access_cases.lab import both, sides, tube_at


def own_lis(side: Side) -> int:
    run("UPDATE lab SET own_lis = true WHERE lab_id = %s", (side.lab.lab_id,))
    return side.lab.lab_id


def data(side: Side) -> bytes:
    return f"管码,结果\n{tube_at(side)},阳性\n".encode()


def at_lab(side: Side, **kw) -> dict:
    return {"values": {"lab_id": own_lis(side)}, **kw}


def upload(side: Side) -> dict:
    return at_lab(side, data={"file": (io.BytesIO(data(side)), "results.csv")})


def previewed(side: Side):
    return result_lists.preview(own_lis(side), data(side), by=1, at=clock.now()).run


def of_list(side: Side, name: str = "list_id", **kw) -> dict:
    made = previewed(side)
    return {"values": {"lab_id": made.lab_id, name: made.run_id}, **kw}


def page_of_list(side: Side, **kw) -> dict:
    return of_list(side, "run_id", **kw)


def template(side: Side) -> dict:
    tube_at(side)
    return at_lab(side)


def template_page(side: Side) -> dict:
    return {"values": {"lab_id": own_lis(side), "form": "csv"}}


def other_lists(w: World) -> list[str]:
    return [str(r.run_id) for r in w.once("lists", list)[1:]]


API = [
    Case("lab_api.result_lists.list_lists", inside=both("lists", previewed),
         outside_marker=other_lists),
    Case("lab_api.result_lists.get_template", **sides(template)),
    Case("lab_api.result_lists.preview_list", "POST", ok=201, **sides(upload)),
    Case("lab_api.result_lists.get_list", **sides(of_list)),
    Case("lab_api.result_lists.confirm_list", "POST", **sides(of_list, json={"seen_open": True})),
    Case("lab_api.result_lists.discard_list", "DELETE", ok=204, **sides(of_list)),
]  # fmt: skip

PAGES = [
    Case("lab_pages.result_lists", **sides(at_lab)),
    Case("lab_pages.result_template", **sides(template_page)),
    Case("lab_pages.upload_list", "POST", ok=303, **sides(upload)),
    Case("lab_pages.result_list", **sides(page_of_list)),
    Case("lab_pages.confirm_list", "POST", ok=303,
         **sides(page_of_list, data={"seen_open": "1"})),
    Case("lab_pages.discard_list", "POST", ok=303, **sides(page_of_list)),
]  # fmt: skip

CASES = API + PAGES
