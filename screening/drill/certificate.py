"""The demo's own authority and certificate: phones give the camera and an app that works without a
network only to pages whose certificate they trust, and a click on "go on anyway" is not trust."""

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
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from screening import clock

DAYS = 365  # phones refuse certificates that hold for longer than 398 days
ELSEWHERE = ("192.0.2.1", 9)  # RFC 5737; nothing is sent, the system only names the way out
AUTHORITY = "https-ca.crt"


def options(folder: Path) -> tuple[str, ...]:
    """gunicorn's options for the certificate in `folder`, made when it is not there, when it ran
    out, and when this machine has another address."""
    cert, key = folder / "https.crt", folder / "https.key"
    if not (key.exists() and (folder / AUTHORITY).exists() and fits(cert)):
        make(folder)
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


def fits(cert: Path) -> bool:
    """Whether a certificate is there, holds today, and names this machine's addresses."""
    try:
        held = x509.load_pem_x509_certificate(cert.read_bytes())
    except (OSError, ValueError):
        return False
    names = held.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = {str(a) for a in names.get_values_for_type(x509.IPAddress)}
    return held.not_valid_after_utc > clock.real_now() and known >= set(addresses())


def make(folder: Path) -> None:
    """An authority and a certificate under it. The authority's key is thrown away: whoever trusts it
    trusts this one certificate and no other."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _signed(_root(root_key), root_key)
    leaf = _signed(_leaf(key, root), root_key)
    with os.fdopen(
        os.open(folder / "https.key", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"
    ) as file:
        file.write(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    pem = serialization.Encoding.PEM
    (folder / "https.crt").write_bytes(leaf.public_bytes(pem) + root.public_bytes(pem))
    (folder / AUTHORITY).write_bytes(root.public_bytes(pem))


def _builder(key: ec.EllipticCurvePrivateKey, name: str) -> x509.CertificateBuilder:
    now = clock.real_now()
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=DAYS))
    )


def _root(key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    name = f"Screening demo {socket.gethostname()[:40]}"
    return (
        _builder(key, name)
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _leaf(key: ec.EllipticCurvePrivateKey, root: x509.Certificate) -> x509.CertificateBuilder:
    hosts = [x509.IPAddress(ipaddress.ip_address(a)) for a in {*addresses(), "127.0.0.1"}]
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), *hosts])
    return (
        _builder(key, "Screening demo")
        .issuer_name(root.subject)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(root.public_key()),  # type: ignore[arg-type]
            critical=False,
        )
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates, key_cert_sign=certificates, crl_sign=certificates,
        content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _signed(builder: x509.CertificateBuilder, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    return builder.sign(key, hashes.SHA256())
