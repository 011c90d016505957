"""A message centre that speaks SMPP 3.4 on a real socket, written from the specification."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from typing import Any

BIND_TRX, UNBIND, SUBMIT, DELIVER, ENQUIRE = 0x09, 0x06, 0x04, 0x05, 0x15
RESP = 0x80000000


class Centre:
    """`plan`: what it does with each submit_sm in turn: 0, an error status, "slow" (takes it, says
    so too late) or "cut" (takes it and hangs up). `submits` is what it took."""

    def __init__(self, *plan: int | str, system_id: str = "esme", password: str = "word") -> None:
        self.plan, self.system_id, self.password = list(plan), system_id, password
        self.submits: list[dict[str, Any]] = []
        self.binds: list[tuple[str, str]] = []
        self.acked: list[int] = []
        self.waiting: list[bytes] = []
        self.links: list[socket.socket] = []
        self.lock = threading.Lock()
        self.sequence = 1000
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.open = True
        self.thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self) -> Centre:
        self.thread.start()
        return self

    def __exit__(self, *a: Any) -> None:
        self.open = False
        self.listener.close()
        self.hang_up()

    def hang_up(self) -> None:
        for link in self.links:
            with contextlib.suppress(OSError):
                link.shutdown(socket.SHUT_RDWR)
            link.close()
        self.links.clear()

    def _accept(self) -> None:
        while self.open:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            self.links.append(link)
            threading.Thread(target=self._serve, args=(link,), daemon=True).start()

    def _serve(self, link: socket.socket) -> None:
        try:
            while True:
                head = _exactly(link, 16)
                length, command, _, sequence = struct.unpack(">IIII", head)
                self._take(link, command, sequence, _exactly(link, length - 16))
        except OSError:
            return

    def _take(self, link: socket.socket, command: int, sequence: int, body: bytes) -> None:
        if command == BIND_TRX:
            system_id, rest = _word(body)
            password, rest = _word(rest)
            self.binds.append((system_id, password))
            known = (system_id, password) == (self.system_id, self.password)
            _send(link, RESP | BIND_TRX, 0 if known else 0x0E, sequence, b"centre\0")
            for pdu in self.waiting if known else []:
                self._deliver(link, pdu)
        elif command == SUBMIT:
            self._submitted(link, sequence, body)
        elif command == ENQUIRE:
            _send(link, RESP | ENQUIRE, 0, sequence, b"")
        elif command == RESP | DELIVER:
            self.acked.append(sequence)
            self.waiting.clear()
        elif command == UNBIND:
            _send(link, RESP | UNBIND, 0, sequence, b"")

    def _submitted(self, link: socket.socket, sequence: int, body: bytes) -> None:
        step = self.plan.pop(0) if self.plan else 0
        if isinstance(step, str) or step == 0:
            self.submits.append(_read_submit(body))
        if step == "cut":
            link.shutdown(socket.SHUT_RDWR)
            return
        if step == "slow":
            time.sleep(0.6)
        status = step if isinstance(step, int) else 0
        number = f"{len(self.submits):08x}\0".encode()
        _send(link, RESP | SUBMIT, status, sequence, number if status == 0 else b"")

    # -- what it tells by itself

    def report(self, number: str, stat: str, *, again: bool = False) -> None:
        """A delivery receipt; kept for the next connection where none stands."""
        text = (
            f"id:{number} sub:001 dlvrd:001 submit date:2611220900 done date:2611220901 "
            f"stat:{stat} err:000 text:"
        ).encode()
        self._tell(_deliver_body("13800000002", 0x04, 0, text), keep=again)

    def reply(self, phone: str, text: str) -> None:
        self._tell(_deliver_body(phone, 0, 8, text.encode("utf-16-be")), keep=False)

    def _tell(self, body: bytes, *, keep: bool) -> None:
        if keep:
            self.waiting.append(body)
        for link in list(self.links):
            with contextlib.suppress(OSError):
                self._deliver(link, body)

    def _deliver(self, link: socket.socket, body: bytes) -> None:
        with self.lock:
            self.sequence += 1
            _send(link, DELIVER, 0, self.sequence, body)

    def texts(self) -> list[str]:
        """Whole messages put together from their parts."""
        out: dict[Any, list[tuple[int, str]]] = {}
        for n, s in enumerate(self.submits):
            raw = s["short_message"]
            if s["esm_class"] & 0x40:
                assert raw[:3] == b"\x05\x00\x03", "concatenation header of 3GPP TS 23.040"
                key, part, raw = (s["to"], raw[3], raw[4]), raw[5], raw[6:]
            else:
                key, part = n, 1
            out.setdefault(key, []).append((part, raw.decode("utf-16-be")))
        return ["".join(t for _, t in sorted(parts)) for parts in out.values()]


def _read_submit(body: bytes) -> dict[str, Any]:
    _, rest = _word(body)
    rest = rest[2:]  # source ton, npi
    source, rest = _word(rest)
    rest = rest[2:]
    to, rest = _word(rest)
    esm_class, rest = rest[0], rest[3:]  # protocol_id, priority_flag
    _, rest = _word(rest)
    _, rest = _word(rest)
    registered, _, coding, _, size = rest[:5]
    return {
        "from": source, "to": to, "esm_class": esm_class, "registered": registered,
        "coding": coding, "short_message": rest[5 : 5 + size],
    }  # fmt: skip


def _deliver_body(source: str, esm_class: int, coding: int, text: bytes) -> bytes:
    return (
        b"\0" + b"\1\1" + source.encode() + b"\0" + b"\1\1" + b"10690000\0"
        + bytes([esm_class, 0, 0]) + b"\0\0" + bytes([0, 0, coding, 0, len(text)]) + text
    )  # fmt: skip


def _word(raw: bytes) -> tuple[str, bytes]:
    word, _, rest = raw.partition(b"\0")
    return word.decode("latin-1"), rest


def _send(link: socket.socket, command: int, status: int, sequence: int, body: bytes) -> None:
    link.sendall(struct.pack(">IIII", 16 + len(body), command, status, sequence) + body)


def _exactly(link: socket.socket, size: int) -> bytes:
    out = b""
    while len(out) < size:
        part = link.recv(size - len(out))
        if not part:
            raise OSError("hung up")
        out += part
    return out
