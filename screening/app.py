"""The roof: create_app() binds and registers; only wsgi.py and the tests know it."""

from __future__ import annotations

import gc
import importlib
import logging

from flask import Flask
from flask_migrate import Migrate

from screening import clock, keyguard, schema
from screening.config import ROOT, Settings
from screening.crypto import KeyRing
from screening.db import db

VERSION = "0.1.0"

SLICES = (
    "places", "accounts", "registry", "inbound", "tube", "tickets", "field", "collection",
    "transport", "lab", "reporting", "coverage", "ledger", "reminders", "interop", "figures",
    "bulletins", "exports", "dashboard",
)  # fmt: skip


def create_app(settings: Settings | None = None) -> Flask:
    """The whole application. Without `settings` they are read from the environment."""
    settings = settings or Settings.from_env()
    logging.basicConfig(
        level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    clock.configure(settings.clock)
    app = Flask(
        "screening",
        root_path=str(ROOT / "screening"),
        instance_path=str(settings.instance),
        template_folder=str(ROOT / "templates"),
        static_folder=str(ROOT / "static"),
    )
    app.config.update(
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_size": 8, "max_overflow": 8, "pool_pre_ping": False},
        MAX_CONTENT_LENGTH=settings.max_upload,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        TESTING=settings.testing,
        VERSION=VERSION,
    )
    app.extensions["settings"] = settings
    app.extensions["keys"] = (
        KeyRing.load(settings.keys)
        if settings.keys
        else KeyRing.at(settings.instance / "keys.json")
    )
    app.config.update(  # Flask's own cookie carries only the messages of a redirect
        SECRET_KEY=app.extensions["keys"].token("cookie", "messages"),
        SESSION_COOKIE_NAME="said",
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.https,
    )
    if settings.proxies:
        from werkzeug.middleware.proxy_fix import ProxyFix

        app.wsgi_app = ProxyFix(app.wsgi_app, settings.proxies, settings.proxies)  # type: ignore[method-assign]
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"), compare_type=True)
    assert schema.metadata is db.metadata
    _register(app)
    if not settings.testing:
        with app.app_context():
            try:
                keyguard.check(app.extensions["keys"])
            finally:
                db.engine.dispose()  # nothing may be open when gunicorn forks
        _leave_be()
    return app


def _leave_be() -> None:
    """The quarter of a million objects made until here live as long as the process: the collector
    need not look at them again and again. Nor should it look after every 700 new ones, since rows
    make no circles; it took half of the worker's time with a long list."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def _register(app: Flask) -> None:
    from screening import cli, operations, web
    from screening.dashboard.nav import init_nav
    from screening.i18n import init_i18n

    web.init_web(app)
    init_i18n(app)
    init_nav(app)
    app.register_blueprint(operations.bp)
    for name in SLICES:
        for room in ("api", "pages"):
            module = _find(f"screening.{name}.{room}")
            if module is not None:
                app.register_blueprint(module.bp)
    for name in SLICES:
        _find(f"screening.{name}.jobs")
        _find(f"screening.{name}.lists")
    cli.init_cli(app)


def _find(name: str):
    """A slice leaves out a room that it does not need."""
    if importlib.util.find_spec(name) is None:
        return None
    return importlib.import_module(name)
