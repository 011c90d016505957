"""Python and JavaScript hash, sign and seal alike: both read tests/vectors/journal.json."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from screening import crypto
from screening.crypto import b64, unb64
from screening.field import chain, frames
from screening.tube import chain as hashing
from screening.tube import entries as e

HERE = Path(__file__).resolve().parent.parent
VECTORS = json.loads((HERE / "vectors" / "journal.json").read_text())


def test_python_hashes_the_vectors():
    head = hashing.genesis(VECTORS["device"], VECTORS["journal"])
    assert head.hex() == VECTORS["genesis"]
    for i, entry in enumerate(VECTORS["entries"]):
        digest = hashlib.sha256(entry.encode()).digest()
        assert digest.hex() == VECTORS["digests"][i]
        assert hashing.ref(digest) == VECTORS["refs"][i]
        head = hashing.link(head, digest)
        assert head.hex() == VECTORS["hashes"][i]


def test_python_verifies_the_signed_vector():
    head = bytes.fromhex(VECTORS["hashes"][-1])
    text = hashing.signed_text(
        VECTORS["device"], VECTORS["journal"], len(VECTORS["entries"]), head, VECTORS["sent_at"]
    )
    point = unb64(VECTORS["public_point"])
    assert crypto.verify(point, unb64(VECTORS["signature"]), text)
    assert not crypto.verify(point, unb64(VECTORS["signature"]), text + b" ")


def test_every_vector_entry_is_one_that_the_server_reads():
    kinds = {type(e.decode(entry.encode())) for entry in VECTORS["entries"]}
    assert len(kinds) == len(VECTORS["entries"])


def test_a_batch_signed_and_a_field_sealed_in_javascript_are_understood(node):
    ring = crypto.KeyRing.new()
    out = subprocess.run(
        [node, str(HERE / "js" / "test_journal.mjs"), b64(ring.server_public())],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert out.returncode == 0, out.stderr[-800:]
    made = json.loads(out.stdout)
    batch = chain.read(made["body"].encode())
    chain.check_signature(batch, unb64(made["point"]))
    assert [b.decode() for b in batch.entries] == VECTORS["entries"]
    assert json.loads(ring.unseal(unb64(made["sealed"]))) == {"name": "李·四"}
    with pytest.raises(chain.BadSignature):
        chain.check_signature(batch, unb64(VECTORS["public_point"]))
    line = frames.join(reversed(made["frames"]))
    assert len(made["frames"]) > 5
    assert line.decode() == made["carried"]
    inside = ring.unseal(unb64(json.loads(line)["sealed"]))
    assert gzip.decompress(unb64(inside.decode())).decode() == made["body"]
