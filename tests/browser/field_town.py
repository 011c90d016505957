"""A small town for tests of the field app: sites, people, staff with PINs, labels, one server.

    town.stop(); town.start()            # the server goes away and comes back on the same port
    town.enrol_code(practice=False, place=None)   # what the phone types; enrol_text() is its QR
    town.resident_code(town.people[3])   # R1 text; signed=True: R2
    town.tables().tubes                  # what the server holds now

`town.staff["sampler"]` has staff_no, password, pin, badge, name; roles: sampler, packer,
supervisor, courier, technician, worker. Person 0 is marked lane 2 (called back), person 1 has been
swabbed at the second site in this round (tube `town.done_tube`). Sixty people live two to a
household, ten to a building; they are called by `name`, have a `document` and a `phone`.
"""

from __future__ import annotations

import socket
import threading
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, NamedTuple

from flask import Flask
from werkzeug.serving import make_server

from screening import clock
from screening.accounts import devices as enrolment
from screening.accounts.roles import Actor, Role
from screening.db import db, insert, new_id, run
from screening.places.queries import TREE
from screening.places.rules import Place
from screening.registry import seals
from screening.registry.check_digits import gb11643
from screening.registry.documents import DocType, Document
from screening.registry.person_codes import make_resident_code
from screening.registry.queries import ROUNDS
from screening.registry.service.persons import ring
from screening.tube.codes import Kind, make_code, make_codes
from tests import devices, make, world

PASSWORD = "一路平安-2026-春"
PIN = "284917"
SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏"
GIVEN = ("一鸣", "二喜", "三省", "四维", "五福", "六顺")


class Resident(NamedTuple):
    """`cell` and `person` name the row; `document` is the whole made-up number."""

    cell: int
    person: int
    name: str
    document: str
    phone: str
    household: int
    building: str
    room: str


class Worker(NamedTuple):
    staff_id: int
    staff_no: str
    name: str
    role: str
    password: str
    pin: str
    badge: str


class Tables(NamedTuple):
    """What the server holds. Rows are dictionaries by column."""

    tubes: dict[str, dict]
    specimens: list[dict]
    tickets: list[dict]
    batches: list[dict]
    journals: list[dict]
    parked: list[dict]


@dataclass
class FieldTown:
    """`tubes`, `boxes`, `seals` are printed numbers nobody has used yet."""

    app: Flask
    round_id: int
    site: make.MadeSite
    other_site: make.MadeSite
    lab: make.MadeLab
    people: list[Resident]
    staff: dict[str, Worker]
    tubes: list[str]
    boxes: list[str]
    seals: list[str]
    done_tube: str
    port: int
    _server: Any = None
    _thread: threading.Thread | None = None
    _taken: dict[str, int] = field(default_factory=dict)

    # --- the server ---------------------------------------------------------------------------

    @property
    def url(self) -> str:
        """localhost: a secure context without a certificate."""
        return f"http://localhost:{self.port}"

    @property
    def running(self) -> bool:
        return self._server is not None

    def start(self) -> None:
        """Serve on the town's own port; nothing happens when it runs already."""
        if self._server is not None:
            return
        self._server = make_server("localhost", self.port, self.app, threaded=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.daemon = True
        self._thread.start()

    def stop(self) -> None:
        """The port refuses connections from now on."""
        if self._server is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = self._thread = None

    # --- what one takes along -----------------------------------------------------------------

    def enrol_code(self, *, practice: bool = False, place: Any = None, uses: int = 1) -> str:
        """A fresh code for a phone of `place` (the first site unless said)."""
        at: Place = (place or self.site).place
        with self.app.test_request_context():
            who = self.staff["supervisor"]
            code = enrolment.make_enrol_code(
                Actor(who.staff_id, who.staff_no, ()), at, uses=uses, practice=practice
            )
            db.session.commit()
            db.session.remove()
        return code

    def enrol_text(self, **kw: Any) -> str:
        """The text of the QR that a supervisor shows."""
        return f"{self.url}/field/#enrol={self.enrol_code(**kw)}"

    def site_code(self, site: make.MadeSite | None = None) -> str:
        return make_code(Kind.SITE, (site or self.site).site_id)

    def resident_code(self, person: Resident | int, *, signed: bool = False) -> str:
        """A person's printed code; a number means the i-th of `people`."""
        one = self.people[person] if isinstance(person, int) else person
        if not signed:
            return make_resident_code(one.cell, one.person)
        from screening.registry.code_keys import sign_code

        with self.app.app_context():
            return sign_code(one.cell, one.person, one.name, at=clock.now())

    def fresh(self, kind: str = "tubes") -> str:
        """The next unused number of `tubes`, `boxes` or `seals`."""
        i = self._taken.get(kind, 0)
        self._taken[kind] = i + 1
        return getattr(self, kind)[i]

    # --- what the server holds ----------------------------------------------------------------

    def tables(self) -> Tables:
        with self.app.app_context():
            held = Tables(
                {t["barcode"]: t for t in _rows("tube")}, _rows("specimen"), _rows("ticket"),
                _rows("batch"), _rows("journal"), _rows("parked"),
            )  # fmt: skip
            db.session.rollback()
            db.session.remove()
        return held

    def names_in(self, tube: str) -> list[str]:
        """Names of the live specimens of a tube, by seat."""
        known = {p.person: p.name for p in self.people}
        inside = [s for s in self.tables().specimens if s["barcode"] == tube and not s["void"]]
        return [known.get(s["person_id"], "?") for s in sorted(inside, key=lambda s: s["seat"])]


def _rows(table: str) -> list[dict]:
    from screening.db import raw

    with raw().cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} /* fan-out: test */")  # type: ignore[arg-type]
        names = [c.name for c in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor]


