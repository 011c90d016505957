"""Our own certificate: written, read again, and held against the published schema."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screening import crypto
from screening.interop import base45, dcc, hc1, latin
from screening.interop.hc1 import Certificate, NotValid, Step
from tests.interop.test_vectors import DATA, needed

AT = datetime(2026, 11, 22, 1, 30, tzinfo=UTC)
TEST = dcc.Tested("欧阳", "娜娜", ("ouyang", "nana"), "1980", AT, "一检测室", "某市", 12345)
KEY = crypto.new_device_key()


def written(body=None) -> str:
    body = dcc.entry_of(TEST) if body is None else body
    return hc1.write(Certificate("CN", AT, AT + timedelta(hours=48), body), b"12345678", KEY)


def test_what_was_written_is_read_again():
    envelope = hc1.open_text(written())
    hc1.verify(envelope, KEY.public_key())
    found = hc1.read_content(envelope)
    assert (found.issuer, found.issued, found.expires) == ("CN", AT, AT + timedelta(hours=48))
    assert found.body == dcc.entry_of(TEST)
    assert list(dcc.faults(found.body)) == [] and dcc.unknown_words(found.body) == []


@needed
def test_our_entry_fits_the_published_schema():
    schema = json.loads((DATA / "schema" / "DCC.combined-schema.json").read_text())
    jsonschema.validate(dcc.entry_of(TEST), schema)


@needed
def test_the_published_examples_pass_our_check():
    for path in (DATA / "schema").glob("examples_*.json"):
        assert list(dcc.faults(json.loads(path.read_text()))) == [], path.name


def test_another_key_does_not_verify():
    with pytest.raises(NotValid) as e:
        hc1.verify(hc1.open_text(written()), crypto.new_device_key().public_key())
    assert e.value.step is Step.SIGNATURE


@pytest.mark.parametrize(("hours", "step"), [(-1, Step.TIME), (49, Step.TIME), (1, None)])
def test_a_certificate_holds_between_its_two_times(hours, step):
    found = hc1.read_content(hc1.open_text(written()))
    if step is None:
        hc1.check_time(found, AT + timedelta(hours=hours))
    else:
        with pytest.raises(NotValid):
            hc1.check_time(found, AT + timedelta(hours=hours))


def test_a_bomb_is_refused():
    import zlib

    bomb = "HC1:" + base45.encode(zlib.compress(bytes(10_000_000)))
    with pytest.raises(NotValid) as e:
        hc1.open_text(bomb)
    assert e.value.step is Step.COMPRESSION


@given(st.binary(max_size=60))
def test_base_45_gives_back_every_byte(data):
    assert base45.decode(base45.encode(data)) == data


@pytest.mark.parametrize(("text", "data"), [("BB8", b"AB"), ("%69 VD92EX0", b"Hello!!"),
                                            ("UJCLQE7W581", b"base-45"), ("QED8WEX0", b"ietf!")])  # fmt: skip
def test_base_45_as_the_standard_shows_it(text, data):
    assert (base45.encode(data), base45.decode(text)) == (text, data)


@pytest.mark.parametrize("text", ["A", "GGW", "::", "a00", "BB8A"])
def test_what_is_no_base_45_is_refused(text):
    with pytest.raises(base45.NotBase45):
        base45.decode(text)


@given(st.text(max_size=40))
def test_any_text_is_refused_with_its_step(text):
    with pytest.raises(NotValid):
        hc1.open_text(f"HC1:{text}")


def test_the_check_letter_is_that_of_the_annex():
    assert dcc.check_letter("URN:UVCI:01:AT:71EE2559DE38C6BF7304FB65A1A451EC") == "3"
    assert dcc.check_letter("URN:UVCI:01:SI:C5E8734F3DF9B66CE053") == "D"


@pytest.mark.parametrize(("name", "said"), [
    ("欧阳娜娜", ("欧阳", "娜娜", "OUYANG", "NANA")),
    ("曾小明", ("曾", "小明", "ZENG", "XIAOMING")),
    ("吕绿", ("吕", "绿", "LYU", "LYU")),
    ("买买提·艾山", ("买买提", "艾山", "MAIMAITI", "AISHAN")),
    ("John Smith", ("John", "Smith", "JOHN", "SMITH")),
    ("Müller", ("Müller", "", "MULLER", "")),
    ("Ivanova Vera", ("Ivanova", "Vera", "IVANOVA", "VERA")),
])  # fmt: skip
def test_names_in_the_letters_of_a_travel_document(name, said):
    parts = latin.parts_of(name)
    assert (*parts, *map(dcc.icao, latin.latin_of(*parts))) == said
