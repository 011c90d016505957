"""`python -m screening.serve`: the database, migrations, gunicorn and the worker, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from screening import embedded
from screening.config import ROOT

GRACE = 20  # seconds that a server gets to end its requests
TRIES = 5  # how often a worker that ends soon after its start is started again
STEADY = 60  # seconds after which it counts as well started


def main() -> int:
    parser = argparse.ArgumentParser(prog="screening.serve", description=__doc__)
    parser.add_argument("--bind", default="127.0.0.1:8000")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=8)
    args = parser.parse_args()
    env = dict(os.environ)
    with database(env):
        migrate(env)
        with running(web(env, args.bind, args.workers, args.threads), worker(env)) as children:
            print(f"采送检报 Screening: http://{args.bind}  (Ctrl-C stops everything)", flush=True)
            return wait(children, again=lambda: worker(env))


@contextlib.contextmanager
def database(env: dict[str, str]) -> Iterator[str]:
    """The database's URL, put into `env`; an embedded server that was started here stops again."""
    if env.get("DATABASE_URL"):
        yield env["DATABASE_URL"]
        return
    root = Path(env.get("SCREENING_INSTANCE") or ROOT / "instance")
    was_running = embedded.running(root)
    env["DATABASE_URL"] = embedded.ensure(root)
    try:
        yield env["DATABASE_URL"]
    finally:
        if not was_running:
            embedded.stop(root)


def migrate(env: Mapping[str, str]) -> None:
    """Bring the schema up to date. Raises CalledProcessError."""
    subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"],
        cwd=ROOT, env={**env, "SCREENING_LOG": "WARNING"}, check=True,
    )  # fmt: skip


def web(
    env: Mapping[str, str], bind: str, workers: int, threads: int, *tls: str
) -> subprocess.Popen:
    """gunicorn, in a session of its own so that Ctrl-C reaches it once, from us."""
    return subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "wsgi:app", "-k", "gthread", "--workers", str(workers),
         "--threads", str(threads), "--bind", bind, "--keep-alive", "30", "--graceful-timeout",
         str(GRACE), "--max-requests", "200000", "--max-requests-jitter", "20000",
         "--worker-tmp-dir", "/dev/shm" if Path("/dev/shm").is_dir() else "/tmp",  # noqa: S108
         "--no-control-socket", "--log-level", "warning", *tls],
        cwd=ROOT, env=dict(env), start_new_session=True,
    )  # fmt: skip


def worker(env: Mapping[str, str]) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "worker"],
        cwd=ROOT, env=dict(env), start_new_session=True,
    )  # fmt: skip


@contextlib.contextmanager
def running(*started: subprocess.Popen) -> Iterator[list[subprocess.Popen]]:
    """End the children, politely first, when the block ends or the terminal says stop."""
    signal.signal(signal.SIGTERM, _stop)
    children = list(started)
    try:
        yield children
    finally:
        for child in children:
            if child.poll() is None:
                child.terminate()
        for child in children:
            try:
                child.wait(GRACE)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def wait(
    children: list[subprocess.Popen], again: Callable[[], subprocess.Popen] | None = None
) -> int:
    """Until Ctrl-C (0), or until a child ends by itself (its code). The last one is begun `again`
    a few times: something killed it, or its database was away for a moment."""
    tries, begun = 0, time.monotonic()
    try:
        while True:
            *others, last = (child.poll() for child in children)
            code = next((c for c in (*others, last) if c is not None), None)
            if again and last is not None and code == last and all(c is None for c in others):
                tries = 0 if time.monotonic() - begun > STEADY else tries + 1
                if tries <= TRIES:
                    print(f"The worker ended ({last}); it is started again.", file=sys.stderr)
                    time.sleep(tries)
                    children[-1], code, begun = again(), None, time.monotonic()
            if code is not None:
                print(f"A server ended by itself ({code}); stopping.", file=sys.stderr)
                return code or 1
            time.sleep(0.5)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(0)
