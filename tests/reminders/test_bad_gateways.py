"""Gateways that answer garbage, pages, floods or drops: no exception, no guess, no long wait."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from screening.config import Sms
from screening.reminders.channels import Fate
from screening.reminders.channels.aliyun import AliyunChannel
from screening.reminders.channels.http import HttpChannel
from screening.reminders.channels.smpp import SmppChannel
from screening.reminders.channels.tencent import TencentChannel

AT = datetime(2026, 11, 1, tzinfo=UTC)
DRIP = 0.03  # seconds between two bytes: no single wait for one is too long


class Raw:
    """A server on a real socket that answers each connection as `say` likes."""

    def __init__(self, say: Callable[[socket.socket], None], *, read: bool = True) -> None:
        self.say, self.read = say, read
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def at(self) -> str:
        return f"127.0.0.1:{self.listener.getsockname()[1]}"

    def _serve(self) -> None:
        while True:
            try:
                link, _ = self.listener.accept()
            except OSError:
                return
            with link, contextlib.suppress(OSError):
                if self.read:
                    link.recv(65536)
                self.say(link)

    def __enter__(self) -> Raw:
        return self

    def __exit__(self, *a: object) -> None:
        self.listener.close()


def answers(body: bytes, status: int = 200, kind: str = "application/json") -> Callable:
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return lambda link: link.sendall(head.encode() + body)


def drip(link: socket.socket) -> None:
    link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    for _ in range(100):
        link.sendall(b" ")
        time.sleep(DRIP)


def drip_headers(link: socket.socket) -> None:
    link.sendall(b"HTTP/1.1 200 OK\r\n")
    for n in range(100):
        link.sendall(b"X-%d: 1\r\n" % n)
        time.sleep(DRIP)


def drip_status(link: socket.socket) -> None:
    for byte in b"HTTP/1.1 200 " + b"O" * 100:
        link.sendall(bytes([byte]))
        time.sleep(DRIP)


def flood(link: socket.socket) -> None:
    link.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4000000000\r\n\r\n[")
    for _ in range(4000):
        link.sendall(b" " * 65536)


@contextlib.contextmanager
def channels(say: Callable, fast: tuple[float, float] = (0.5, 0.5)) -> Iterator[list]:
    with Raw(say) as server:
        url = f"http://{server.at}"
        sms = Sms(channel="x", url=url, id="a", secret="b", sign="x", app="1",
                  templates=(("*", "T"),))  # fmt: skip
        yield [
            HttpChannel(url, None, status_url=url + "/{key}", seconds=fast),
            AliyunChannel(sms, fast),
            TencentChannel(sms, fast),
        ]


SHAPES = [
    b"null", b"[]", b'"x"', b"7", b"[" * 90_000, b'{"Code": ["OK"]}', b"\xff\xfe\x00",
    b'{"Code":"OK","SmsSendDetailDTOs":"x"}', b'{"Code":"OK","SmsSendDetailDTOs":{"SmsSendDetailDTO":["x",5]}}',
    b'{"Code":"OK","SmsSendDetailDTOs":[1]}', b'{"Response":{"SendStatusSet":"x"}}',
    b'{"Response":{"SendStatusSet":["x"]}}', b'{"Response":{"Error":"x"}}', b'{"Response":[]}',
    b'{"Response":{"PullSmsSendStatusSet":["x"]}}', b'{"Response":{"PullSmsSendStatusSet":{"a":1}}}',
    b'{"Response":{"PullSmsSendStatusSet":7}}', b'{"state":{"x":1}}', b'{"id":{"x":1}}',
]  # fmt: skip


@pytest.mark.parametrize("body", SHAPES, ids=lambda b: b[:60].decode("latin-1"))
def test_an_answer_of_another_shape_is_no_exception_and_no_delivery(body):
    with channels(answers(body)) as found:
        for channel in found:
            said = channel.send("1.1", "13800000001", "x", {"template": "*"})
            if not isinstance(channel, HttpChannel) and b'"OK"' not in body:
                assert said.fate is not Fate.SENT and said.fate is not Fate.NEVER
            asked = channel.ask("1.1", "13800000001", AT)
            assert asked is None or asked.fate is Fate.LATER


@pytest.mark.parametrize("say", [drip, drip_headers, drip_status, flood])
def test_an_answer_without_end_is_cut_off(say):
    with channels(say, (0.2, 0.15)) as found:
        for channel in found:
            begun = time.monotonic()
            said = channel.send("1.1", "13800000001", "x", {"template": "*"})
            assert said.fate is Fate.UNKNOWN
            channel.ask("1.1", "13800000001", AT)
            assert time.monotonic() - begun < 2.5


PAGE = b"<!DOCTYPE html><html><body>Sign in to the network</body></html>"


@pytest.mark.parametrize("status", [200, 409])
def test_a_page_is_no_gateways_yes(status):
    with channels(answers(PAGE, status, "text/html")) as found:
        assert found[0].send("1.1", "13800000001", "x").fate is Fate.UNKNOWN


@pytest.mark.parametrize("status", [400, 404, 410, 422])
def test_a_page_is_no_refusal_of_a_number(status):
    with channels(answers(PAGE, status, "text/html")) as found:
        assert found[0].send("1.1", "13800000001", "x").fate is Fate.LATER


def test_bytes_that_are_no_http_leave_it_open():
    with channels(lambda link: link.sendall(b"\x00\x01\x02SSH-2.0\r\n\r\n")) as found:
        for channel in found:
            said = channel.send("1.1", "13800000001", "x", {"template": "*"})
            assert said.fate is Fate.UNKNOWN


# --- SMPP -----------------------------------------------------------------------------------------


def pdu(command: int, sequence: int, body: bytes = b"", status: int = 0) -> bytes:
    return struct.pack(">IIII", 16 + len(body), command, status, sequence) + body


BIND_OK = pdu(0x80000009, 1, b"x\0")


def test_a_message_centre_that_drips_its_answer_is_hung_up_on():
    def say(link: socket.socket) -> None:
        link.recv(65536)
        link.sendall(BIND_OK)
        link.recv(65536)
        for byte in pdu(0x80000004, 2, b"x" * 60 + b"\0"):
            link.sendall(bytes([byte]))
            time.sleep(0.1)

    with Raw(say, read=False) as server:
        sms = Sms(channel="smpp", url=server.at, id="a", secret="b", sender="1")
        channel = SmppChannel(sms, seconds=0.4)
        begun = time.monotonic()
        assert channel.send("1.1", "13800000001", "请采样").fate is Fate.UNKNOWN
        assert time.monotonic() - begun < 3
        channel.close()


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\x00\x00\x04", b"\x00\x00\x00\x10" + b"\xff" * 12,
        b"\xff" * 64, pdu(0x05, 9, b"\xff" * 40), pdu(0x80000004, 2, b"", 0xFFFF),
        pdu(0x80000004, 2, b"\xff" * 300), b"",
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("bound", [False, True])
def test_a_message_centre_that_speaks_garbage_is_hung_up_on(garbage, bound):
    def say(link: socket.socket) -> None:
        if bound:
            link.recv(65536)
            link.sendall(BIND_OK)
        link.recv(65536)
        link.sendall(garbage)
        time.sleep(0.1)

    with Raw(say, read=False) as server:
        channel = SmppChannel(
            Sms(channel="smpp", url=server.at, id="a", secret="b", sender="1"), seconds=0.4
        )
        begun = time.monotonic()
        said = channel.send("1.1", "13800000001", "请采样")
        assert said.fate in ((Fate.UNKNOWN, Fate.LATER) if bound else (Fate.LATER,))
        assert channel.hear() == []
        assert time.monotonic() - begun < 6
        channel.close()
