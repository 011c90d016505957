"""A message centre over SMPP 3.4: one bound connection for messages out and reports in.

It takes no key: what timed out is never repeated by itself. Chinese goes as UCS-2; a long text goes
in parts, and the report of the last part counts for all. What came in is acknowledged only after
it was kept, so that a report is rather told twice than lost."""

from __future__ import annotations

import contextlib
import logging
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple

from smpplib import consts, exceptions, gsm, smpp
from smpplib.client import Client

from screening.config import Sms
from screening.reminders.channels import Answer, Channel, Fate, Reply, Report, plain_phone
from screening.reminders.channels.deadline import Deadline

# at lower levels it writes whole messages
logging.getLogger("smpp").setLevel(logging.WARNING)

SECONDS = 10.0  # to connect, to answer one part
IDLE = 20.0  # seconds after which it is asked whether the connection still stands
HEARS = 1.0  # seconds for which it listens when asked what waits
WRONG_NUMBER = (consts.SMPP_ESME_RINVDSTADR,)
RECEIPT = 0x04  # bit of esm_class
ARRIVED = ("DELIVRD",)
LOST = ("UNDELIV", "EXPIRED", "DELETED", "REJECTD")
STATES = {2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 8: "REJECTD"}  # message_state
_RECEIPT = re.compile(r"id:(\S+).*?stat:(\w+)(?:.*?err:(\w+))?", re.S | re.I)
MOST_BYTES = 64 * 1024  # of one PDU
Broken = (OSError, exceptions.ConnectionError)
# what the library raises over bytes that are no PDU
Garbled = (struct.error, ValueError, LookupError, TypeError, AttributeError,
           exceptions.UnknownCommandError)  # fmt: skip


class _Came(NamedTuple):
    pdu: Any
    what: Report | Reply | None


@lru_cache(maxsize=4)
def smpp_channel(sms: Sms) -> SmppChannel:
    """One connection a process."""
    return SmppChannel(sms)


class SmppChannel(Channel):
    name = "smpp"
    honours_keys = False

    def __init__(self, sms: Sms, seconds: float = SECONDS) -> None:
        self.sms, self.seconds = sms, seconds
        self.client: Client | None = None
        self.came: list[_Came] = []
        self.used = 0.0
        self.lock = threading.RLock()

    def send(
        self, key: str, phone: str, text: str, parts: Mapping[str, str] | None = None
    ) -> Answer:
        with self.lock:
            try:
                client = self._bound()
            except exceptions.PDUError as e:
                self.close()
                return Answer(Fate.LATER, f"bind_{_status(e)}")
            except Broken:
                self.close()
                return Answer(Fate.LATER, "no_connection")
            return self._submit(client, phone, text)

    def _submit(self, client: Client, phone: str, text: str) -> Answer:
        pieces, coding, esm_class = gsm.make_parts(text, consts.SMPP_ENCODING_ISO10646)
        ref = ""
        for n, piece in enumerate(pieces, 1):
            try:
                pdu = client.send_message(
                    source_addr_ton=consts.SMPP_TON_UNK,
                    source_addr=self.sms.sender or "",
                    dest_addr_ton=consts.SMPP_TON_UNK,
                    destination_addr=phone,
                    short_message=piece,
                    data_coding=coding,
                    esm_class=esm_class,
                    registered_delivery=n == len(pieces),
                )
                said = self._answer_to(client, pdu.sequence)
            except (*Broken, exceptions.PDUError):
                self.close()
                return Answer(Fate.UNKNOWN, "timeout")
            if said.is_error():
                return _refused(said.status, first=n == 1)
            ref = _text(said.message_id)
        self.used = time.monotonic()
        return Answer(Fate.SENT, ref=ref)

    def _answer_to(self, client: Client, sequence: int) -> Any:
        """The answer to our request; what else comes in meanwhile is kept."""
        with Deadline(self.seconds) as deadline:
            deadline.hold(client._socket)
            while not deadline.passed:
                pdu = _read(client)
                if pdu.sequence == sequence and pdu.command.endswith("_resp"):
                    return pdu
                self._take(client, pdu)
        raise TimeoutError

    def _bound(self) -> Client:
        """The connection, bound and known to stand. Raises what the library raises."""
        if self.client is not None and time.monotonic() - self.used > IDLE:
            try:
                pdu = smpp.make_pdu("enquire_link", client=self.client)
                self.client.send_pdu(pdu)
                self._answer_to(self.client, pdu.sequence)
            except (*Broken, exceptions.PDUError):
                self.close()
        if self.client is None:
            host, _, port = (self.sms.url or "").removeprefix("smpp://").partition(":")
            self.client = Client(
                host, int(port or 2775), timeout=self.seconds, logger_name="smpp",
                allow_unknown_opt_params=True,
            )  # fmt: skip
            self.client.connect()
            self._bind(self.client)
        self.used = time.monotonic()
        return self.client

    def _bind(self, client: Client) -> None:
        try:
            with Deadline(self.seconds) as deadline:
                deadline.hold(client._socket)
                said = client.bind_transceiver(
                    system_id=self.sms.id or "", password=self.sms.secret or ""
                )
        except Garbled as e:
            raise exceptions.ConnectionError from e
        if said is None or said.command != "bind_transceiver_resp":
            raise exceptions.ConnectionError

    def hear(self) -> list[Report | Reply]:
        """Reports and replies that wait; `heard` acknowledges them once they are kept."""
        with self.lock:
            try:
                client = self._bound()
                until = time.monotonic() + HEARS
                with Deadline(HEARS + self.seconds) as deadline:
                    deadline.hold(client._socket)
                    while (left := until - time.monotonic()) > 0:
                        if not select.select([client._socket], [], [], left)[0]:
                            break
                        self._take(client, _read(client))
            except (*Broken, exceptions.PDUError):
                self.close()
            return [c.what for c in self.came if c.what is not None]

    def heard(self) -> None:
        with self.lock:
            came, self.came = self.came, []
            try:
                for c in came:
                    if self.client is not None:
                        answer = smpp.make_pdu("deliver_sm_resp", client=self.client)
                        answer.sequence = c.pdu.sequence
                        self.client.send_pdu(answer)
            except (*Broken, exceptions.PDUError):
                self.close()

    def _take(self, client: Client, pdu: Any) -> None:
        if pdu.command == "deliver_sm":
            self.came.append(_Came(pdu, read_delivery(pdu)))
        elif pdu.command == "enquire_link":
            answer = smpp.make_pdu("enquire_link_resp", client=client)
            answer.sequence = pdu.sequence
            client.send_pdu(answer)
        elif pdu.command == "unbind":
            raise exceptions.ConnectionError()

    def close(self) -> None:
        """What was not acknowledged comes again over the next connection."""
        client, self.client, self.came = self.client, None, []
        if client is not None and client._socket is not None:
            with contextlib.suppress(*Broken):
                client._socket.close()
            client._socket = None


