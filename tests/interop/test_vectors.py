"""Published certificates of other countries, and those with faults that somebody meant."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography import x509

from screening.interop import dcc, hc1
from screening.interop.hc1 import Step

DATA = Path(__file__).parents[3] / "shared" / "data" / "dcc"
VECTORS = sorted((DATA / "vectors").glob("*.json"))
NATIONAL = [v for v in VECTORS if not v.name.startswith("common_")]
COMMON = [v for v in VECTORS if v.name.startswith("common_")]
needed = pytest.mark.skipif(not VECTORS, reason="shared/data/dcc is not here")

# The list of rapid tests is no part of the schema; without it the number 9999 looks like any other.
NO_LIST_OF_DEVICES = {"PL_1.3.0_7"}
# Their own maker calls them valid: placeholders in place of codes.
PLACEHOLDERS = {"ES_1103", "NL_000-NL-test", "NL_006-NL-test"}


def load(path):
    vector = json.loads(path.read_text())
    der = base64.b64decode(vector["TESTCTX"]["CERTIFICATE"])
    clock = vector["TESTCTX"]["VALIDATIONCLOCK"].replace("+0000", "Z")
    at = datetime.fromisoformat(clock)
    return vector, der, at if at.tzinfo else at.replace(tzinfo=UTC)


def judge(path) -> tuple[set[Step], hc1.Certificate | None]:
    """The steps that fail, and what was read. Of the first four the first ends it."""
    vector, der, at = load(path)
    signer = x509.load_der_x509_certificate(der)
    try:
        envelope = hc1.open_text(vector["PREFIX"])
        if envelope.key_id != sha256(der).digest()[:8]:
            raise hc1.NotValid(Step.SIGNATURE, "unknown key")
        hc1.verify(envelope, signer.public_key())
        found = hc1.read_content(envelope)
    except hc1.NotValid as e:
        return {e.step}, None
    failed = set()
    for check in (
        lambda: dcc.check_use(signer, found.body),
        lambda: hc1.check_time(found, at),
        lambda: dcc.check(found.body),
    ):
        try:
            check()
        except hc1.NotValid as e:
            failed.add(e.step)
    return failed, found


def expected(path) -> tuple[set[Step], set[Step]]:
    """What must fail, and all that the vector speaks of: some leave steps unsaid."""
    told = load(path)[0]["EXPECTEDRESULTS"]
    said = {k.removeprefix("EXPECTED"): good for k, good in told.items()}
    steps = {Step(k): good for k, good in said.items() if k in set(Step)}
    return {s for s, good in steps.items() if not good}, set(steps)


@needed
@pytest.mark.parametrize("path", NATIONAL, ids=lambda p: p.stem)
def test_every_national_certificate_is_read_and_its_signature_holds(path):
    _, found = judge(path)
    assert found is not None
    assert set(found.body) & {"t"}


@needed
@pytest.mark.parametrize("path", VECTORS, ids=lambda p: p.stem)
def test_what_is_meant_to_fail_fails_for_its_reason_and_nothing_else_does(path):
    failed, _ = judge(path)
    must, said = expected(path)
    if path.stem in NO_LIST_OF_DEVICES:
        assert (failed, must) == (set(), {Step.SCHEMA})
    else:
        assert failed & said == must


@needed
@pytest.mark.parametrize("path", NATIONAL, ids=lambda p: p.stem)
def test_codes_that_are_placeholders_are_told_apart(path):
    _, found = judge(path)
    assert bool(dcc.unknown_words(found.body)) == (path.stem in PLACEHOLDERS)


@needed
def test_a_key_id_that_nobody_signed_does_not_mend_a_wrong_one():
    vector, der, _ = load(DATA / "vectors" / "common_CO22.json")
    envelope = hc1.open_text(vector["PREFIX"])
    key = x509.load_der_x509_certificate(der).public_key()
    hc1.verify(envelope, key)  # by its arithmetic alone the signature is fine
    assert envelope.key_id != sha256(der).digest()[:8]
    assert judge(DATA / "vectors" / "common_CO22.json") == ({Step.SIGNATURE}, None)


@needed
def test_specimen_pictures_are_read():
    import zxingcpp
    from PIL import Image

    pictures = sorted((DATA / "qr").glob("*.png"))
    for picture in pictures:
        text = zxingcpp.read_barcodes(Image.open(picture))[0].text
        found = hc1.read_content(hc1.open_text(text))
        assert "t" in found.body, picture.name
    assert len(pictures) == 14
