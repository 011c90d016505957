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
    "SCREENING_SMS": "channel of messages: file, http, aliyun, tencent or smpp",
    "SCREENING_SMS_URL": "address of the gateway (smpp: host:port); by itself it means http",
    "SCREENING_SMS_TOKEN": "http: bearer token",
    "SCREENING_SMS_KEYS": "http: 1 when the gateway honours Idempotency-Key",
    "SCREENING_SMS_STATUS_URL": "http: where one message is asked for; {key} stands for its key",
    "SCREENING_SMS_ID": "access key id (aliyun, tencent), system id (smpp)",
    "SCREENING_SMS_SECRET": "the secret or password that belongs to it",
    "SCREENING_SMS_SIGN": "aliyun, tencent: the signature the provider has approved",
    "SCREENING_SMS_TEMPLATES": "aliyun, tencent: approved templates, as missed=SMS_1,*=SMS_9",
    "SCREENING_SMS_APP": "tencent: SmsSdkAppId",
    "SCREENING_SMS_FROM": "smpp: the number that messages come from",
    "SCREENING_SMS_PER_SECOND": "most messages a second (default 20)",
    "SCREENING_SMS_HOOK": "secret of the addresses under which a gateway reports",
    "SCREENING_PG_BIN": "folder with the PostgreSQL programs for the embedded server",
    "SCREENING_MAX_UPLOAD_MB": "largest upload in MB (default 64)",
    "SCREENING_ALERT_MINUTES": "minutes until an unanswered alert is called again (default 10)",
    "SCREENING_DISTRIBUTED": "1 when the database is Citus",
    "SCREENING_LOG": "log level (default INFO)",
}


class BadSetting(SystemExit):
    """A setting is missing or wrong; the message names it and says what to do."""


CHANNELS = ("file", "http", "aliyun", "tencent", "smpp")
# what a channel cannot do without
_NEEDED = {
    "http": ("url",),
    "aliyun": ("id", "secret", "sign", "templates"),
    "tencent": ("id", "secret", "sign", "templates", "app"),
    "smpp": ("url", "id", "secret"),
}


@dataclass(frozen=True)
class Sms:
    """How messages leave the house: one channel and what it needs."""

    channel: str = "file"
    url: str | None = None
    token: str | None = field(default=None, repr=False)
    keys: bool = False
    status_url: str | None = None
    id: str | None = None
    secret: str | None = field(default=None, repr=False)
    sign: str | None = None
    templates: tuple[tuple[str, str], ...] = ()
    app: str | None = None
    sender: str | None = None
    per_second: int = 20
    hook: str | None = field(default=None, repr=False)

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Sms:
        def of(name: str) -> str | None:
            return env.get(f"SCREENING_SMS_{name}") or None

        made = cls(
            channel=env.get("SCREENING_SMS") or ("http" if of("URL") else "file"),
            url=of("URL"),
            token=of("TOKEN"),
            keys=of("KEYS") == "1",
            status_url=of("STATUS_URL"),
            id=of("ID"),
            secret=of("SECRET"),
            sign=of("SIGN"),
            templates=_pairs(of("TEMPLATES") or ""),
            app=of("APP"),
            sender=of("FROM"),
            per_second=_number(env, "SCREENING_SMS_PER_SECOND", 20),
            hook=of("HOOK"),
        )
        made._check()
        return made

    def _check(self) -> None:
        if self.channel not in CHANNELS:
            raise BadSetting(f"SCREENING_SMS must be one of {', '.join(CHANNELS)}")
        missing = [n for n in _NEEDED.get(self.channel, ()) if not getattr(self, n)]
        if missing:
            names = ", ".join(f"SCREENING_SMS_{n.upper()}" for n in missing)
            raise BadSetting(f"SCREENING_SMS={self.channel} also needs {names}")
        if self.per_second < 1:
            raise BadSetting("SCREENING_SMS_PER_SECOND must be at least 1")
        if self.hook is not None and len(self.hook) < 20:
            raise BadSetting("SCREENING_SMS_HOOK must have at least 20 characters")


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if any(not (name.strip() and code.strip()) for name, _, code in pairs):
        raise BadSetting("SCREENING_SMS_TEMPLATES must look like missed=SMS_1,*=SMS_9")
    return tuple((name.strip(), code.strip()) for name, _, code in pairs)


@dataclass(frozen=True)
class Settings:
    database_url: str
    instance: Path = ROOT / "instance"
    keys: str | None = None
    clock: str | None = None
    demo: bool = False
    https: bool = False
    proxies: int = 0
    sms: Sms = field(default_factory=lambda: Sms())
    max_upload: int = 64 * 1024 * 1024
    distributed: bool = False
    alert_minutes: int | None = None
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
            sms=Sms.from_env(env),
            max_upload=_number(env, "SCREENING_MAX_UPLOAD_MB", 64) * 1024 * 1024,
            distributed=env.get("SCREENING_DISTRIBUTED") == "1",
            alert_minutes=_number(env, "SCREENING_ALERT_MINUTES", 0) or None,
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
