"""docs/api-tour.md runs as it stands: bash and curl against a real server, promise by promise."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.error import URLError

import pytest

from screening import embedded, serve
from tests import database

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "api-tour.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.M | re.S)
PROMISE = "#=> "


def script() -> str:
    """The page's blocks as one script; each promise is printed as it is reached."""
    lines = "".join(BLOCK.findall(PAGE.read_text())).splitlines()
    told = [f"echo '{x}'" if x.startswith(PROMISE) else x for x in lines]
    return "set -euo pipefail\n" + "\n".join(told) + "\n"


def promises(output: str) -> list[tuple[str, str]]:
    """(promised, the line really printed before it) of each promise."""
    lines = output.splitlines()
    return [
        (line.removeprefix(PROMISE), lines[i - 1].strip())
        for i, line in enumerate(lines) if line.startswith(PROMISE)
    ]  # fmt: skip


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@pytest.fixture
def env(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A database of its own and keys of its own, for the server and the commands alike."""
    try:
        server = database.server()
    except embedded.EmbeddedError as why:
        pytest.skip(f"PostgreSQL is not here: {why}")
    with database.own_copy(server, "tour") as url:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SCREENING_")}
        yield kept | {
            "DATABASE_URL": url,
            "SCREENING_INSTANCE": str(tmp_path / "instance"),
            "SCREENING_LOG": "WARNING",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }


@pytest.fixture
def url(env: dict[str, str]) -> Iterator[str]:
    """A real gunicorn on a free port."""
    bind = f"127.0.0.1:{free_port()}"
    web = serve.web(env, bind, 1, 4)
    try:
        until_up(f"http://{bind}/healthz", web)
        yield f"http://{bind}"
    finally:
        web.terminate()
        web.wait(serve.GRACE)


def until_up(address: str, web: subprocess.Popen, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and web.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    pytest.fail("the server did not come up")


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="no bash or curl")
def test_the_tour_runs_as_it_stands_and_keeps_every_promise(env, url):
    ran = subprocess.run(
        ["bash"], input=script(), env={**env, "URL": url}, cwd=ROOT, capture_output=True,
        text=True, timeout=240,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-3000:] + ran.stderr[-3000:]
    kept = promises(ran.stdout)
    assert len(kept) == PAGE.read_text().count(f"\n{PROMISE}") > 10
    assert [real for _, real in kept] == [promised for promised, _ in kept]
