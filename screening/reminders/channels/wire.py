"""Asking a gateway over HTTP: no redirects, an end to what is read, answers of any shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
import requests
from urllib3.exceptions import HTTPError

from screening.reminders.channels import Answer, Fate
from screening.reminders.channels.deadline import Deadline

SECONDS = (3.05, 10)  # to connect, to answer
MOST_BYTES = 256 * 1024
PIECE = 16 * 1024


class Heard(NamedTuple):
    status: int
    body: bytes

    @property
    def page(self) -> bool:
        """A page for people: what answered is not the gateway."""
        return self.body.lstrip()[:1] == b"<"

    @property
    def said(self) -> Any:
        """What it says as JSON; None where it is none."""
        try:
            return orjson.loads(self.body)
        except ValueError:
            return None


def call(
    session: requests.Session, method: str, url: str, *, seconds: tuple[float, float],
    headers: Mapping[str, str] | None = None, **kw: Any,
) -> Heard:  # fmt: skip
    """Raises requests.RequestException, also when the answer takes too long or has no end: all of
    it together may last as long as connecting and answering."""
    plain = {"Accept-Encoding": "identity", **(headers or {})}
    with Deadline(sum(seconds)) as deadline:
        try:
            with session.request(
                method, url, headers=plain, timeout=seconds, allow_redirects=False,
                stream=True, **kw,
            ) as answer:  # fmt: skip
                body = bytearray()
                while piece := answer.raw.read1(PIECE):
                    body += piece
                    if len(body) > MOST_BYTES:
                        raise requests.ReadTimeout
                if deadline.passed:  # cut off, it looks as if it had come to its end
                    raise requests.ReadTimeout
                return Heard(answer.status_code, bytes(body))
        except HTTPError as e:
            raise requests.ReadTimeout from e
        except requests.ConnectionError as e:
            if deadline.passed:
                raise requests.ReadTimeout from e
            raise


def lost(e: requests.RequestException) -> Answer:
    """No connection: it was surely not taken. Anything later: nobody can know."""
    if isinstance(e, requests.ConnectTimeout) or _never_left(e):
        return Answer(Fate.LATER, "no_connection")
    why = "timeout" if isinstance(e, requests.Timeout) else type(e).__name__.lower()
    return Answer(Fate.UNKNOWN, why)


def _never_left(e: requests.RequestException) -> bool:
    """True when not even the connection was made."""
    from urllib3.exceptions import MaxRetryError, NameResolutionError, NewConnectionError

    cause = e.args[0] if e.args else None
    if isinstance(cause, MaxRetryError):
        cause = cause.reason
    return isinstance(cause, (NewConnectionError, NameResolutionError))


def part(of: Any, name: str) -> Mapping[str, Any]:
    """An object inside an object; empty where there is none."""
    found = of.get(name) if isinstance(of, dict) else None
    return found if isinstance(found, dict) else {}


def rows(of: Any, name: str) -> Sequence[Mapping[str, Any]] | None:
    """The objects of a list inside an object; None where there is no such list."""
    found = of.get(name) if isinstance(of, dict) else None
    return [r for r in found if isinstance(r, dict)] if isinstance(found, list) else None