# --- building it ----------------------------------------------------------------------------


def build(app: Flask) -> FieldTown:
    """The town, committed; its server does not run yet. Needs an empty database."""
    with app.test_request_context():
        street = make.area("street", make.area("county"))
        communities = [make.area("community", street) for _ in range(2)]
        sites = [make.site(c, name=n) for c, n in zip(communities, SITES, strict=True)]
        lab = make.lab(communities[0], name="一号检测室")
        round_id = world.start_round([street])
        people = _people(communities[0])
        tubes, boxes, seals_ = _labels(sites[0])
        staff = _staff(sites[0], lab, communities[0])
        TREE.forget()
        ROUNDS.forget()
        run(
            "UPDATE person SET lane = 2 WHERE cell_id = %s AND person_id = %s",
            (people[0].cell, people[0].person),
        )
        db.session.commit()
        town = FieldTown(
            app, round_id, sites[0], sites[1], lab, people, staff, tubes[:-1], boxes, seals_,
            tubes[-1], _free_port(),
        )  # fmt: skip
        _swabbed(town)
        db.session.commit()
        db.session.remove()
    return town


SITES = ("东门采样点", "西门采样点")


def _people(community: make.MadeArea) -> list[Resident]:
    keys, out, rows = ring(), [], []
    buildings = [make.area("building", community, name=f"{i}号楼") for i in range(1, 7)]
    homes = [new_id() for _ in range(30)]
    for i in range(60):
        home, building = homes[i // 2], buildings[i // 10]
        name = SURNAMES[i // 2] + GIVEN[i % 6]
        digits = f"110105{1950 + i}0{1 + i % 9}1{i % 10}{i:03d}"
        number, phone = digits + gb11643(digits), f"138000{10000 + i}"
        room = f"{1 + i % 10 // 2}01"
        one = Resident(community.cell_id, new_id(), name, number, phone, home, building.name, room)
        rows.append(_person_row(keys, one, community, building))
        out.append(one)
    insert("person", PERSON, rows)
    insert("person_key", ("doc_hash", "person_id", "cell_id"), [(r[6], r[1], r[0]) for r in rows])
    phones = [(seals.phone_hash(keys, p.phone), p.cell, p.person) for p in out]
    insert("phone_key", ("phone_hash", "cell_id", "person_id"), phones)
    return out


PERSON = (
    "cell_id", "person_id", "community_id", "household_id", "building_id", "doc_type", "doc_hash",
    "name_hash", "last4_hash", "sealed", "flags", "lane", "created_at",
)  # fmt: skip


def _person_row(keys: Any, one: Resident, community: Any, building: Any) -> tuple:
    details = seals.Details(one.name, one.document, "CHN", one.phone, "1", one.room)
    kind = DocType.RESIDENT_ID
    return (
        one.cell, one.person, community.area_id, one.household, building.area_id,
        seals.DOC_CODES[kind], seals.doc_hash(keys, Document(kind, one.document)),
        seals.name_hash(keys, one.name), seals.last4_hash(keys, one.document[-4:]),
        seals.seal_person(keys, details), 0, 0, clock.now(),
    )  # fmt: skip


def _labels(site: make.MadeSite) -> tuple[list[str], list[str], list[str]]:
    out = []
    for kind, count in ((Kind.TUBE, 120), (Kind.BOX, 10), (Kind.SEAL, 30)):
        first, run_id = make.number() * 1000, new_id()
        columns = ("run_id", "kind", "first", "count", "site_id", "made_at", "practice")
        insert("label_run", columns,
               [(run_id, kind.word, first, count, site.site_id, clock.now(), False)])  # fmt: skip
        numbers = make_codes(kind, range(first, first + count))
        if kind is Kind.TUBE:
            insert("tube_key", ("barcode", "run_id", "state"), [(n, run_id, 0) for n in numbers])
        out.append(numbers)
    return out[0], out[1], out[2]


def _staff(site: Any, lab: Any, community: Any) -> dict[str, Worker]:
    wanted = (
        ("sampler", Role.SAMPLER, site, "白露"), ("packer", Role.PACKER, site, "谷雨"),
        ("supervisor", Role.SITE_SUPERVISOR, site, "立春"), ("courier", Role.COURIER, None, "惊蛰"),
        ("technician", Role.LAB_TECHNICIAN, lab, "寒露"),
        ("worker", Role.COMMUNITY_WORKER, community, "小满"),
    )  # fmt: skip
    out = {}
    for word, role, at, name in wanted:
        made = make.staff(role, at, password=PASSWORD, pin=PIN, name=name)
        badge = make_code(Kind.BADGE, made.staff_id)
        out[word] = Worker(made.staff_id, made.staff_no, name, role.value, PASSWORD, PIN, badge)
    return out


def _swabbed(town: FieldTown) -> None:
    """Person 1 stood at the second site before."""
    phone = devices.phone(
        site=town.other_site, staff=town.staff["sampler"].staff_id, round=town.round_id
    )
    phone.fill(town.done_tube, [town.resident_code(1)])
    answer = phone.send(town.app.test_client())
    assert answer.status_code == 200 and not answer.json["parked"], answer.json


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


# --- a scanner that types -------------------------------------------------------------------

_SHIFTED = {
    "~": "Backquote", ":": "Semicolon", "#": "Digit3", "_": "Minus", "|": "Backslash",
    "<": "Comma",
}  # fmt: skip
_PLAIN = {
    ".": "Period", "-": "Minus", "/": "Slash", "=": "Equal", " ": "Space", ",": "Comma",
    ";": "Semicolon", "`": "Backquote", "\\": "Backslash",
}  # fmt: skip


def key_of(char: str) -> tuple[str, bool]:
    """(`code`, shift) of the key that types a character on a US keyboard."""
    if char in "\r\n":
        return "Enter", False
    if char == "\t":
        return "Tab", False
    if char.isascii() and char.isalpha():
        return f"Key{char.upper()}", char.isupper()
    if char.isascii() and char.isdigit():
        return f"Digit{char}", False
    if char in _SHIFTED:
        return _SHIFTED[char], True
    return _PLAIN[char], False


def type_scan(page: Any, text: str, gap_ms: float = 0, *, end: str = "\n") -> None:
    """What a scanner in keyboard mode does, Enter at the end; the shift key stays down from one
    capital to the next, as one word to the browser for each run is a quarter of the time."""
    if gap_ms or not (text + end).isascii():
        return type_keys(page, text, gap_ms, end=end)
    for shift, chars in groupby(text + end, lambda char: key_of(char)[1]):
        if shift:
            page.keyboard.down("ShiftLeft")
        page.keyboard.type("".join(chars))
        if shift:
            page.keyboard.up("ShiftLeft")
    return None


def type_keys(page: Any, text: str, gap_ms: float = 0, *, end: str = "\n") -> None:
    """One key after the other, each capital with a shift of its own."""
    for char in text + end:
        code, shift = key_of(char)
        if shift:
            page.keyboard.down("ShiftLeft")
        page.keyboard.press(code)
        if shift:
            page.keyboard.up("ShiftLeft")
        if gap_ms:
            page.wait_for_timeout(gap_ms)
