"""A self-signed certificate for the demo: browsers give the camera to https pages only."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from screening import clock

DAYS = 365  # phones refuse certificates that hold for longer than 398 days
ELSEWHERE = ("192.0.2.1", 9)  # RFC 5737; nothing is sent, the system only names the way out


def options(folder: Path) -> tuple[str, ...]:
    """gunicorn's options for the certificate in `folder`, made when it is not there."""
    cert, key = folder / "https.crt", folder / "https.key"
    if not (cert.exists() and key.exists()):
        make(cert, key)
    return "--certfile", str(cert), "--keyfile", str(key)


def addresses() -> list[str]:
    """This machine's addresses in its networks, as far as the system tells."""
    found = set()
    with contextlib.suppress(OSError), socket.socket(type=socket.SOCK_DGRAM) as way:
        way.connect(ELSEWHERE)  # fails without a network
        found.add(way.getsockname()[0])
    with contextlib.suppress(OSError):  # an unknown name: the way out tells enough
        found |= set(socket.gethostbyname_ex(socket.gethostname())[2])
    return sorted(a for a in found if not a.startswith("127.")) or ["127.0.0.1"]


def make(cert: Path, key: Path) -> None:
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Screening demo")])
    hosts = [ipaddress.ip_address(a) for a in {*addresses(), "127.0.0.1"}]
    now = clock.real_now()
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(
            x509.SubjectAlternativeName(
                [x509.DNSName("localhost"), *(x509.IPAddress(a) for a in hosts)]
            ),
            critical=False,
        )
        .sign(secret, hashes.SHA256())
    )
    with os.fdopen(os.open(key, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(
            secret.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
