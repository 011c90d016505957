"""A wave of messages: drafted, looked at, set going, called off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from psycopg.types.json import Jsonb

from screening import jobs
from screening.accounts import audit
from screening.accounts.roles import Actor
from screening.coverage.queries import coverage_of
from screening.db import insert, new_id, run
from screening.errors import Problem
from screening.places.queries import Node
from screening.registry.queries import get_policy
from screening.registry.rules import RoundState
from screening.reminders import rules
from screening.reminders.choosing import choose
from screening.reminders.queries import (
    WaveRow,
    communities_of,
    get_node,
    get_wave,
    silent_communities,
)
from screening.reminders.service import check_round

DRAFT, RUNNING, DONE, CANCELLED = "draft", "running", "done", "cancelled"
TOPIC = "sms"
AAD = "outbox.body"
AT_ONCE = 40  # communities that a preview counts while somebody waits; more are a job


class WaveMoved(Problem):
    status = 409
    code = "wave_moved"
    zh = "这批提醒已不在这个状态，请刷新后再看。"
    en = "The wave has moved on; reload and look again."


class NotSampling(Problem):
    status = 409
    code = "wave_not_sampling"
    zh = "采样还没有开始或已经停止，不能发送提醒。"
    en = "Sampling has not begun or has stopped; no reminders are sent."


class NotAhead(Problem):
    status = 409
    code = "wave_not_ahead"
    zh = "开始前通知只在本轮批准之后、采样开始之前发送。"
    en = "A notice is sent after the round is approved and before sampling begins."


def draft(
    round_id: int,
    area_id: int,
    template: str,
    values: Mapping[str, str],
    *,
    by: Actor,
    at: datetime,
) -> WaveRow:
    """Write a wave down; nothing is sent.

    Raises Faults, NoSuchTemplate, RoundNotOpen, NotAhead."""
    fields, text = rules.parts(template, values), rules.compose(template, values)
    if rules.TEMPLATES[template].before:
        _check_ahead(round_id)
    else:
        check_round(round_id)
    get_node(area_id)
    wave_id = new_id()
    insert(
        "wave",
        ("wave_id", "round_id", "area_id", "template", "text", "fields", "state",
         "include_silent", "made_by", "made_at"),
        [(wave_id, round_id, area_id, template, text, Jsonb(fields), DRAFT, False, by.staff_id,
          at)],
    )  # fmt: skip
    audit.note("wave_drafted", "wave", wave_id)
    return get_wave(wave_id)


def _check_ahead(round_id: int) -> None:
    if round_id == 0 or get_policy(round_id).state != RoundState.SCHEDULED:
        raise NotAhead()


class Preview(NamedTuple):
    """What a wave would do now. `persons` are named in `messages`; `left_out` by LEFT_OUT;
    `silent` maps communities to the devices that have not reported; `reached` and `exempt` are
    those of the area's coverage."""

    persons: int
    messages: int
    parts: int
    left_out: dict[str, int]
    silent: dict[str, list[str]]
    reached: int
    exempt: int
    as_of: datetime


def preview(wave_id: int, *, at: datetime, watch: Callable[[int, int], None] | None = None) -> None:
    """Count what the wave would do and keep it in `counts`; nothing is sent.

    `watch(done, total)` hears of each community."""
    wave = get_wave(wave_id)
    if wave.state != DRAFT:
        raise WaveMoved()
    node = get_node(wave.area_id)
    communities = communities_of(node)
    silent = silent_where(wave, communities, at)
    left: Counter[str] = Counter()
    phones: dict[bytes, int] = {}
    for done, community in enumerate(communities, 1):
        chosen = choose(wave, node, community, community.area_id in silent, at)
        left.update(chosen.left_out)
        for phone, people in chosen.phones.items():
            phones[phone] = phones.get(phone, 0) + len(people)
        if watch:
            watch(done, len(communities))
    covered = coverage_of(wave.area_id, wave.round_id, at=at)
    sample = rules.fill(wave.text, ["某某某"] * 2, "某" * 8, "08:00-20:00")
    found = Preview(
        sum(phones.values()), len(phones), rules.parts_of(sample),
        dict(left), {str(c): [str(d) for d in ds] for c, ds in silent.items()},
        covered.reached, covered.exempt, at,
    )  # fmt: skip
    keep(wave, preview=found._asdict() | {"as_of": at.isoformat()})


def silent_where(wave: WaveRow, communities: Sequence[Node], at: datetime) -> dict[int, list[int]]:
    """Communities whose devices may hold swabs; before the start there are none to hold."""
    if rules.TEMPLATES[wave.template].before:
        return {}
    return silent_communities(wave.round_id, communities, at=at)


def preview_soon(wave_id: int, *, at: datetime) -> int | None:
    """Preview now where the area is small; else by a job, whose id comes back."""
    wave = get_wave(wave_id)
    if wave.state != DRAFT:
        raise WaveMoved()
    if len(communities_of(get_node(wave.area_id))) <= AT_ONCE:
        preview(wave_id, at=at)
        return None
    job_id = jobs.enqueue("preview_wave", wave_id=wave_id)
    keep(wave, job=str(job_id))
    return job_id


def keep(wave: WaveRow, **counts: Any) -> None:
    run(
        "UPDATE wave SET counts = coalesce(counts, '{}') || %s WHERE wave_id = %s",
        (Jsonb(counts), wave.wave_id),
    )


def check_time(wave: WaveRow) -> None:
    """Raises NotSampling or NotAhead when its round is not at the point its template is for."""
    if rules.TEMPLATES[wave.template].before:
        _check_ahead(wave.round_id)
    elif get_policy(wave.round_id).state != RoundState.SAMPLING:
        raise NotSampling()


def start(wave_id: int, *, include_silent: bool = False, by: Actor, at: datetime) -> int:
    """Set a draft going; the job's id. With `include_silent` this person answers for reminding
    people whose swab may still wait in a silent phone. Raises WaveMoved, NotSampling, NotAhead."""
    wave = get_wave(wave_id, lock=True)
    if wave.state != DRAFT:
        raise WaveMoved()
    check_time(wave)
    run(
        "UPDATE wave SET state = %s, include_silent = %s, silent_by = %s WHERE wave_id = %s",
        (RUNNING, include_silent, by.staff_id if include_silent else None, wave_id),
    )
    audit.note("wave_started", "wave", wave_id, detail={"include_silent": include_silent})
    job_id = jobs.enqueue("run_wave", wave_id=wave_id)
    keep(wave, job=str(job_id))
    return job_id


def cancel(wave_id: int, *, by: Actor, at: datetime) -> None:
    """Write no more of it and send nothing that still waits. Raises WaveMoved once all is sent."""
    wave = get_wave(wave_id, lock=True)
    if wave.state == CANCELLED:
        return
    run("UPDATE wave SET state = %s WHERE wave_id = %s", (CANCELLED, wave_id))
    audit.note("wave_cancelled", "wave", wave_id)
