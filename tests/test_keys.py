"""Keys: the system refuses to start on data that its keys do not open; a backup says so too."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from screening import archive, keyguard
from screening.app import create_app
from screening.config import Settings
from screening.crypto import KeyRing, WrongKey
from screening.db import fetch, run
from tests import database, world


@pytest.fixture
def settings(database_url, tmp_path):
    from screening.config import sqlalchemy_url

    return Settings(
        database_url=sqlalchemy_url(database_url), instance=tmp_path, log_level="WARNING"
    )


def test_another_key_ring_is_refused_before_anything_is_served(settings, clean_database):
    create_app(settings)
    stranger = replace(settings, keys=KeyRing.new().dump())
    with pytest.raises(WrongKey, match="does not open the data"):
        create_app(stranger)
    create_app(settings)


def test_a_newer_data_key_is_welcome_and_leaves_its_own_probe(settings, clean_database, app):
    create_app(settings)
    held = json.loads((settings.instance / "keys.json").read_text())
    held["data"]["2"] = json.loads(KeyRing.new().dump())["data"]["1"]
    create_app(replace(settings, keys=json.dumps(held)))
    with app.app_context():
        assert fetch("SELECT key_id FROM key_probe ORDER BY key_id") == [(1,), (2,)]


def test_the_key_file_is_for_its_owner_only(settings, clean_database):
    create_app(settings)
    assert (settings.instance / "keys.json").stat().st_mode & 0o777 == 0o600


def test_before_the_first_migration_there_is_nothing_to_refuse(db_session):
    run("ALTER TABLE key_probe RENAME TO key_probe_away")
    db_session.commit()
    try:
        keyguard.check(KeyRing.new())
    finally:
        run("ALTER TABLE key_probe_away RENAME TO key_probe")
        db_session.commit()


def test_a_backup_brings_back_what_was_there(db_session, app, database_url, tmp_path):
    city = world.city(persons=2)
    held = replace(app.extensions["settings"], instance=database.HOME)
    keys = app.extensions["keys"]
    path = tmp_path / "city.backup"
    assert archive.write(path, held, keys) > 1000
    assert path.stat().st_mode & 0o777 == 0o600
    run("UPDATE site SET name = 'changed'")
    db_session.commit()
    db_session.remove()
    from screening.db import db

    db.engine.dispose()
    archive.check(path, keys)
    archive.read(path, held)
    assert fetch("SELECT name FROM site WHERE site_id = %s", (city.sites[0].site_id,)) == [
        (city.sites[0].name,)
    ]


def test_a_backup_of_other_keys_is_refused_and_nothing_changes(db_session, app, tmp_path):
    path = tmp_path / "city.backup"
    archive.write(
        path, replace(app.extensions["settings"], instance=database.HOME), app.extensions["keys"]
    )
    with pytest.raises(WrongKey, match="Nothing was changed"):
        archive.check(path, KeyRing.new())


def test_a_file_that_is_no_backup_is_refused(tmp_path):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(b"\xff\xd8 not a tar")
    with pytest.raises(archive.BadBackup):
        archive.check(path, KeyRing.new())


def test_a_ring_from_before_signed_codes_holds_their_first_key():
    old = json.loads(KeyRing.new().dump())
    assert "codes" not in old
    one, again = (KeyRing.load(json.dumps(old)) for _ in range(2))
    assert one.code_points() == again.code_points()
    assert one.code_key()[0] == 1


def test_a_newer_code_key_signs_and_the_old_one_still_verifies():
    held = json.loads(KeyRing.new().dump())
    first = KeyRing.load(json.dumps(held)).code_points()
    held["codes"] = {"2": held["server"]}
    ring = KeyRing.load(KeyRing.load(json.dumps(held)).dump())
    assert ring.code_key()[0] == 2
    assert ring.code_points() == {**first, 2: ring.server_public()}
