"""`python -m screening.drill.demo`: a city's screening day in a browser, until Ctrl-C.

It lives in instance/demo with a database and keys of its own and never touches another one.
Started again it goes on where it stopped; `--reset` begins afresh.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.error import URLError
from urllib.request import urlopen

import msgspec
import psycopg
from psycopg import sql

from screening import clock, embedded
from screening.config import ROOT
from screening.drill import certificate, day_plan
from screening.drill.scenery import at_hour
from screening.serve import database, migrate, running, web, worker

INSTANCE = ROOT / "instance" / "demo"
OPENS = 5.5  # local hour at which the demo's day begins, half an hour before the sites open
RATE = 60  # domain seconds in a second: a day of sampling takes about ten minutes
THREADS = 8
PATIENCE = 5  # seconds that what runs gets to end its work; whoever presses Ctrl-C is waiting
ANSWERS_WITHIN = 60  # seconds
HTTPS_BIND = "0.0.0.0:8443"  # phones in the same network are the point
OWN = ("DATABASE_URL", "SCREENING_KEYS", "SCREENING_CLOCK", "SCREENING_INSTANCE")


class Moment(msgspec.Struct):
    """clock.json: where domain time stood when the demo last looked."""

    domain: datetime
    rate: int = RATE


def main() -> int:
    parser = argparse.ArgumentParser(prog="screening.drill.demo", description=__doc__)
    parser.add_argument("--reset", action="store_true", help="begin a new day")
    parser.add_argument("--bind", default="127.0.0.1:8000")
    args = parser.parse_args()
    for name in OWN:  # a demo never uses what belongs to a real system
        os.environ.pop(name, None)
    os.environ["SCREENING_INSTANCE"] = str(INSTANCE)
    INSTANCE.mkdir(parents=True, exist_ok=True)
    with only_once():
        for bind in (args.bind, HTTPS_BIND) if with_https() else (args.bind,):
            check_free(bind)
        env = {**os.environ, "SCREENING_DEMO": "1", "SCREENING_LOG": "WARNING"}
        with database(env):
            if args.reset or not (INSTANCE / "world.json").exists():
                forget(env)
            try:
                migrate(env)
            except subprocess.CalledProcessError:
                raise SystemExit(
                    "The demo's database does not fit this version; make demo-reset begins afresh."
                ) from None
            if not (INSTANCE / "world.json").exists():
                fill(env)
            return serve(env, args.bind)


def with_https() -> bool:
    return os.environ.get("HTTPS", "") not in ("", "0")


# --- the instance -------------------------------------------------------------------------------


@contextlib.contextmanager
def only_once() -> Iterator[None]:
    """Two demos would share one database and its clock."""
    with (INSTANCE / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit("The demo is running already; stop it first (Ctrl-C).") from None
        yield


def check_free(bind: str) -> None:
    """Say at once that the port is taken, not after a minute of loading. Raises SystemExit."""
    host, _, port = bind.rpartition(":")
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, int(port)))
        except OSError as why:
            raise SystemExit(
                f"{bind} cannot be used ({why.strerror}); stop what listens there, or choose "
                'another address: make demo ARGS="--bind 127.0.0.1:8001".'
            ) from None


def forget(env: dict[str, str]) -> None:
    """An empty database and nothing of the last day; a broken-off load ends here too."""
    address = embedded.url(INSTANCE, "postgres")
    name = sql.Identifier(embedded.DATABASE)
    with psycopg.connect(address, autocommit=True) as link:
        link.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
    for path in INSTANCE.iterdir():
        if path.name in ("pg", "lock") or path.suffix == ".lock":
            continue
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    env["DATABASE_URL"] = embedded.ensure(INSTANCE)


def fill(env: dict[str, str]) -> None:
    """The city, on a clock that stands a little before the day begins. Raises SystemExit."""
    today = datetime.now(UTC).astimezone(at_hour(datetime.now(UTC).date(), 0).tzinfo).date()
    before = spec(Moment(at_hour(today, OPENS), 1))
    done = subprocess.run(
        [sys.executable, "-m", "screening.drill.fill"],
        cwd=ROOT, env={**env, "SCREENING_CLOCK": before}, check=False,
    )  # fmt: skip
    if done.returncode:
        raise SystemExit("The demo's city could not be loaded; see above.")


def spec(moment: Moment) -> str:
    return f"{moment.domain.isoformat()}/{clock.real_now().isoformat()}/{moment.rate}"


def last_moment() -> Moment:
    """The clock goes on where it stood: while nobody serves, no time passes."""
    path = INSTANCE / "clock.json"
    if path.exists():
        return msgspec.json.decode(path.read_bytes(), type=Moment)
    plan = day_plan.from_json((INSTANCE / "plan.json").read_bytes())
    return Moment(at_hour(plan.day, OPENS))


def remember(rate: int) -> None:
    fresh = INSTANCE / "clock.json.new"
    fresh.write_bytes(msgspec.json.encode(Moment(clock.now(), rate)))
    fresh.replace(INSTANCE / "clock.json")


# --- serving ------------------------------------------------------------------------------------


def serve(env: dict[str, str], bind: str) -> int:
    """Until Ctrl-C. When the day has been played it goes on with a clock as fast as any other:
    left alone for an hour, a fast one would make everything days late."""
    while (code := serve_at(last_moment(), env, bind)) is None:
        remember(1)
    return code


def serve_at(moment: Moment, env: dict[str, str], bind: str) -> int | None:
    """Serve and play from `moment` on; None when a fast day is over."""
    env["SCREENING_CLOCK"] = spec(moment)
    clock.configure(env["SCREENING_CLOCK"])
    soon = ("--graceful-timeout", str(PATIENCE))
    servers = [web(env, bind, 2, THREADS, *soon), worker(env)]
    if with_https():
        tls = certificate.options(INSTANCE)
        servers.append(web(env, HTTPS_BIND, 1, THREADS, *soon, *tls))
    with running(*servers) as children, quietly():
        url = f"http://{bind}"
        answered(url, children)
        welcome(url, moment.rate)
        with playing(env, url) as player:
            return watch(children, player, moment.rate)


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Once it stops, a second Ctrl-C must not leave half of it running."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


def answered(url: str, children: list[subprocess.Popen]) -> None:
    """Wait until the sign-in page is there. Raises SystemExit."""
    until = time.monotonic() + ANSWERS_WITHIN
    while time.monotonic() < until and all(child.poll() is None for child in children):
        with contextlib.suppress(URLError, OSError):
            urlopen(f"{url}/sign-in", timeout=5).close()
            return
        time.sleep(0.2)
    raise SystemExit("The pages do not answer; see above.")


def welcome(url: str, rate: int) -> None:
    print(f"\n采送检报 Screening: {url}   (Ctrl-C stops everything)\n")
    for one in msgspec.json.decode((INSTANCE / "demo-signins.json").read_bytes()):
        print(f"  {one['role']:<18} {one['number']}  {one['password']}  {one.get('place', '')}")
    print(f"\nThe field app, practice included: {url}/field/")
    if with_https():
        port = HTTPS_BIND.rpartition(":")[2]
        print("\nFor phones in this network (docs/deploy.md, first trust the second address):")
        for host in certificate.addresses():
            print(f"  https://{host}:{port}/field/   https://{host}:{port}/ca.crt")
    pace = f"{rate} times as fast as" if rate > 1 else "with"
    print(f"\nThe day runs {pace} the clock on the wall.", flush=True)


@contextlib.contextmanager
def playing(env: dict[str, str], url: str) -> Iterator[subprocess.Popen | None]:
    """The process that plays the day's people through HTTP; its words go to player.log."""
    if importlib.util.find_spec("screening.drill.play") is None:
        yield None
        return
    with (INSTANCE / "player.log").open("a") as log:
        player = subprocess.Popen(
            [sys.executable, "-m", "screening.drill.play", "--url", url,
             "--instance", str(INSTANCE)],
            cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        yield player
    finally:
        end(player)


def end(player: subprocess.Popen) -> None:
    if player.poll() is None:
        player.terminate()
    try:
        player.wait(2 * PATIENCE)  # it keeps what it has sent, else it would send it twice
    except subprocess.TimeoutExpired:
        player.kill()
        player.wait()


def watch(
    children: list[subprocess.Popen], player: subprocess.Popen | None, rate: int
) -> int | None:
    """Until Ctrl-C (0), until a server ends by itself (its code), or None when a fast day has been
    played to its end. A player that fails leaves the pages up."""
    told = False
    try:
        while True:
            for child in children:
                if (code := child.poll()) is not None:
                    print(f"A server ended by itself ({code}); stopping.", file=sys.stderr)
                    return code or 1
            remember(rate)
            if player and player.poll() is not None and not told:
                told = True
                log = (INSTANCE / "player.log").relative_to(ROOT)
                how = "The player stopped" if player.returncode else "The day is played"
                print(f"{how} ({log}); the pages stay.", flush=True)
                if not player.returncode and rate > 1:
                    return None
            time.sleep(1)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