def _read(client: Client) -> Any:
    """The next PDU. Raises the library's ConnectionError over what is none."""
    try:
        head = client._socket.recv(4, socket.MSG_PEEK)
        if len(head) == 4 and not 16 <= int.from_bytes(head) <= MOST_BYTES:
            raise exceptions.ConnectionError
        pdu = client.read_pdu()
    except Garbled as e:
        raise exceptions.ConnectionError from e
    if pdu is None:
        raise exceptions.ConnectionError
    return pdu


def _refused(status: int, *, first: bool) -> Answer:
    """A part was refused. When earlier ones were taken, nobody knows what the phone shows."""
    why = f"smpp_{status}"
    if not first:
        return Answer(Fate.UNKNOWN, why)
    return Answer(Fate.NEVER if status in WRONG_NUMBER else Fate.LATER, why)


def read_delivery(pdu: Any) -> Report | Reply | None:
    """A report, a reply, or None for what says nothing final."""
    raw = pdu.short_message or getattr(pdu, "message_payload", None) or b""
    if not (pdu.esm_class or 0) & RECEIPT:
        phone = plain_phone(_text(pdu.source_addr))
        return Reply(phone, _decoded(raw, pdu.data_coding)) if phone else None
    found = _RECEIPT.search(raw.decode("latin-1"))
    ref = _text(getattr(pdu, "receipted_message_id", None)) or (found.group(1) if found else "")
    state = STATES.get(getattr(pdu, "message_state", None) or 0, "")
    state = state or (found.group(2).upper() if found else "")
    if not ref or state not in ARRIVED + LOST:
        return None
    error = (found.group(3) or "") if found else ""
    return Report("", ref, state in ARRIVED, f"{state} {error}".strip())


def _decoded(raw: bytes, coding: int | None) -> str:
    code = "utf-16-be" if coding == consts.SMPP_ENCODING_ISO10646 else "latin-1"
    return raw.decode(code, "replace")


def _text(value: Any) -> str:
    raw = value.decode("latin-1") if isinstance(value, bytes) else str(value or "")
    return raw.strip("\0")[:100]


def _status(e: exceptions.PDUError) -> str:
    return str(e.args[1]) if len(e.args) > 1 else "refused"
