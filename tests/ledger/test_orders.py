"""Whatever the order in which journals arrive, the recount agrees with the tables."""

from __future__ import annotations

import random

import pytest

from screening.db import db
from screening.ledger.check import check
from screening.tube.codes import Kind, make_code
from tests import make, world
from tests.ledger.day import BOX


@pytest.fixture
def city(db_session):
    return world.city(streets=2, persons=30, tubes=20)


def written(city) -> list:
    """The journals of a busy hour: two tables, a packer who repents, a courier, a laboratory."""
    tables, packer = [city.phone(0), city.phone(1)], city.phone(0)
    courier, bench = city.phone(0), city.bench()
    batch = f"{city.sites[0].cell_id}-{2 * make.number():016x}"
    other = f"{city.sites[0].cell_id}-{2 * make.number():016x}"
    seals = [make_code(Kind.SEAL, make.number()) for _ in range(2)]
    tubes = [city.tube() for _ in range(6)]
    for i, tube in enumerate(tubes[:5]):
        refs = tables[i % 2].fill(tube, city.codes(i * 4, 4), close=i != 3)
        if i == 1:
            tables[1].write("unbind", tube=tube, ref=refs[0], reason="扫错人")
            tables[1].write("reopen", tube=tube, ref=refs[1], reason="补一人")
        if i == 2:
            code = city.codes(20, 1)[0]
            tables[0].write("move", tube=tube, ref=refs[0], to=tubes[0], seat=9,
                            who={"code": code}, reason="换管")  # fmt: skip
            tables[0].write("mark", tube=tube, ref=refs[1], what="not_swabbed")
    tables[1].fill(tubes[0], city.codes(4, 1))  # the same number at another site
    packs = [packer.write("pack", batch=batch, box=BOX, tube=t) for t in tubes[:4]]
    first = packer.write("seal", batch=batch, box=BOX, seal=seals[0], n=4)
    packer.write("unseal", batch=batch, ref=first, reason="少一管")
    packer.write("unpack", batch=batch, tube=tubes[3], ref=packs[3], reason="留在现场")
    packer.write("seal", batch=batch, box=BOX, seal=seals[1], n=3)
    packer.write("pack", batch=other, box=BOX, tube=tubes[3])
    courier.write("hand_over", seal=seals[1], to=7, to_lab=city.lab.lab_id, boxes=1)
    bench.write("arrive", seal=seals[1], intact=True, n=3)
    for t in (*tubes[:2], tubes[5]):  # one missing, one that nobody captured
        bench.write("receive", tube=t, seal=seals[1])
    bench.write("reject", tube=tubes[4], reason="leak")
    bench.write("unpacked", seal=seals[1])
    for phone in (*tables, packer):
        phone.write("shift_end", n=len(phone.entries) + 1)
    return [*tables, packer, courier, bench]


def cuts(phone, chance: random.Random) -> list[tuple[int, int]]:
    """The journal in batches of one to five entries."""
    out, at = [], 1
    while at <= len(phone.entries):
        last = min(at + chance.randint(0, 4), len(phone.entries))
        out.append((at, last))
        at = last + 1
    return out


@pytest.mark.parametrize("seed", range(12))
def test_the_recount_agrees_after_any_order_of_arrival(city, client, seed):
    chance = random.Random(seed)
    batches = [(p, *cut) for p in written(city) for cut in cuts(p, chance)]
    if seed % 2:  # also within a journal: held beyond gaps, and sent twice
        batches += chance.sample(batches, 5)
        chance.shuffle(batches)
    else:
        order = {id(p): iter([b for b in batches if b[0] is p]) for p, _, _ in batches}
        names = [id(p) for p, _, _ in batches]
        chance.shuffle(names)
        batches = [next(order[n]) for n in names]
    for phone, first, last in batches:
        assert phone.send(client, first, last).status_code == 200
    db.session.rollback()
    found = check()
    assert found.differences == []
    assert found.tubes == 6
