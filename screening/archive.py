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
EMPTY = b"""
DO $$ DECLARE name text; BEGIN
  FOR name IN SELECT nspname FROM pg_namespace
    WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'
  LOOP EXECUTE format('DROP SCHEMA %I CASCADE', name); END LOOP;
END $$;
CREATE SCHEMA public;
"""


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
        _replace(dump, settings)
    finally:
        dump.unlink(missing_ok=True)


def _replace(dump: Path, settings: Settings) -> None:
    """The dump as a script through psql, after emptying the schema, in one transaction.

    pg_restore's own --clean cannot drop the keys of attached partitions one by one."""
    tools = embedded.tools(settings.instance)
    script = subprocess.Popen(
        [str(tools / "pg_restore"), "--no-owner", "--file=-", str(dump)], stdout=subprocess.PIPE
    )
    psql = subprocess.Popen(
        [str(tools / "psql"), "--quiet", "--no-psqlrc", "--single-transaction",
         "--set=ON_ERROR_STOP=1", "--output=/dev/null", f"--dbname={_libpq(settings)}"],
        stdin=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert script.stdout is not None
    assert psql.stdin is not None
    with psql, script:
        try:
            psql.stdin.write(EMPTY)
            while block := script.stdout.read(1 << 20):
                psql.stdin.write(block)
            if script.wait():  # a dump cut short must not be committed
                psql.kill()
        except BrokenPipeError:
            pass
        _, error = psql.communicate()
    if psql.returncode or script.returncode:
        last = (error.decode(errors="replace").strip().splitlines() or ["the dump is damaged"])[-1]
        raise SystemExit(f"The restore failed and nothing was changed: {last}")


def _libpq(settings: Settings) -> str:
    return settings.database_url.replace("postgresql+psycopg://", "postgresql://")


def _run(tool: str, settings: Settings, *args: str) -> None:
    words = [str(embedded.tools(settings.instance) / tool), *args, f"--dbname={_libpq(settings)}"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["?"])[-1]
        raise SystemExit(f"{tool} failed: {last}")
