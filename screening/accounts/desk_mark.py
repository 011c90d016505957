"""Which browser somebody signs at: a mark that it keeps, of which only a hash is stored."""

from __future__ import annotations

import hashlib
import secrets

from flask import Response, after_this_request, current_app, has_request_context, request

COOKIE = "desk_mark"
_YEAR = 365 * 24 * 3600  # seconds


def current_desk() -> bytes | None:
    """The hash of this browser's mark, which it is given if it has none; None for programs."""
    if not has_request_context() or request.authorization is not None:
        return None
    mark = request.cookies.get(COOKIE, "")
    if not 20 <= len(mark) <= 64:
        mark = secrets.token_urlsafe(24)
        _give(mark)
    return hashlib.sha256(b"desk\0" + mark.encode()).digest()[:16]


def _give(mark: str) -> None:
    @after_this_request
    def wear(response: Response) -> Response:
        response.set_cookie(
            COOKIE,
            mark,
            max_age=_YEAR,
            httponly=True,
            samesite="Strict",
            secure=request.is_secure or current_app.extensions["settings"].https,
        )
        return response
