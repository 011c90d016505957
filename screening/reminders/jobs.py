"""What the worker does for reminders: count a preview, write a wave out, send what is due."""

from __future__ import annotations

from flask import current_app

from screening import clock
from screening.jobs import job, progress
from screening.reminders import doubt, due, notices, opened, receipts, sender, waves, writing
from screening.reminders.channels import channel_of


@job("preview_wave")
def preview_wave(wave_id: int, *, job_id: int) -> None:
    """Count what a wave over a large area would do."""
    waves.preview(wave_id, at=clock.now(), watch=lambda done, n: progress(job_id, done, n))


@job("run_wave")
def run_wave(wave_id: int, *, job_id: int) -> None:
    """Write the messages, a transaction a community; taken up again where it stopped."""
    writing.write_out(wave_id, now=clock.now, watch=lambda done, n: progress(job_id, done, n))


@job("send_outbox", every=2)
def send_outbox() -> None:
    """Send the messages that are due."""
    sender.send_due(channel_of(current_app.extensions["settings"]))


@job("send_notices", every=2)
def send_notices() -> None:
    """Send the short texts that wait for nothing: one-time codes, calls to those on duty."""
    notices.send_notices(channel_of(current_app.extensions["settings"]))


@job("settle_messages", every=15)
def settle_messages() -> None:
    """Hear what gateways tell, and ask after messages of which nobody knows what became."""
    doubt.settle_open(channel_of(current_app.extensions["settings"]))


@job("forget_receipts", every=3600)
def forget_receipts() -> None:
    """Forget the gateways' own numbers of messages once no report can come any more."""
    receipts.forget(at=clock.now())


@job("settle_due", every=300)
def settle_due() -> None:
    """Bring today's due lists of schedules up to date; after midnight, those of yesterday once."""
    due.settle_due(at=clock.now(), watch=due.commit)


@job("forget_due", every=3600)
def forget_due() -> None:
    """Forget due lists of days long past, and whose numbers were opened the day before."""
    due.forget(at=clock.now())
    opened.forget(at=clock.now())
