"""Waves over HTTP: draft, preview, start, cancel, look back."""

from __future__ import annotations

from typing import Any

from screening import clock
from screening.accounts.guard import OWN_ROWS, area, current_actor, require
from screening.openapi import gives, takes
from screening.reminders import doubt, queries, rules, waves
from screening.reminders import schemas as s
from screening.reminders.api.frame import DECIDERS, READERS, WAVE, WAVERS, bp


@bp.post("/waves")
@require(*WAVERS, at=area("area_id"))
@takes(s.WaveInSchema)
@gives(s.WaveSchema, 201)
def draft_wave(args: dict[str, Any]) -> Any:
    """Write a wave of messages down; nothing is sent yet."""
    values = {f: args[f] for f in rules.FIELDS}
    return waves.draft(
        args["round_id"], args["area_id"], args["template"], values,
        by=current_actor(), at=clock.now(),
    )  # fmt: skip


@bp.get("/waves")
@require(*READERS, at=OWN_ROWS)
@takes(s.WavesSchema, "query")
@gives(s.WaveSchema, many=True)
def list_waves(args: dict[str, Any]) -> Any:
    """Waves of areas within the own scope, the newest first."""
    held = current_actor().places(READERS)
    return queries.list_waves(held, round_id=args.get("round"), before=args.get("before"))


@bp.get("/waves/<int:wave_id>")
@require(*READERS, at=WAVE)
@gives(s.WaveDetailSchema)
def get_wave(wave_id: int) -> Any:
    """One wave with what became of its messages."""
    wave = queries.get_wave(wave_id)
    return wave._asdict() | {
        "messages": queries.count_messages(wave),
        **queries.outcome_of(wave, at=clock.now())._asdict(),
    }


@bp.post("/waves/<int:wave_id>/preview")
@require(*WAVERS, at=WAVE)
@gives(s.WaveSchema)
def preview_wave(wave_id: int) -> Any:
    """Count whom it would reach and whom not, and why; a job where the area is large."""
    waves.preview_soon(wave_id, at=clock.now())
    return queries.get_wave(wave_id)


@bp.post("/waves/<int:wave_id>/start")
@require(*WAVERS, at=WAVE)
@takes(s.WaveStartSchema)
@gives(s.WaveJobSchema, 202)
def start_wave(wave_id: int, args: dict[str, Any]) -> Any:
    """Set it going; people are left out whose catchment has silent phones, unless you decide."""
    job_id = waves.start(
        wave_id, include_silent=args["include_silent"], by=current_actor(), at=clock.now()
    )
    return {"job_id": job_id}


@bp.post("/waves/<int:wave_id>/cancel")
@require(*WAVERS, at=WAVE)
@gives(None, 204)
def cancel_wave(wave_id: int) -> Any:
    """Write no more of it and send nothing that still waits."""
    waves.cancel(wave_id, by=current_actor(), at=clock.now())
    return "", 204


@bp.get("/waves/<int:wave_id>/unknown")
@require(*READERS, at=WAVE)
@gives(s.UnknownMessageSchema, many=True)
def list_unknown(wave_id: int) -> Any:
    """Messages of which nobody knows what became: neither a report nor the gateway could say."""
    wave = queries.get_wave(wave_id)
    return [m._asdict() for m in queries.list_unknown(wave)]


@bp.post("/waves/<int:wave_id>/unknown")
@require(*DECIDERS, at=WAVE)
@takes(s.MessageVerdictSchema)
@gives(None, 204)
def decide_message(wave_id: int, args: dict[str, Any]) -> Any:
    """Your word on one of them: it has arrived, or it shall go out again."""
    doubt.decide(
        wave_id, args["cell_id"], args["message_id"], args["verdict"], by=current_actor(),
        at=clock.now(),
    )  # fmt: skip
    return "", 204
