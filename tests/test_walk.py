"""The chain from printed label to the resident's look-up, over HTTP alone, as people walk it."""

from __future__ import annotations

import io
import json
import secrets
from types import SimpleNamespace
from typing import Any

import pytest

from screening import clock, crypto, jobs
from screening.accounts.roles import Role
from screening.db import db
from screening.lab.service import rule_sets
from screening.ledger.commands import group as ledger
from screening.tube.codes import Kind, make_code
from screening.tube.rules import Stage
from tests import devices, make, world
from tests.lab.bench import HOT, run_file

PASSWORD, PIN = "right horse battery 7", "284917"


class Walk:
    """A small city whose round is sampling; from here on everything goes through the door."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.city = world.city(streets=1, persons=24)
        self.site, self.lab = self.city.sites[0], self.city.lab
        self.batches = 0
        rule_sets.ensure_defaults(at=clock.now())
        self.staff = {
            "dispatcher": self.hire(Role.DISPATCHER),
            "supervisor": self.hire(Role.SITE_SUPERVISOR, self.site),
            "sampler": self.hire(Role.SAMPLER, self.site),
            "manager": self.hire(Role.ADMINISTRATOR),
            "technician": self.hire(Role.LAB_TECHNICIAN, self.lab),
            "reviewer": self.hire(Role.LAB_REVIEWER, self.lab),
            "second": self.hire(Role.LAB_REVIEWER, self.lab),
            "worker": self.hire(Role.COMMUNITY_WORKER, self.site.area),
        }
        db.session.commit()
        self.heads = {name: self.sign_in(who) for name, who in self.staff.items()}

    def hire(self, role: Role, at: Any = None) -> make.MadeStaff:
        return make.staff(role, at, password=PASSWORD, pin=PIN)

    def sign_in(self, who: make.MadeStaff) -> dict[str, str]:
        body = {"number": who.staff_no, "password": PASSWORD}
        r = self.client.post("/api/v1/session", json=body)
        assert r.status_code == 201, r.json
        return {"Authorization": f"Bearer {r.json['token']}"}

    def ask(self, who: str, path: str, status: int = 200, **query: Any) -> Any:
        r = self.client.get(f"/api/v1{path}", headers=self.heads[who], query_string=query)
        assert r.status_code == status, r.text
        return r.json if r.is_json else r.text

    def tell(self, who: str, path: str, body: Any = None, status: int = 200, **kw: Any) -> Any:
        if body is not None:
            kw["json"] = body
        r = self.client.post(f"/api/v1{path}", headers=self.heads[who], **kw)
        assert r.status_code == status, r.text
        return r.json

    # --- before the round -------------------------------------------------------------------

    def labels(self, kind: str, count: int) -> list[str]:
        body = {"kind": kind, "count": count, "site_id": self.site.site_id}
        made = self.tell("dispatcher", "/label-runs", body, 201)
        printed = self.client.get(
            f"/api/v1/label-runs/{made['run_id']}/zpl", headers=self.heads["dispatcher"]
        )
        codes = [make_code(Kind[kind.upper()], made["first"] + i) for i in range(count)]
        assert all(c in printed.text for c in codes)
        return codes

    def enrol(self, **place: int) -> devices.Phone:
        """A phone with a key of its own, enrolled by the code that its place gives out."""
        by = "supervisor" if "site_id" in place else "manager"
        code = self.tell(by, "/enrol-codes", place, 201)["code"]
        key = crypto.new_device_key()
        public = crypto.b64(crypto.public_bytes(key.public_key()))
        body = {"code": code, "name": "phone", "public_key": public}
        r = self.client.post("/api/v1/devices", json=body)
        assert r.status_code == 201, r.json
        return devices.Phone(
            int(r.json["device_id"]), key, self.staff["sampler"].staff_id, self.city.round_id,
            place.get("site_id"), place.get("lab_id"),
        )  # fmt: skip

    # --- the chain --------------------------------------------------------------------------

    def bring(self, tube: str, codes: list[str], **kw: Any) -> None:
        """Sample, pack, seal, hand over, arrive, unpack: two journals and two receipts."""
        box, seal = self.labels("box", 1)[0], self.labels("seal", 1)[0]
        phone, bench = self.enrol(site_id=self.site.site_id), self.enrol(lab_id=self.lab.lab_id)
        batch = f"{self.site.cell_id}-{secrets.token_hex(8)}"
        phone.write("shift_start")
        phone.fill(tube, codes, **kw)
        phone.write("box_open", batch=batch, box=box)
        phone.write("pack", batch=batch, box=box, tube=tube)
        phone.write("seal", batch=batch, box=box, seal=seal, n=1)
        to = self.staff["technician"].staff_id
        phone.write("hand_over", seal=seal, to=to, to_lab=self.lab.lab_id, boxes=1, temperature=4.0)
        phone.write("shift_end", n=len(phone.entries) + 1)
        bench.staff = to
        bench.write("arrive", seal=seal, intact=True, n=1, temperature=4.5)
        bench.write("receive", tube=tube, seal=seal)
        bench.write("unpacked", seal=seal)
        for device in (phone, bench):
            r = device.send(self.client)
            assert (r.status_code, r.json["parked"]) == (200, []), r.json
            assert r.json["last"] == len(device.entries)

    def test(self, code: str, cts: dict[str, tuple]) -> dict[str, Any]:
        """Plate the tubes, upload the run's file, look at it, confirm it."""
        lab = str(self.lab.lab_id)
        rule = next(r for r in self.ask("technician", "/rule-sets") if r["name"] == "general-ct40")
        body = {"lab_id": lab, "code": code, "rule_id": rule["rule_id"]}
        plate = self.tell("technician", "/plates", body, 201)
        path = f"/plates/{lab}/{plate['plate_id']}"
        wells = {}
        for tube in cts:
            placed = self.tell("technician", f"{path}/scans", {"code": tube}, 201)
            assert not placed["uncaptured"] and not placed["held"]
            wells[placed["wells"][0]] = tube
        self.tell("technician", f"{path}/start")
        file = run_file(SimpleNamespace(layout=plate["controls"]), wells, cts)  # type: ignore[arg-type]
        seen = self.tell(
            "technician", f"{path}/runs", None, 201, data={"file": (io.BytesIO(file), "run.csv")}
        )
        assert self.ask("technician", "/alerts")["items"] == []  # a look moves nothing
        done = self.tell("technician", f"/runs/{lab}/{seen['run']['run_id']}/confirm")
        assert done["run"]["state"] == "evaluated"
        return done

    def review(self, who: str, tube: str, step: int, status: int = 200, pin: str = PIN) -> Any:
        body = {"lab_id": str(self.lab.lab_id), "barcodes": [tube], "step": step, "secret": pin}
        return self.tell(who, "/reviews", body, status)

    def release(self, who: str, tube: str, status: int = 200) -> Any:
        body = {"lab_id": str(self.lab.lab_id), "barcodes": [tube]}
        return self.tell(who, "/releases", body, status)

    # --- afterwards -------------------------------------------------------------------------

    def stage(self, tube: str) -> int:
        return int(self.ask("technician", f"/tubes/{tube}")["stage"]["number"])

    def access_code(self, i: int) -> str:
        body = {"person": self.city.people[i][2], "site_id": str(self.site.site_id)}
        return self.tell("sampler", "/access-codes", body, 201)["code"]

    def look_up(self, code: str) -> Any:
        r = self.client.post("/api/v1/results/lookup", json={"code": code})
        assert r.status_code == 200, r.json
        return r.json

    def missed(self) -> set[int]:
        """The persons on the community's list, after the worker counted what changed."""
        while jobs.run_due():
            pass
        text = self.ask("worker", "/missed", area=self.site.area.area_id, round=self.city.round_id)
        return {int(json.loads(x)["person"].split("-")[1]) for x in text.splitlines()}


