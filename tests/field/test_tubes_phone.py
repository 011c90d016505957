"""The phone and the server fold the same journal into the same tubes, whatever was done to them."""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from screening.db import fetch
from screening.tube.rules import Stage
from tests import world

FOLD = Path(__file__).resolve().parent.parent / "js" / "fold_tubes.mjs"
MARKS = ("not_swabbed", "spilled", "broken", "other")


@pytest.fixture
def city(db_session):
    return world.city(persons=30, tubes=6)


class Morning:
    """Random facts of one phone, right and wrong ones, in any order they can be written."""

    def __init__(self, city: Any, seed: int) -> None:
        self.any, self.city, self.phone = random.Random(seed), city, city.phone()
        self.binds: dict[str, list[str]] = {}
        self.closes: dict[str, str] = {}
        self.refs: list[str] = []
        self.seat = 0
        self.fresh = list(city.codes(0, 30))

    def write(self, kind: str, **body: Any) -> str:
        self.refs.append(self.phone.write(kind, **body))
        return self.refs[-1]

    def act(self) -> None:
        tube = self.city.tube(self.any.randrange(5))
        held = self.binds.setdefault(tube, [])
        how = self.any.choices(
            ("open", "bind", "unbind", "mark", "move", "over", "close", "reopen", "join"),
            (2, 9, 1, 2, 1, 1, 2, 1, 1),
        )[0]
        if how == "open":
            self.write("open", tube=tube, mode="pooled", size=self.any.randint(2, 10))
        elif how == "bind" and self.fresh:
            self.seat += 1
            who = {"code": self.fresh.pop()}
            held.append(self.write("bind", tube=tube, seat=self.seat, who=who))
        elif how == "unbind" and held:
            self.write("unbind", tube=tube, ref=self.any.choice(held), reason="登错人")
        elif how == "mark" and held:
            what = self.any.choice(MARKS)
            self.write("mark", tube=tube, ref=self.any.choice(held), what=what)
        elif how == "move" and held and self.fresh:
            self.seat += 1
            to = self.city.tube(5)
            ref = self.write("move", tube=tube, ref=held.pop(), to=to, seat=self.seat,
                             who={"code": self.fresh.pop()}, reason="拭子在另一管")  # fmt: skip
            self.binds.setdefault(to, []).append(ref)
        elif how == "over":
            self.write("over", tube=tube, n=self.any.randint(3, 12))
        elif how == "close":
            self.closes[tube] = self.write("close", tube=tube, n=self.any.randint(1, 9))
        elif how == "reopen" and tube in self.closes:
            self.write("reopen", tube=tube, ref=self.closes.pop(tube), reason="名单有误")
        elif how == "join":
            self.write("join", tube=tube)

    def records(self) -> list[dict[str, Any]]:
        told = [json.loads(raw) for raw in self.phone.entries]
        return [
            {"seq": e["seq"], "ref": ref, "at": e["at"], "view": None, "entry": e}
            for e, ref in zip(told, self.refs, strict=True)
        ]


def fold(node: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    asked = json.dumps({"records": records})
    out = subprocess.run([node, str(FOLD)], input=asked, capture_output=True, text=True)
    assert out.returncode == 0, out.stderr[-800:]
    return json.loads(out.stdout)


@pytest.mark.parametrize("seed", range(8))
def test_both_fold_the_same_tubes_out_of_one_journal(city, client, node, seed):
    morning = Morning(city, seed)
    for _ in range(60):
        morning.act()
    sent = morning.phone.send(client)
    assert sent.status_code == 200 and not sent.json["parked"], sent.json
    phone = fold(node, morning.records())
    held: dict[str, list] = {}
    for barcode, seat, void in fetch("SELECT barcode, seat, void FROM specimen ORDER BY seat"):
        held.setdefault(barcode, []).append([seat, void])
    rows = fetch("SELECT barcode, stage, members, confirmed FROM tube")
    assert rows
    for barcode, stage, members, confirmed in rows:
        own = phone[barcode]
        state = "closed" if stage == Stage.CLOSED else "open"
        assert (own["state"], own["members"]) == (state, members), barcode
        assert own["confirmed"] == confirmed, barcode
        assert own["seats"] == held.get(barcode, []), barcode
