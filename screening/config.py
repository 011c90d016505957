"""Settings, read once from the environment; anything wrong is said in a sentence at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

KNOWN = {
    "SCREENING_INSTANCE": "folder of the embedded database, keys and kept files",
    "SCREENING_KEYS": "the key ring as JSON (otherwise instance/keys.json)",
    "SCREENING_CLOCK": "demo only: <domain ISO>/<real ISO>/<rate>",
    "SCREENING_DEMO": "1 in a demo: sign-ins are shown on the sign-in page",
    "SCREENING_HTTPS": "1 behind TLS: cookies are marked Secure",
    "SCREENING_PROXIES": "how many reverse proxies stand in front (for the caller's address)",
    "SCREENING_SMS_URL": "address of an HTTP SMS gateway; without it messages go to files",
    "SCREENING_SMS_TOKEN": "bearer token for that gateway",
    "SCREENING_PG_BIN": "folder with the PostgreSQL programs for the embedded server",
    "SCREENING_MAX_UPLOAD_MB": "largest upload in MB (default 64)",
    "SCREENING_DISTRIBUTED": "1 when the database is Citus",
    "SCREENING_LOG": "log level (default INFO)",
}


class BadSetting(SystemExit):
    """A setting is missing or wrong; the message names it and says what to do."""


@dataclass(frozen=True)
class Settings:
    database_url: str
    instance: Path = ROOT / "instance"
    keys: str | None = None
    clock: str | None = None
    demo: bool = False
    https: bool = False
    proxies: int = 0
    sms_url: str | None = None
    sms_token: str | None = field(default=None, repr=False)
    max_upload: int = 64 * 1024 * 1024
    distributed: bool = False
    log_level: str = "INFO"
    testing: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Settings:
        """Read `SCREENING_*` and `DATABASE_URL`; without the latter the embedded server is used."""
        stray = [k for k in env if k.startswith("SCREENING_") and k not in KNOWN]
        if stray:
            raise BadSetting(
                f"unknown setting {', '.join(sorted(stray))}; known: {', '.join(KNOWN)}"
            )
        instance = Path(env.get("SCREENING_INSTANCE") or ROOT / "instance")
        url = env.get("DATABASE_URL")
        if not url:
            from screening import embedded

            url = embedded.ensure(instance)
        return cls(
            database_url=sqlalchemy_url(url),
            instance=instance,
            keys=env.get("SCREENING_KEYS"),
            clock=env.get("SCREENING_CLOCK"),
            demo=env.get("SCREENING_DEMO") == "1",
            https=env.get("SCREENING_HTTPS") == "1",
            proxies=_number(env, "SCREENING_PROXIES", 0),
            sms_url=env.get("SCREENING_SMS_URL"),
            sms_token=env.get("SCREENING_SMS_TOKEN"),
            max_upload=_number(env, "SCREENING_MAX_UPLOAD_MB", 64) * 1024 * 1024,
            distributed=env.get("SCREENING_DISTRIBUTED") == "1",
            log_level=env.get("SCREENING_LOG", "INFO"),
        )


def sqlalchemy_url(url: str) -> str:
    """The same address with the driver that this project uses."""
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url[len(plain) :]
    return url


def _number(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name)
    if text is None or text == "":
        return default
    if not text.isdigit():
        raise BadSetting(f"{name} must be a whole number, not {text!r}")
    return int(text)
