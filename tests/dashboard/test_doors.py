"""Whoever signs in may press every link of every page: no page shows a door that does not open."""

from __future__ import annotations

import re
from collections import Counter, deque
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

from screening.accounts.roles import Role
from screening.db import db, run
from screening.places import queries as places
from tests import make
from tests.dashboard.test_command import area_of, county, day  # noqa: F401

LINK = re.compile(r'\s(?:href|data-poll)="([^"]+)"')
OURSELVES = "http://localhost"
APART = ("/static/", "/sign-out", "/field/")
NO_FILE = re.compile(r"/runs/\d+(/curves)?$")  # the runs of this day have no file behind them


class Walker:
    """Follows the links of pages, breadth first, one address of each shape."""

    def __init__(self, client: Any, head: dict[str, str]) -> None:
        self.client, self.head = client, {**head, "Accept": "text/html"}
        self.shapes: Counter[str] = Counter()
        self.shut: list[str] = []

    def walk(self) -> None:
        waiting = deque([("/", "")])
        while waiting:
            path, before = waiting.popleft()
            r = self.client.get(path, headers=self.head)
            if r.status_code >= 400:
                self.shut.append(f"{r.status_code} {path} on {before}")
            text = r.data.decode() if r.mimetype == "text/html" else r.data and ""
            for href in LINK.findall(text):
                if (found := self.fresh(urljoin(OURSELVES + path, unescape(href)))) is not None:
                    waiting.append((found, path))
            if 300 <= r.status_code < 400:
                waiting.append((urljoin(path, r.headers["Location"]), path))

    def fresh(self, address: str) -> str | None:
        """The path of an own page of a shape that was not seen yet: numbers count as alike."""
        url = urlsplit(address)
        if (
            not address.startswith(f"{OURSELVES}/")
            or url.path.startswith(APART)
            or NO_FILE.search(url.path)
        ):
            return None
        shape = re.sub(r"\d+|[0-9a-f]{16,}", "#", url.path) + ",".join(sorted(parse_qs(url.query)))
        self.shapes[shape] += 1
        if self.shapes[shape] > 1:
            return None
        return f"{url.path}?{url.query}" if url.query else url.path


def heads(day) -> dict[str, make.MadeStaff]:  # noqa: F811
    """People of one county in a round that the city runs, and those above and below."""
    site = day.city.sites[0]
    city = next(n for n in places.TREE.get().by_id.values() if n.level == 1)
    run("UPDATE round_area SET area_id = %s WHERE round_id = %s", (city.area_id, day.city.round_id))
    return {
        "district head": make.staff(Role.DISTRICT_HEAD, area_of(county(day))),
        "street head": make.staff(Role.DISTRICT_HEAD, area_of(site.cell_id)),
        "community worker": make.staff(Role.COMMUNITY_WORKER, site.area),
        "dispatcher": make.staff(Role.DISPATCHER),
        "head of a laboratory": make.staff(Role.LAB_REVIEWER, day.city.lab),
    }


def test_no_page_shows_a_door_that_does_not_open(client, day):  # noqa: F811
    people = heads(day)
    db.session.commit()
    shut = {}
    for name, who in people.items():
        walker = Walker(client, make.sign_in(client, who))
        db.session.commit()
        walker.walk()
        assert len(walker.shapes) > 20, f"{name} saw {len(walker.shapes)} kinds of pages"
        shut[name] = walker.shut
    assert not any(shut.values()), shut
