"""What every test stands on: a database of its own made from a template, the app, a clean end."""

from __future__ import annotations

import contextvars
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import scoped_session

from screening import embedded
from tests import database, statements

ROOT = Path(__file__).resolve().parent.parent
# Continuous integration has these; elsewhere a test may do without, and says so.
LONG = (
    "tests/browser/", "tests/test_api_tour.py", "tests/pwa/", "tests/test_access.py",
    "tests/coverage/test_recount_property.py",
)  # fmt: skip
NEVER_MISSING_IN_CI = ("Chromium", "PostgreSQL")
# A busy machine is no fault of the code: examples prove what is true, `make bench` how fast.
hypothesis.settings.register_profile(
    "house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("house")


# --- database -------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def database_url() -> Iterator[str]:
    """A database of this process alone, migrated, dropped at the end."""
    try:
        server = database.server()
    except embedded.EmbeddedError as why:
        pytest.skip(f"PostgreSQL is not here: {why}")
    with database.own_copy(server, os.environ.get("PYTEST_XDIST_WORKER", "main")) as url:
        yield url


@pytest.fixture(scope="session")
def app(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The whole application on this process's database."""
    from screening.app import create_app
    from screening.config import Settings
    from tests import snapshots

    snapshots.exact()
    instance = tmp_path_factory.mktemp("instance")
    made = create_app(Settings(database_url=database_url, instance=instance, testing=True))
    made.test_client_class = Visitor
    yield made
    with made.app_context():
        from screening.db import db

        db.engine.dispose()


@pytest.fixture(scope="session", autouse=True)
def dear_words() -> PasswordHasher:
    """The hasher that the product uses. Here a cheaper one has its place: to hash slowly, which
    protects nobody in a test, would be a sixth of the work of the tests with people in them."""
    from screening.accounts import secret_words

    dear = secret_words._argon
    secret_words._argon = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    return dear


@pytest.fixture
def clean_database(app: Flask, database_url: str) -> Iterator[None]:
    """After the test every table holds again what the migrations put there."""
    yield
    database.clean(database_url)


@pytest.fixture
def db_session(app: Flask, clean_database: None) -> Iterator[scoped_session[Any]]:
    """The session, inside an app context; what the test does not commit is rolled back."""
    from screening.db import db

    with app.app_context():
        yield db.session
        db.session.rollback()
        db.session.remove()


@pytest.fixture
def client(app: Flask, clean_database: None) -> FlaskClient:
    return app.test_client()


class Visitor(FlaskClient):
    """A client that shares nothing with the test: each request has an app context of its own.

    Flask would otherwise reuse the context of `db_session`, and with it the test's session.
    """

    def open(self, *args: Any, **kw: Any) -> Any:
        return contextvars.Context().run(super().open, *args, **kw)


@pytest.fixture(autouse=True)
def routed() -> Iterator[None]:
    """No statement that the project sends in a test asks every cell, unless it says why."""
    with statements.heard() as offences:
        yield
        assert not offences, "\n".join(offences)


# --- the outside world ----------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser; Playwright's own download is never used."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if not path:
        pytest.skip("Chromium is not installed: pages are not tried in a browser")
    return path


@pytest.fixture(scope="session")
def node() -> str:
    """Path of node: the one on the machine, else the one in the virtual environment."""
    path = shutil.which("node") or shutil.which("node", path=str(ROOT / ".venv" / "bin"))
    if not path:
        pytest.skip("node is not here (run `make setup`): JavaScript is not tried")
    return path


# --- order --------------------------------------------------------------------------------


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first: a worker that has nothing left takes over half of the other's
    rest, and at the end nobody waits for one long walk."""
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


# --- what was skipped, and why --------------------------------------------------------------


def _skipped(config: pytest.Config) -> Counter[str]:
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    reports = reporter.stats.get("skipped", []) if reporter else []
    return Counter(_reason(r.longrepr) for r in reports)


def _reason(longrepr: Any) -> str:
    text = longrepr[2] if isinstance(longrepr, tuple | list) else str(longrepr)
    return text.removeprefix("Skipped: ")


def _missing_in_ci(config: pytest.Config) -> list[str]:
    if os.environ.get("CI") != "true":
        return []
    return [why for why in _skipped(config) if why.startswith(NEVER_MISSING_IN_CI)]


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if _missing_in_ci(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    skipped = _skipped(config)
    terminalreporter.section("Skipped, and why")
    for why, times in sorted(skipped.items()):
        terminalreporter.line(f"{times:4d} x {why}")
    if not skipped:
        terminalreporter.line("nothing")
    for why in _missing_in_ci(config):
        terminalreporter.line(f"FAILED: in CI this must not be missing: {why}", red=True)
