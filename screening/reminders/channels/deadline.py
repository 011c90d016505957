"""An end to a whole call: a gateway that drips its handshake, its headers or its answer byte by byte
never runs into a limit of a single read, and would hold the worker for ever."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

_now = threading.local()  # the deadline of the call that this thread makes


class Deadline:
    """While it is worn, every connection of this thread is cut when the seconds are over."""

    def __init__(self, seconds: float) -> None:
        self.passed = False
        self._lines: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Deadline:
        _now.deadline = self
        self._timer.start()
        return self

    def __exit__(self, *a: object) -> None:
        self._timer.cancel()
        _now.deadline = None
        with self._lock:
            self._lines.clear()

    def hold(self, line: socket.socket) -> None:
        with self._lock:
            self._lines.add(line)
            if self.passed:
                _cut(line)

    def _end(self) -> None:
        with self._lock:
            self.passed = True
            for line in self._lines:
                _cut(line)


def _cut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _hold(line: socket.socket | None) -> None:
    deadline = getattr(_now, "deadline", None)
    if deadline is not None and line is not None:
        deadline.hold(line)


class _Held:
    """A second handle of the socket, which TLS takes away from the first one."""

    _twin: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        sock = super()._new_conn()  # type: ignore[misc]
        self._twin = sock.dup()
        _hold(self._twin)
        return sock

    def putrequest(self, *a: Any, **kw: Any) -> None:
        _hold(self._twin)  # a connection that was kept from an earlier call
        super().putrequest(*a, **kw)  # type: ignore[misc]

    def close(self) -> None:
        super().close()  # type: ignore[misc]
        if self._twin is not None:
            self._twin.close()
            self._twin = None


class _Plain(_Held, HTTPConnection):
    pass


class _Tls(_Held, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *a: Any, **kw: Any) -> None:
        super().init_poolmanager(*a, **kw)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}

    def proxy_manager_for(self, *a: Any, **kw: Any) -> Any:
        manager = super().proxy_manager_for(*a, **kw)
        manager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}
        return manager


def session() -> requests.Session:
    """A session whose calls a Deadline can end."""
    found = requests.Session()
    for scheme in ("http://", "https://"):
        found.mount(scheme, _Adapter())
    return found
