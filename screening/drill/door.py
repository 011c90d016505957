"""The public door as the drill's people use it: JSON and files in, JSON out, over any transport."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol

import requests

SECONDS = 60  # a request that takes longer is told as failed and tried again


class Refused(Exception):
    """The server said no, with its problem document."""

    def __init__(self, path: str, status: int, body: Any) -> None:
        super().__init__(f"{path}: {status} {body}")
        self.status, self.body = status, body


class Reply(NamedTuple):
    status: int
    body: Any

    def get(self, name: str) -> Any:
        return self.body[name]


class Door(Protocol):
    """What a transport can do; each raises Refused for an answer of 400 and above."""

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        data: bytes | None = None,
        file: tuple[str, bytes] | None = None,
        form: dict[str, Any] | None = None,
        token: str | None = None,
    ) -> Reply: ...

    def get(self, path: str, *, token: str | None = None) -> Reply: ...


def checked(path: str, status: int, body: Any) -> Reply:
    if status >= 400:
        raise Refused(path, status, body)
    return Reply(status, body)


def bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


class HttpDoor:
    """A served instance."""

    def __init__(self, url: str) -> None:
        self.url, self.session = url.rstrip("/"), requests.Session()

    def post(
        self,
        path: str,
        *,
        json: Any = None,
        data: bytes | None = None,
        file: tuple[str, bytes] | None = None,
        form: dict[str, Any] | None = None,
        token: str | None = None,
    ) -> Reply:
        headers = bearer(token)
        if data is not None:
            headers["Content-Type"] = "application/x-ndjson"
        files = {"file": file} if file else None
        answer = self.session.post(
            self.url + path,
            json=json,
            data=data or form,
            files=files,
            headers=headers,
            timeout=SECONDS,
        )
        return checked(path, answer.status_code, _body(answer))

    def get(self, path: str, *, token: str | None = None) -> Reply:
        answer = self.session.get(self.url + path, headers=bearer(token), timeout=SECONDS)
        return checked(path, answer.status_code, _body(answer))


def _body(answer: requests.Response) -> Any:
    if "json" not in answer.headers.get("Content-Type", ""):
        return answer.text
    return answer.json()
