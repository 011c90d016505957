"""The worker's part of reporting."""

from __future__ import annotations

from screening.jobs import job
from screening.reporting.service import phone_codes


@job("send_phone_codes", every=2)
def send_phone_codes() -> None:
    """Write the messages for the one-time codes that residents asked for."""
    phone_codes.send_codes()
