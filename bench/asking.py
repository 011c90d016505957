"""The load generator's side of a connection: prepared bytes out, status and body back, nothing else.

It shares the cores with what it measures; http.client took as much of them as the server's own part."""

from __future__ import annotations

import socket
from collections.abc import Mapping

PIECE = 65_536


def prepared(
    method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
) -> bytes:
    """A whole request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


class Line:
    """One kept-alive connection; opened anew where the server closed it after an answer."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.link: socket.socket | None = None

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body. Answers must tell their length, as ours do."""
        link = self.link or self._open()
        link.sendall(request)
        data = link.recv(PIECE)
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._more(link)
        head = data[:end].lower()
        size = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        while len(data) < end + 4 + size:
            data += self._more(link)
        if b"connection: close" in head:
            self.close()
        return int(head[9:12]), data[end + 4 :]

    def close(self) -> None:
        if self.link is not None:
            self.link.close()
        self.link = None

    def _open(self) -> socket.socket:
        self.link = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        self.link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.link

    def _more(self, link: socket.socket) -> bytes:
        piece = link.recv(PIECE)
        if not piece:
            raise ConnectionError("the server closed the connection in mid-answer")
        return piece
