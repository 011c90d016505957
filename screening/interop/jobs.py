"""The worker's part: packages of results are built and written for the receiver to collect."""

from __future__ import annotations

from pathlib import Path

from flask import current_app

from screening import clock
from screening.interop import packages
from screening.jobs import job
from screening.reporting.service.packages import TOPIC


def folder() -> Path:
    return current_app.extensions["settings"].instance / "outbox" / TOPIC


@job("build_package", every=60)
def build_package() -> None:
    """Everything released since the last one, in one package."""
    packages.build(clock.now())


@job("send_packages", every=10)
def send_packages() -> None:
    """Write the packages that the receiver has not been given."""
    packages.send(folder(), clock.now())
