"""The HTTP edge: one request is one transaction; every failure becomes a problem or a page."""

from __future__ import annotations

import json
import logging
import secrets
from typing import Any

import orjson
import psycopg.errors
from flask import Flask, Request, Response, g, render_template, request
from flask.json.provider import JSONProvider
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface
from flask_babel import get_locale
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from screening import errors
from screening.db import db
from screening.errors import Faults, NotSignedIn, Problem

log = logging.getLogger("screening.web")

CSP = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; worker-src 'self'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class OrjsonProvider(JSONProvider):
    """orjson: ISO times, and an order of magnitude faster than the default."""

    def dumps(self, obj: Any, **_: Any) -> str:
        return orjson.dumps(obj, option=_OPTIONS).decode()

    def loads(self, s: str | bytes, **_: Any) -> Any:
        return orjson.loads(s)

    def response(self, *args: Any, **kw: Any) -> Response:
        obj = self._prepare_response_obj(args, kw)
        return Response(orjson.dumps(obj, option=_OPTIONS), mimetype="application/json")


_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_UTC_Z


class Said(SecureCookieSessionInterface):
    """Flask's own cookie. Most requests carry none: then there is nothing to open, no signer to make."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if self.get_cookie_name(app) not in request.cookies:
            return self.session_class()
        return super().open_session(app, request)


def init_web(app: Flask) -> None:
    app.json = OrjsonProvider(app)
    app.session_interface = Said()
    app.after_request(_finish)
    app.register_error_handler(Problem, _problem)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(DBAPIError, _database)
    app.register_error_handler(psycopg.Error, _database)
    app.register_error_handler(Exception, _unexpected)


def _finish(response: Response) -> Response:
    """Return commits, raise rolls back: the one place where a request's transaction ends."""
    if getattr(g, "failed", False):
        db.session.rollback()
    elif db.session.registry.has():  # a glance or a ping opened none
        try:
            db.session.commit()
        except (DBAPIError, psycopg.Error) as e:
            response = _database(e)
            db.session.rollback()
    held = {name for name, _ in response.headers}
    response.headers.extend([pair for pair in HEADERS.items() if pair[0] not in held])
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if "Cache-Control" not in response.headers and not request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-store"
    return response


def wants_page() -> bool:
    """Whether the caller is a person with a browser (pages), not a program (problem+json)."""
    if request.path.startswith(("/api/", "/openapi", "/healthz", "/readyz", "/metrics")):
        return False
    return request.accept_mimetypes.accept_html


def lang() -> str:
    locale = get_locale()
    return "en" if locale is not None and locale.language == "en" else "zh"


def _problem(problem: Problem) -> Response:
    g.failed = True
    db.session.rollback()
    if wants_page():
        return _page(problem)
    return problem_json(problem)


def problem_json(problem: Problem) -> Response:
    """`application/problem+json` with the code, one sentence, and every fault of the input."""
    tongue = lang()
    body: dict[str, Any] = {
        "type": f"/docs/problems#{problem.code}",
        "title": problem.code.replace("_", " "),
        "status": problem.status,
        "code": problem.code,
        "detail": problem.sentence(tongue),
    }
    body |= {k: v for k, v in problem.details.items() if k not in body}
    if isinstance(problem, Faults):
        body["faults"] = [f.to_dict(tongue) for f in problem.faults]
    response = Response(
        _told(body),
        status=problem.status,
        mimetype="application/problem+json",
    )
    if "seconds" in problem.details:
        response.headers["Retry-After"] = str(int(problem.details["seconds"]))
    if problem.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _told(body: dict[str, Any]) -> bytes:
    """A refusal may carry back what was sent: numbers and characters that orjson refuses too."""
    try:
        return orjson.dumps(body, option=_OPTIONS, default=str)
    except TypeError:
        return json.dumps(body, default=str).encode()


def _page(problem: Problem) -> Response:
    from flask import redirect, url_for

    if isinstance(problem, NotSignedIn) and request.method == "GET":
        return redirect(url_for("accounts_pages.sign_in", next=request.full_path))  # type: ignore[return-value]
    faults = problem.faults if isinstance(problem, Faults) else []
    html = render_template(
        "error.html",
        status=problem.status,
        code=problem.code,
        sentence=problem.sentence(lang()),
        faults=faults,
    )
    return Response(html, status=problem.status, mimetype="text/html")


def _http(e: HTTPException) -> Response:
    """Werkzeug's own refusals, in our words; their headers (Allow, Retry-After) stay."""
    if e.code is not None and e.code < 400:
        return e.get_response()  # type: ignore[return-value]
    kinds: dict[int, type[Problem]] = {
        404: errors.NotFound,
        413: errors.TooLarge,
        429: errors.TooMany,
        503: errors.Unavailable,
    }
    kind = kinds.get(e.code or 0)
    if kind is None:
        problem = Problem()
        problem.status = e.code or 400  # type: ignore[misc]
    else:
        problem = kind(seconds=60) if e.code == 429 else kind()
    response = _problem(problem)
    for name, value in e.get_response().headers.items():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def translate(e: Exception) -> Problem | None:
    """The problem that a violated constraint stands for, or None."""
    cause = e.orig if isinstance(e, DBAPIError) else e
    if isinstance(cause, psycopg.errors.IntegrityError):
        name = cause.diag.constraint_name or ""
        kind = errors.BY_CONSTRAINT.get(name, errors.Conflict)
        return kind(constraint=name)
    if isinstance(cause, psycopg.errors.DataError):
        return errors.Problem()
    if isinstance(cause, psycopg.OperationalError):
        return errors.Unavailable()
    return None


def _database(e: Exception) -> Response:
    problem = translate(e)
    if problem is None or problem.status >= 500:
        log.error("database: %s", type(getattr(e, "orig", e)).__name__)
    return _unexpected(e) if problem is None else _problem(problem)


def _unexpected(e: Exception) -> Response:
    ref = secrets.token_hex(4)
    # the trace names code, not values: messages of exceptions may carry personal data
    frames = []
    tb = e.__traceback__
    while tb is not None:
        code = tb.tb_frame.f_code
        frames.append(f"{code.co_filename.rsplit('/', 2)[-1]}:{tb.tb_lineno} {code.co_name}")
        tb = tb.tb_next
    log.error("unexpected %s %s: %s", ref, type(e).__name__, " < ".join(reversed(frames[-12:])))
    return _problem(errors.Unexpected(ref=ref))
