"""Where a cluster lives and as whom its server runs; PostgreSQL refuses to run as root."""

import fcntl
import hashlib
import os
import pwd
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class EmbeddedError(SystemExit):
    """One plain sentence about what is missing and what to do."""


@dataclass(frozen=True)
class Server:
    """Where one cluster lives and who runs it (`user` is None for ourselves)."""

    home: Path
    user: pwd.struct_passwd | None

    @property
    def data(self) -> Path:
        return self.home / "data"

    def run(self, *command: object) -> subprocess.CompletedProcess[str]:
        """Run a command as the server's user, in a folder that user can enter."""
        identity = _identity(self.user)
        words = [str(c) for c in command]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "LC_"))}
        return subprocess.run(
            words,
            cwd="/",
            env=environment | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            **identity,
        )


def locate(root: Path) -> Server:
    """Under `root`; for root, when the server's user cannot enter there, under /var/lib."""
    home = root.resolve() / "pg"
    if os.geteuid() != 0:
        _check_owner(home)
        return Server(home, None)
    # The path of the project is in the name: two clones never share a cluster.
    digest = hashlib.sha256(str(home).encode()).hexdigest()[:12]
    elsewhere = Path("/var/lib") / f"screening-{digest}" / "pg"
    if not (home / "data").exists() and (elsewhere / "data").exists():
        home = elsewhere
    server = Server(home, _unprivileged(home))
    if home != elsewhere and not home.exists() and not enters(server, home.parent):
        return Server(elsewhere, server.user)
    return server


def _check_owner(home: Path) -> None:
    if home.exists() and home.stat().st_uid != os.geteuid():
        raise EmbeddedError(
            f"{home} belongs to another user (made by root?): "
            "run as that user, remove it, or set DATABASE_URL."
        )


def _unprivileged(home: Path) -> pwd.struct_passwd:
    """PostgreSQL refuses to run as root: the cluster's owner, else `postgres`, else `nobody`."""
    users = {user.pw_name: user for user in pwd.getpwall()}
    if home.exists() and (uid := home.stat().st_uid) != 0:
        owner = next((user for user in users.values() if user.pw_uid == uid), None)
        if not owner:
            raise EmbeddedError(f"{home} belongs to user number {uid}, who has no name here.")
        return owner
    for name in ("postgres", "nobody"):
        if name in users:
            return users[name]
    raise EmbeddedError("Started as root, PostgreSQL needs a user `postgres` or `nobody`.")


def _identity(user: pwd.struct_passwd | None) -> dict[str, Any]:
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def enters(server: Server, folder: Path) -> bool:
    return server.run("/bin/sh", "-c", 'cd -- "$1"', "sh", folder).returncode == 0


def prepare(server: Server) -> None:
    """Make the folder that belongs to the server's user; nothing above it changes."""
    parent = server.home.parent
    if parent.name.startswith("screening-") and not parent.exists():
        parent.mkdir(mode=0o755)
        print(
            f"The project's folder is closed to user {server.user.pw_name if server.user else ''}: "
            f"the database lives in {server.home}.",
            file=sys.stderr,
        )
    server.home.mkdir(mode=0o700, exist_ok=True)
    if server.user:
        os.chown(server.home, server.user.pw_uid, server.user.pw_gid)


@contextmanager
def only_one(root: Path) -> Iterator[None]:
    """Two starters at once wait for each other."""
    try:
        handle = os.open(root / "pg.lock", os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError:
        raise EmbeddedError(
            f"{root} cannot be written by this user: run as its owner, or set DATABASE_URL."
        ) from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