@pytest.fixture
def walk(app, client, db_session):
    with app.test_request_context():
        return Walk(client)


def told(problem: dict[str, Any]) -> set[str]:
    return {f["code"] for f in problem["faults"]}


def assert_recount_agrees(app: Any, round_id: int) -> None:
    """The journals and commands that came through the door explain every row."""
    db.session.commit()
    out = app.test_cli_runner().invoke(ledger, ["check", "--round", str(round_id)])
    assert out.exit_code == 0 and "Equal" in out.output, out.output


def test_one_swab_goes_from_the_label_to_the_residents_look_up(app, walk):
    (tube,) = walk.labels("tube", 1)
    assert walk.ask("manager", f"/tubes/{tube}")["stage"] is None
    _, person, resident = walk.city.people[0]
    assert person in walk.missed()
    walk.bring(tube, [resident], mode="single", size=1)
    code = walk.access_code(0)
    assert walk.look_up(code)["state"] == "waiting"
    done = walk.test("P-1", {tube: (None, None, 28.0)})
    assert [c["outcome"] for c in done["calls"]] == ["negative"]
    assert walk.review("technician", tube, 1)["signed"] == [tube]
    assert walk.review("reviewer", tube, 2)["signed"] == [tube]
    assert walk.release("reviewer", tube)["released"] == [tube]
    seen = walk.look_up(code)
    assert (seen["state"], seen["swabs"][0]["version"]) == ("negative", 1)
    missed = walk.missed()
    assert person not in missed and len(missed) == 23
    assert walk.stage(tube) == Stage.RELEASED
    assert_recount_agrees(app, walk.city.round_id)


