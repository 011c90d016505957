"""The demo's certificate: phones that trust its authority trust it, and nothing else."""

from __future__ import annotations

import ssl
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.verification import PolicyBuilder, Store
from flask import Flask

from screening.drill import certificate


def chain(folder: Path) -> tuple[x509.Certificate, x509.Certificate]:
    leaf = x509.load_pem_x509_certificate((folder / "https.crt").read_bytes())
    root = x509.load_pem_x509_certificate((folder / certificate.AUTHORITY).read_bytes())
    return leaf, root


def test_a_phone_that_trusts_the_authority_trusts_the_demo_by_name_and_address(
    tmp_path: Path,
) -> None:
    certificate.options(tmp_path)
    leaf, root = chain(tmp_path)
    leaf.verify_directly_issued_by(root)
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(a) for a in names.get_values_for_type(x509.IPAddress)} >= {
        "127.0.0.1", *certificate.addresses()
    }  # fmt: skip
    assert root.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "https.crt", tmp_path / "https.key")


def test_the_authority_can_sign_nothing_more_since_its_key_is_nowhere(tmp_path: Path) -> None:
    certificate.options(tmp_path)
    assert {f.name for f in tmp_path.iterdir()} == {"https.crt", "https.key", "https-ca.crt"}
    assert stat.S_IMODE((tmp_path / "https.key").stat().st_mode) == 0o600


def test_a_certificate_is_kept_while_it_fits_and_made_anew_for_another_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate.options(tmp_path)
    first = (tmp_path / "https.crt").read_bytes()
    certificate.options(tmp_path)
    assert (tmp_path / "https.crt").read_bytes() == first
    monkeypatch.setattr(certificate, "addresses", lambda: ["192.0.2.77"])
    certificate.options(tmp_path)
    assert (tmp_path / "https.crt").read_bytes() != first


def test_a_browser_accepts_the_chain(tmp_path: Path) -> None:
    certificate.options(tmp_path)
    leaf, root = chain(tmp_path)
    verifier = PolicyBuilder().store(Store([root])).build_server_verifier(x509.DNSName("localhost"))
    assert verifier.verify(leaf, [])[0] == leaf


def test_only_a_demo_gives_its_authority_away(app: Flask, tmp_path: Path) -> None:
    settings = app.extensions["settings"]
    certificate.make(tmp_path)
    client = app.test_client()
    try:
        app.extensions["settings"] = replace(settings, instance=tmp_path, demo=False)
        assert client.get("/ca.crt").status_code == 404
        app.extensions["settings"] = replace(settings, instance=tmp_path, demo=True)
        assert client.get("/ca.crt").data == (tmp_path / certificate.AUTHORITY).read_bytes()
    finally:
        app.extensions["settings"] = settings
