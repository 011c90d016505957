"""One cluster: made, configured, started, stopped; alive or not, whatever its pid file says."""

import os
import re
import shutil
import stat
import tempfile
import time
from pathlib import Path

from screening.embedded.place import EmbeddedError, Server, prepare
from screening.embedded.programs import fitting

ROLE = "screening"
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


def start(server: Server) -> None:
    binaries = next(fitting(server))
    prepare(server)
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


def halt(server: Server) -> None:
    """Stop it; sessions are ended, transactions rolled back."""
    socket = socket_in_use(server)
    control = next(fitting(server)) / "pg_ctl"
    done = server.run(control, "stop", "-D", server.data, "-m", "fast", "-w")
    if done.returncode:
        raise EmbeddedError(f"PostgreSQL did not stop: {done.stderr.strip()}")
    if socket.parent != server.home:
        shutil.rmtree(socket, ignore_errors=True)


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
    conf = SETTINGS.format(socket=_socket(server), compression="lz4" if lz4 else "on")
    _write(server, server.data / "screening.conf", conf)


def _socket(server: Server) -> Path:
    name = server.home / "run"
    # Plain characters only: a comma parts the setting, a space is + to one reader of an address
    # and %20 to another.
    short = len(os.fsencode(name / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT
    if short and re.fullmatch(r"[A-Za-z0-9_./-]+", str(name)):
        name.mkdir(mode=0o700, exist_ok=True)
    elif former := _former_socket(server):
        return former
    else:
        name = Path(tempfile.mkdtemp(prefix="screening-", dir="/tmp"))
    if server.user:
        os.chown(name, server.user.pw_uid, server.user.pw_gid)
    return name


def _former_socket(server: Server) -> Path | None:
    """The short folder of a server that was killed, while it is still closed and its own."""
    conf = server.data / "screening.conf"
    known = re.search(r"(/tmp/screening-\w+)", conf.read_text()) if conf.exists() else None
    if not known or not Path(known[1]).is_dir():
        return None
    state = os.lstat(known[1])
    owner = server.user.pw_uid if server.user else os.geteuid()
    ours = stat.S_ISDIR(state.st_mode) and (state.st_uid, state.st_mode & 0o777) == (owner, 0o700)
    return Path(known[1]) if ours else None


def socket_in_use(server: Server) -> Path:
    return Path((server.data / "postmaster.pid").read_text().splitlines()[4])


def _write(server: Server, path: Path, text: str) -> None:
    path.write_text(text)
    if server.user:
        os.chown(path, server.user.pw_uid, server.user.pw_gid)


def pid(server: Server) -> int | None:
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
