"""Where a batch belongs in its journal: appended, replayed, held beyond a gap, or a fork (pure)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate
from typing import NamedTuple

from screening.field.chain import Batch, BrokenChain
from screening.field.queries import Block, Branch
from screening.tube.chain import run_chain, split


class Placing(NamedTuple):
    """`skip` entries are already held; the rest goes to `branch` after the hash `prev`."""

    branch: int
    skip: int
    prev: bytes
    held: bool = False
    fork: bool = False
    across_gap: bool = False


def place(batch: Batch, branches: Sequence[Branch], blocks: Callable[[], list[Block]]) -> Placing:
    """Raises BrokenChain when its first hash fits no branch that holds the number before it."""
    for b in branches:
        if b.last == batch.first - 1 and b.head == batch.prev:
            return Placing(b.branch, 0, batch.prev)
    reach = max(b.last for b in branches)
    if batch.first - 1 > reach:
        return _beyond(batch, branches, blocks())
    return _overlapping(batch, branches, blocks())


def _beyond(batch: Batch, branches: Sequence[Branch], stored: Sequence[Block]) -> Placing:
    """Beyond a gap: held, unless a supervisor has declared the gap lost, or it is held already."""
    declared = branches[0].gap_declared
    if declared is not None and declared >= batch.first - 1:
        return Placing(0, 0, batch.prev, across_gap=True)
    held = {
        s.first + i: digest
        for s in stored
        if s.state == 1
        for i, digest in enumerate(split(s.digests))
    }
    skip = 0
    while skip < len(batch.digests) and held.get(batch.first + skip) == batch.digests[skip]:
        skip += 1
    prev = run_chain(batch.prev, batch.digests[:skip])
    return Placing(0, skip, prev, held=True)


def _overlapping(batch: Batch, branches: Sequence[Branch], stored: Sequence[Block]) -> Placing:
    """Some numbers are held: skip those that are the same, on whatever branch the copy's story
    went on; fork where it differs from all of them."""
    known = _digests(stored)
    heads = list(accumulate(batch.digests, lambda h, d: run_chain(h, [d]), initial=batch.prev))

    def fits(b: Branch, skip: int) -> bool:
        return _hash_at(b, batch.first - 1 + skip, stored) == heads[skip]

    skip, here = 0, next((b for b in branches if fits(b, 0)), None)
    while skip < len(batch.digests):
        on = [b for b in branches if _same(batch, known.get(b.branch, {}), skip) and fits(b, skip)]
        if not on:
            break
        here = on[0]
        skip += _same(batch, known[here.branch], skip)
    if here is None:
        raise BrokenChain()
    if skip == len(batch.digests):
        return Placing(here.branch, skip, heads[skip])
    tip = (batch.first + skip - 1, heads[skip])
    ends = [b.branch for b in branches if (b.last, b.head) == tip]
    if ends:
        return Placing(ends[0], skip, heads[skip])
    return Placing(max(x.branch for x in branches) + 1, skip, heads[skip], fork=True)


def _digests(stored: Sequence[Block]) -> dict[int, dict[int, bytes]]:
    out: dict[int, dict[int, bytes]] = {}
    for block in stored:
        if block.state != 1:
            numbers = out.setdefault(block.branch, {})
            for i, digest in enumerate(split(block.digests)):
                numbers[block.first + i] = digest
    return out


def _same(batch: Batch, known: dict[int, bytes], skip: int) -> int:
    """How many of the batch's entries after the first `skip` are those known of a branch."""
    n = skip
    while n < len(batch.digests) and known.get(batch.first + n) == batch.digests[n]:
        n += 1
    return n - skip


def _hash_at(branch: Branch, number: int, stored: Sequence[Block]) -> bytes | None:
    """The chain's hash after `number` on a branch, if its blocks tell."""
    if number == branch.last:
        return branch.head
    for block in stored:
        if block.branch != branch.branch or block.state == 1:
            continue
        if block.first - 1 <= number <= block.last:
            return run_chain(block.prev, split(block.digests)[: number - block.first + 1])
    return None
