"""The only source of time. Domain time may be shifted and sped up in a demo; real time never."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass
class _Clock:
    base_domain: float = 0.0
    base_real: float = 0.0
    rate: float = 1.0


_clock = _Clock()


def configure(spec: str | None) -> None:
    """Set domain time from `"<domain ISO>/<real ISO>/<rate>"`: at `real` it was `domain`, and it
    runs `rate` times as fast. None puts domain time back to real time. Demo and tests only."""
    if not spec:
        _clock.base_domain = _clock.base_real = 0.0
        _clock.rate = 1.0
        return
    domain, real, rate = spec.split("/")
    _clock.base_domain = datetime.fromisoformat(domain).timestamp()
    _clock.base_real = datetime.fromisoformat(real).timestamp()
    _clock.rate = float(rate)


def timestamp() -> float:
    """Domain time in seconds since 1970."""
    return _clock.base_domain + (time.time() - _clock.base_real) * _clock.rate


def now() -> datetime:
    """Domain time, aware UTC."""
    return datetime.fromtimestamp(timestamp(), UTC)


def real_now() -> datetime:
    """Wall time, aware UTC: for sessions, throttles, tokens."""
    return datetime.now(UTC)


def real_seconds(domain: timedelta) -> float:
    """How many real seconds pass while `domain` passes on the domain clock."""
    return domain.total_seconds() / _clock.rate


def from_ms(ms: int) -> datetime:
    """Milliseconds since 1970 (the wire form of device times) as aware UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def to_ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)