def test_nobody_releases_alone(walk):
    (tube,) = walk.labels("tube", 1)
    walk.bring(tube, [walk.city.people[0][2]], mode="single", size=1)
    assert "not_tested" in told(walk.release("reviewer", tube, 409))
    walk.test("P-1", {tube: (None, None, 28.0)})
    assert "not_reviewed" in told(walk.release("reviewer", tube, 409))
    walk.review("reviewer", tube, 1)
    assert "not_reviewed" in told(walk.release("reviewer", tube, 409))
    walk.review("reviewer", tube, 2, 409)  # the same person cannot sign both steps
    walk.review("technician", tube, 2, 403)  # and the second step is a reviewer's
    walk.review("second", tube, 2, 403, pin="000000")
    walk.release("technician", tube, 403)
    assert walk.look_up(walk.access_code(0))["state"] == "waiting"
    walk.review("second", tube, 2)
    assert walk.release("reviewer", tube)["released"] == [tube]


def test_a_positive_pool_calls_ten_people_back_and_a_correction_takes_it_back(app, walk):
    (tube,) = walk.labels("tube", 1)
    walk.bring(tube, walk.city.codes(0, 10))
    codes = [walk.access_code(i) for i in (0, 9)]
    walk.test("P-1", {tube: HOT})
    (alert,) = walk.ask("reviewer", "/alerts")["items"]
    assert (alert["barcode"], alert["kind"]) == (tube, "positive")
    walk.review("technician", tube, 1)
    walk.review("reviewer", tube, 2)
    assert walk.release("reviewer", tube)["callbacks"] == 10
    assert [walk.look_up(c)["state"] for c in codes] == ["waiting"] * 2  # nobody has it in hand yet
    path = f"/alerts/{alert['cell_id']}/{alert['alert_id']}/acknowledge"
    walk.tell("reviewer", path)
    called = walk.ask("worker", "/callbacks", area_id=walk.site.area.area_id)["items"]
    assert {int(c["person_id"]) for c in called} == {p[1] for p in walk.city.people[:10]}
    assert [walk.look_up(c)["state"] for c in codes] == ["pending_recheck"] * 2

    ask = {"lab_id": str(walk.lab.lab_id), "barcode": tube, "outcome": "negative",
           "reason": "复看曲线：污染", "secret": PIN}  # fmt: skip
    asked = walk.tell("reviewer", "/corrections", ask, 201)
    path = f"/corrections/{asked['cell_id']}/{asked['correction_id']}/settlement"
    own = walk.tell("reviewer", path, {"agree": True, "secret": PIN}, 403)
    assert own["code"] == "own_correction"
    assert [walk.look_up(c)["state"] for c in codes] == ["pending_recheck"] * 2
    assert walk.tell("second", path, {"agree": True, "secret": PIN})["state"] == "done"

    result = walk.ask("technician", f"/results/{tube}")
    assert [v["outcome"] for v in result["versions"]] == ["positive", "negative"]
    assert result["callbacks"] == {"withdrawn": 10}
    assert walk.ask("worker", "/callbacks", area_id=walk.site.area.area_id)["items"] == []
    for code in codes:
        seen = walk.look_up(code)
        assert (seen["state"], seen["swabs"][0]["version"]) == ("negative", 2)
    assert_recount_agrees(app, walk.city.round_id)


def test_an_alert_that_contradicts_the_result_holds_it_until_it_is_settled(walk):
    (tube,) = walk.labels("tube", 1)
    walk.bring(tube, walk.city.codes(0, 3))
    walk.test("P-1", {tube: (None, None, 28.0)})
    raised = walk.tell("technician", "/alerts", {"lab_id": str(walk.lab.lab_id), "tube": tube}, 201)
    walk.review("technician", tube, 1)
    walk.review("reviewer", tube, 2)
    assert "alert_conflict" in told(walk.release("reviewer", tube, 409))
    path = f"/alerts/{raised['cell_id']}/{raised['alert_id']}"
    walk.tell("technician", f"{path}/acknowledge")
    why = {"how": "contamination", "reason": "阴控扩增", "early": "整板污染"}
    walk.tell("reviewer", f"{path}/clearing", why, 422)  # and nothing without a signature
    walk.tell("reviewer", f"{path}/clearing", why | {"secret": PIN})
    assert "alert_conflict" in told(walk.release("reviewer", tube, 409))  # one alone clears nothing
    walk.tell("second", f"{path}/clearing/answer", {"agree": True, "secret": PIN})
    assert walk.release("reviewer", tube)["released"] == [tube]
