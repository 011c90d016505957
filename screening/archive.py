"""Backup and restore by PostgreSQL's own tools, with a check that the keys open the data."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from datetime import UTC, datetime
from pathlib import Path

from screening import embedded
from screening.config import Settings
from screening.crypto import KeyRing, WrongKey, b64, unb64

FORMAT = "screening-backup-1"
PROBE = b"the keys of this backup open this sentence"
AAD = "backup.probe"


class BadBackup(SystemExit):
    """The file is not a backup of this system, or is damaged."""


def write(path: Path, settings: Settings, keys: KeyRing) -> int:
    """Dump to `path` (mode 0600); the size in bytes. Nothing is left half-written."""
    dump = path.with_suffix(path.suffix + ".dump")
    fresh = path.with_suffix(path.suffix + ".part")
    try:
        _run("pg_dump", settings, "--format=custom", "--no-owner", f"--file={dump}")
        head = {
            "format": FORMAT,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "keys": sorted(keys.data),
            "probe": b64(keys.seal(PROBE, AAD)),
        }
        with tarfile.open(fresh, "w") as tar:
            text = json.dumps(head).encode()
            info = tarfile.TarInfo("backup.json")
            info.size = len(text)
            tar.addfile(info, io.BytesIO(text))
            tar.add(dump, "database.dump")
        fresh.chmod(0o600)
        fresh.rename(path)
    finally:
        dump.unlink(missing_ok=True)
        fresh.unlink(missing_ok=True)
    return path.stat().st_size


def check(path: Path, keys: KeyRing) -> dict:
    """The backup's head. Raises BadBackup, or WrongKey when these keys do not open its data."""
    try:
        with tarfile.open(path) as tar:
            member = tar.extractfile("backup.json")
            head = json.loads(member.read()) if member else {}
    except (tarfile.TarError, KeyError, ValueError):
        raise BadBackup(f"{path} is not a backup of this system.") from None
    if head.get("format") != FORMAT:
        raise BadBackup(f"{path} is not a backup of this system.")
    try:
        opened = keys.open(unb64(head["probe"]), AAD)
    except WrongKey:
        opened = b""
    if opened != PROBE:
        raise WrongKey(
            f"The present keys do not open this backup of {head['made_at']}: put the key file of "
            "that time in place first. Nothing was changed."
        )
    return head


def read(path: Path, settings: Settings) -> None:
    """Replace the database by the dump, in one transaction: all of it or nothing."""
    dump = path.with_suffix(path.suffix + ".dump")
    try:
        with tarfile.open(path) as tar, open(dump, "wb") as out:
            member = tar.extractfile("database.dump")
            if member is None:
                raise BadBackup(f"{path} holds no dump.")
            while block := member.read(1 << 20):
                out.write(block)
        _run(
            "pg_restore", settings, "--clean", "--if-exists", "--no-owner", "--single-transaction",
            f"--dbname={_libpq(settings)}", str(dump), url=False,
        )  # fmt: skip
    finally:
        dump.unlink(missing_ok=True)


def _libpq(settings: Settings) -> str:
    return settings.database_url.replace("postgresql+psycopg://", "postgresql://")


def _run(tool: str, settings: Settings, *args: str, url: bool = True) -> None:
    words = [str(embedded.tools(settings.instance) / tool), *args]
    if url:
        words.append(f"--dbname={_libpq(settings)}")
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise SystemExit(f"{tool} failed: {last}")
