"""Journals as files: a key is made, batches are signed one after the other, and taken in."""

from __future__ import annotations

import json
import stat

import pytest

from screening import clock, crypto
from screening.db import db, fetch, insert, new_id
from screening.field.commands import group
from tests import world


@pytest.fixture
def city(db_session):
    return world.city(streets=1, persons=4)


@pytest.fixture
def call(app, city):
    def invoke(*args):
        db.session.commit()
        return app.test_cli_runner().invoke(group, [str(a) for a in args])

    return invoke


def lines(path, *entries):
    path.write_text("".join(json.dumps(e) + "\n" for e in entries))
    return path


def enrolled(city, public):
    """The row of a phone with this public key."""
    device, site = new_id(), city.sites[0]
    insert(
        "device",
        ("device_id", "name", "kind", "site_id", "cell_id", "public_key", "state", "practice",
         "enrolled_at"),
        [(device, "desk", "phone", site.site_id, site.cell_id, crypto.unb64(public), "active",
          False, clock.now())],
    )  # fmt: skip
    return device


def opened(city, tube):
    return [
        {"kind": "open", "tube": tube, "mode": "single", "size": 1},
        {"kind": "bind", "tube": tube, "seat": 1, "who": {"code": city.people[0][2]}},
        {"kind": "close", "tube": tube, "n": 1},
    ]


def test_batches_of_a_key_file_follow_each_other_and_may_be_taken_in_twice(city, call, tmp_path):
    key = tmp_path / "key.json"
    public = call("new-key", key).output.strip()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    device, tube = enrolled(city, public), city.tube()
    options = ["--device", device, "--staff", 1, "--round", city.round_id,
               "--site", city.sites[0].site_id]  # fmt: skip
    first = lines(tmp_path / "1.jsonl", {"kind": "shift_start"}, *opened(city, tube))
    signed = call("sign", key, first, tmp_path / "1.ndjson", *options)
    told = [line.split("\t") for line in signed.output.splitlines()]
    assert [t[:2] for t in told] == [
        ["1", "shift_start"], ["2", "open"], ["3", "bind"], ["4", "close"]
    ]  # fmt: skip
    wrong = {"kind": "unbind", "tube": tube, "ref": told[2][2], "reason": "扫错人"}
    second = lines(tmp_path / "2.jsonl", wrong)
    assert call("sign", key, second, tmp_path / "2.ndjson", *options).exit_code == 0
    for _ in range(2):
        receipt = call("import", tmp_path / "1.ndjson")
        assert receipt.exit_code == 0 and json.loads(receipt.output)["last"] == 4
    receipt = json.loads(call("import", tmp_path / "2.ndjson").output)
    assert (receipt["last"], receipt["parked"], receipt["held"]) == (5, [], [])
    assert fetch("SELECT members FROM tube WHERE cell_id = %s", (city.sites[0].cell_id,)) == [(0,)]


def test_what_is_not_an_entry_is_named_and_nothing_is_signed(city, call, tmp_path):
    key = tmp_path / "key.json"
    call("new-key", key)
    before = key.read_text()
    bad = lines(tmp_path / "1.jsonl", {"kind": "shift_start", "staff": 1}, {"kind": "guess"})
    out = call("sign", key, bad, tmp_path / "1.ndjson", "--device", 1)
    assert out.exit_code == 1 and "Line 2 is not an entry" in out.output
    assert key.read_text() == before and not (tmp_path / "1.ndjson").exists()


def test_a_key_and_an_unsent_batch_are_never_written_over(city, call, tmp_path):
    key, batch = tmp_path / "key.json", tmp_path / "1.ndjson"
    call("new-key", key)
    assert "never written over" in call("new-key", key).output
    entries = lines(tmp_path / "1.jsonl", {"kind": "shift_start", "staff": 1})
    assert call("sign", key, entries, batch, "--device", 1).exit_code == 0
    before = key.read_text()
    again = call("sign", key, entries, batch, "--device", 1)
    assert again.exit_code == 1 and "send it first" in again.output
    assert key.read_text() == before
    other = call("sign", key, entries, tmp_path / "2.ndjson", "--device", 2)
    assert other.exit_code == 1 and "belongs to device 1" in other.output


def test_a_forged_batch_is_refused_in_words(city, call, tmp_path):
    key = tmp_path / "key.json"
    call("new-key", key)
    other = call("new-key", tmp_path / "other.json").output.strip()
    device = enrolled(city, other)
    entries = lines(tmp_path / "1.jsonl", {"kind": "shift_start", "staff": 1})
    call("sign", key, entries, tmp_path / "1.ndjson", "--device", device)
    out = call("import", tmp_path / "1.ndjson")
    assert out.exit_code == 1 and "signature is wrong" in out.output


def test_more_entries_than_a_batch_holds_are_refused_before_they_are_numbered(city, call, tmp_path):
    key = tmp_path / "key.json"
    call("new-key", key)
    before = key.read_text()
    many = lines(tmp_path / "1.jsonl", *[{"kind": "shift_start", "staff": 1}] * 5001)
    out = call("sign", key, many, tmp_path / "1.ndjson", "--device", 1)
    assert out.exit_code == 1 and "at most 5000" in out.output
    assert key.read_text() == before


def test_another_file_is_not_taken_for_a_key(city, call, tmp_path):
    other = lines(tmp_path / "1.jsonl", {"kind": "shift_start", "staff": 1})
    out = call("sign", other, other, tmp_path / "1.ndjson", "--device", 1)
    assert out.exit_code == 1 and "not a key file" in out.output
