"""Signed resident codes: what is printed is read again, and nothing else; both sides read alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from screening.crypto import unb64
from screening.registry import signed_codes as s
from screening.registry.scans import CodeProblem

VECTORS = json.loads(
    (Path(__file__).resolve().parent.parent / "vectors" / "resident.json").read_text()
)
KEYS = {k["id"]: unb64(k["point"]) for k in VECTORS["keys"]}
KEY = ec.derive_private_key(int(VECTORS["private"], 16), ec.SECP256R1())
NOW = datetime.fromtimestamp(VECTORS["now"] / 1000, UTC)


@pytest.mark.parametrize("vector", VECTORS["codes"], ids=lambda v: v["plain"])
def test_a_vector_says_who_it_names(vector):
    found = s.read_signed(vector["text"], KEYS)
    said = (found.key_id, found.cell, str(found.person), found.name, found.expires, found.plain)
    assert said == tuple(vector[f] for f in ("key", "cell", "person", "name", "expires", "plain"))
    assert found.expired(NOW) == vector["expired"]


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda v: v["why"])
def test_a_spoiled_code_is_refused_by_its_name(vector):
    with pytest.raises(CodeProblem) as refused:
        s.read_signed(vector["text"], KEYS)
    assert refused.value.code == vector["problem"]


@pytest.mark.parametrize("vector", VECTORS["as_scanned"])
def test_a_scanners_habits_do_not_matter(vector):
    assert s.read_signed(vector["text"], KEYS) == s.read_signed(vector["same"], KEYS)


def test_what_is_made_is_read_again_and_fits_a_qr_of_capitals():
    text = s.make_signed(1, KEY, 1004, 77, "王**", s.day_of(NOW) + 30)
    assert s.read_either(text, KEYS, at=NOW) == (1004, 77)
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567R.")
    assert len(text) < 160


def test_a_code_ends_with_the_day_before_its_last_number():
    text = s.make_signed(1, KEY, 1004, 77, "王**", s.day_of(NOW))
    with pytest.raises(s.CodeExpired):
        s.read_either(text, KEYS, at=NOW)


def test_a_long_name_is_cut_between_characters():
    found = s.read_signed(s.make_signed(1, KEY, 1, 1, "阿" * 50, 9), KEYS)
    assert found.name == "阿" * 20


def test_a_plain_code_is_read_as_before():
    plain = VECTORS["codes"][0]["plain"]
    assert s.read_either(plain, {}, at=NOW) == (1004, 34567)
