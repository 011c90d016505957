"""Inbound lists: who sends them in, who answers for a line."""

from __future__ import annotations

import io

from screening import clock
from screening.inbound import queries
from screening.inbound.queries import Asked
from screening.inbound.service import lists
from screening.inbound.service.lists import Told
from screening.places.queries import TREE, find_area
from tests import make
from tests.access import Case, Side, World
from tests.inbound.files import table


def a(w: World) -> Side:
    return w.a


def b(w: World) -> Side:
    return w.b


def checked(side: Side) -> int:
    """A list for the county with one person for the community, of whom nobody knows."""
    TREE.forget()
    file = table(
        [f"{side.site.name}人", "", f"138{make.number():08d}", side.community.code, "", ""]
    )
    told = Told("companion", f"{side.county.name}名单", "", side.county.area_id, clock.now())
    return lists.upload(file, told, by=1, at=clock.now())


def taken(side: Side) -> int:
    made = checked(side)
    lists.take_over(made, by=1, at=clock.now())
    return made


def one(side_of, **kw):
    def request(w: World) -> dict:
        made = taken(side_of(w))
        node = find_area(side_of(w).county.area_id)
        assert node is not None
        (item,) = queries.list_items(node, Asked(list_id=made), at=clock.now())
        return {"values": {"item_id": item.item_id}, **kw}

    return request


def of_list(side_of, make_list, **kw):
    return lambda w: {"values": {"list_id": make_list(side_of(w))}, **kw}


def asked(side_of, **query):
    def request(w: World) -> dict:
        taken(side_of(w))
        return {"query_string": {"area": side_of(w).community.area_id, **query}}

    return request


def in_area(side_of):
    def request(w: World) -> dict:
        taken(side_of(w))
        return {"values": {"area_id": side_of(w).community.area_id}}

    return request


def upload(side_of):
    def request(w: World) -> dict:
        TREE.forget()
        file = table(["某人", "", f"139{make.number():08d}", "", "", ""])
        return {"data": {"area_id": str(side_of(w).county.area_id), "kind": "stay",
                         "title": "名单", "file": (io.BytesIO(file), "list.csv")}}  # fmt: skip

    return request


def onward(side_of, key: str):
    def request(w: World) -> dict:
        return {**one(side_of)(w), key: {"to_area_id": str(side_of(w).community.area_id)}}

    return request


def both(w: World) -> dict:
    w.once("lists", lambda: [taken(w.a), taken(w.b)])
    return {}


CASES = [
    Case("inbound_api.upload_list", "POST", ok=201, inside=upload(a), outside=upload(b)),
    Case("inbound_api.get_list", inside=of_list(a, taken), outside=of_list(b, taken)),
    Case("inbound_api.start_list", "POST", inside=of_list(a, checked),
         outside=of_list(b, checked)),
    Case("inbound_api.discard_list", "POST", ok=204, inside=of_list(a, checked),
         outside=of_list(b, checked)),
    Case("inbound_api.list_items", inside=asked(a), outside=asked(b)),
    Case("inbound_api.get_sums", inside=asked(a), outside=asked(b)),
    Case("inbound_api.take_item", "POST", ok=204, inside=one(a, json={}), outside=one(b, json={})),
    Case("inbound_api.dispose_item", "POST", ok=204, inside=one(a, json={"outcome": "told"}),
         outside=one(b, json={"outcome": "told"})),
    Case("inbound_api.undo_item", "POST", ok=204, inside=one(a, json={"key": "phone-0001"}),
         outside=one(b, json={"key": "phone-0001"})),
    Case("inbound_api.assign_item", "POST", ok=204, inside=onward(a, "json"),
         outside=onward(b, "json")),
    Case("inbound_pages.home", inside=both),
    Case("inbound_pages.upload_list", "POST", ok=303, inside=upload(a), outside=upload(b)),
    Case("inbound_pages.show_list", inside=of_list(a, taken), outside=of_list(b, taken)),
    Case("inbound_pages.start_list", "POST", ok=303, inside=of_list(a, checked),
         outside=of_list(b, checked)),
    Case("inbound_pages.discard_list", "POST", ok=303, inside=of_list(a, checked),
         outside=of_list(b, checked)),
    Case("inbound_pages.in_area", inside=in_area(a), outside=in_area(b),
         inside_marker=lambda w: [w.a.community.name]),
    Case("inbound_pages.show_item", inside=one(a), outside=one(b)),
    Case("inbound_pages.act_item", "POST", ok=303, inside=one(a, data={"do": "take"}),
         outside=one(b, data={"do": "take"})),
    Case("inbound_pages.assign_item", "POST", ok=303, inside=onward(a, "data"),
         outside=onward(b, "data")),
    Case("inbound_pages.register_item", "POST", ok=303, inside=one(a), outside=one(b)),
]  # fmt: skip
