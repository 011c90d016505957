"""A town at noon whose people have phones, and a gateway on a real socket that can misbehave."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from screening import clock
from screening.accounts.roles import Actor, Role, Scope
from screening.db import db, insert, new_id, run
from screening.i18n import ZONE
from screening.places.queries import TREE
from screening.registry import seals
from screening.registry.person_codes import make_resident_code
from screening.registry.service.persons import ring
from screening.reminders import waves, writing
from screening.reminders.channels import Answer, Channel, Fate
from tests import make, world

FIELDS = {
    "reason": "本轮采样尚未登记到您的记录", "rule": "请在今天二十点前到点采样", "place": "社区广场",
    "hours": "8点至20点", "phone": "0351-7000000",
}  # fmt: skip


def at_noon() -> None:
    """Domain time is a noon of Shanghai, and runs on from there."""
    real = clock.real_now()
    noon = real.astimezone(ZONE).replace(hour=12, minute=0, second=0, microsecond=0)
    clock.configure(f"{noon.isoformat()}/{real.isoformat()}/1")


def person(
    community: Any,
    name: str,
    phone: str | None,
    *,
    household: int | None = None,
    building: Any = None,
    room: str = "101",
) -> tuple[int, int, str]:
    """One registered person: (cell, person_id, resident code)."""
    keys, person_id = ring(), new_id()
    details = seals.Details(name, f"MADE{person_id}", None, phone, "1", room)
    row = (
        community.cell_id, person_id, community.area_id, household,
        building.area_id if building else None, 6, b"%16x" % person_id,
        seals.name_hash(keys, name), seals.seal_person(keys, details), 0, 0,
        clock.now() - timedelta(days=30),
    )  # fmt: skip
    columns = (
        "cell_id", "person_id", "community_id", "household_id", "building_id", "doc_type",
        "doc_hash", "name_hash", "sealed", "flags", "lane", "created_at",
    )  # fmt: skip
    insert("person", columns, [row])
    if phone:
        insert(
            "phone_key", ("phone_hash", "cell_id", "person_id"),
            [(seals.phone_hash(keys, phone), community.cell_id, person_id)],
        )  # fmt: skip
    return community.cell_id, person_id, make_resident_code(community.cell_id, person_id)


@dataclass
class Town:
    """Two communities, each with a site whose one phone has ended its shift."""

    city: world.City
    head: Actor
    phones: list[Any] = field(default_factory=list)

    @property
    def county(self) -> int:
        return int(self.city.sites[0].area.path.strip("/").split("/")[-3])

    @property
    def communities(self) -> list[Any]:
        return [s.area for s in self.city.sites]

    def draft(self, area: int | None = None, template: str = "missed", **values: str) -> int:
        wave = waves.draft(
            self.city.round_id, area or self.county, template, {**FIELDS, **values},
            by=self.head, at=clock.now(),
        )  # fmt: skip
        return wave.wave_id

    def wave(self, **kw: Any) -> int:
        """A wave written out, ready to be sent."""
        wave_id = self.draft(**{k: v for k, v in kw.items() if k != "include_silent"})
        waves.start(
            wave_id, include_silent=kw.get("include_silent", False), by=self.head, at=clock.now()
        )
        db.session.commit()
        writing.write_out(wave_id, now=clock.now)
        return wave_id

    def sample(self, client: Any, codes: list[str], site: int = 0) -> None:
        """These persons are swabbed now; the phone then ends its shift again."""
        db.session.commit()
        phone = self.phones[site]
        phone.fill(self.city.tube(), codes)
        phone.write("shift_end", n=len(phone.entries) + 1)
        r = phone.send(client)
        assert r.status_code == 200 and not r.json["parked"], r.json


def build(client: Any) -> Town:
    city = world.city(streets=2, persons=0)
    TREE.forget()
    head = make.staff(Role.DISTRICT_HEAD)
    place = make.place_of(None)
    town = Town(city, Actor(head.staff_id, head.staff_no, (Scope(Role.DISTRICT_HEAD, place),)))
    for i in range(2):
        phone = city.phone(i)
        phone.write("shift_end", n=1)
        assert phone.send(client).status_code == 200
        town.phones.append(phone)
    return town


@dataclass
class Box(Channel):
    """A channel that keeps what it was given; `then` runs after each message, as the world goes
    on; `answer` is what it says."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)
    parts: list[dict[str, str]] = field(default_factory=list)
    then: Any = None
    answer: Answer = field(default_factory=lambda: Answer(Fate.SENT))
    honours_keys: bool = True
    per_second: int = 1000

    name = "box"

    def send(self, key: str, phone: str, text: str, parts: Any = None) -> Answer:
        self.sent.append((key, phone, text))
        self.parts.append(dict(parts or {}))
        if self.then:
            self.then(phone)
        return self.answer


class Gateway:
    """A real HTTP server. `plan` is what it does with each request in turn: a status, "slow" (it
    takes the message and answers too late), "cut" (it takes it and hangs up); then it answers 200.

    One that `honours` keys tells a repeat and delivers no twice; `told` is what reached phones."""

    def __init__(self, *plan: int | str, honours: bool = True) -> None:
        self.plan, self.honours, self.heard = list(plan), honours, []
        self.told: list[tuple[str, dict[str, str]]] = []
        self.states: dict[str, str] = {}
        gateway = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                gateway.answer(self, json.loads(self.rfile.read(size)))

            def do_GET(self) -> None:
                state = gateway.states.get(self.path.rpartition("/")[2])
                said = json.dumps({"state": state}).encode() if state else b""
                self.send_response(200 if state else 404)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *a: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))

    @property
    def kept(self) -> dict[str, dict[str, str]]:
        return dict(self.told)

    def answer(self, request: BaseHTTPRequestHandler, body: dict[str, str]) -> None:
        key = request.headers["Idempotency-Key"]
        self.heard.append((key, request.headers.get("Authorization"), body))
        step = self.plan.pop(0) if self.plan else 200
        known = self.honours and key in self.kept
        if step in ("slow", "cut", 200) and not known:
            self.told.append((key, body))
        if step == "cut":
            request.close_connection = True
            return
        if step == "slow":
            time.sleep(0.6)
        status = 409 if known else 200 if step == "slow" else int(step)
        try:
            request.send_response(status)
            request.send_header("Content-Length", "0")
            request.end_headers()
        except OSError:
            pass

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/sms"

    def __enter__(self) -> Gateway:
        self.thread.start()
        return self

    def __exit__(self, *a: Any) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


def make_due(at: datetime) -> None:
    """What waits for a later try is due at `at`."""
    run("UPDATE outbox SET due_at = %s WHERE state = 0 /* fan-out: test */", (at,))
    db.session.commit()
