"""The field app's shell: public, the same for everybody, nothing of it leads to another host."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_address_as_people_type_it_leads_to_the_shell(client):
    assert client.get("/field").headers["Location"].endswith("/field/")


def test_the_shell_is_the_same_for_everybody_and_asked_for_again_each_time(client):
    first = client.get("/field/")
    assert first.status_code == 200
    assert first.headers["Cache-Control"] == "no-cache"
    assert "Set-Cookie" not in first.headers
    again = client.get("/field/", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_the_shell_names_no_other_host_and_holds_no_script_of_its_own(client):
    page = client.get("/field/").text
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)
    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert " style=" not in page


def test_a_phone_can_install_it(client):
    manifest = client.get("/field/manifest.webmanifest")
    assert manifest.mimetype == "application/manifest+json"
    told = manifest.json
    assert (told["start_url"], told["scope"], told["display"]) == (
        "/field/",
        "/field/",
        "standalone",
    )
    assert {"any", "maskable"} <= {icon["purpose"] for icon in told["icons"]}
    for icon in told["icons"]:
        with client.get(icon["src"]) as answer:
            assert answer.status_code == 200
            assert answer.mimetype == icon["type"]
            if icon["type"] == "image/png":
                size = Image.open(BytesIO(answer.data)).size
                assert icon["sizes"] == f"{size[0]}x{size[1]}"


def test_there_are_pictures_of_two_sizes_only(client):
    assert client.get("/field/icon-4096.png").status_code == 404


def test_the_worker_governs_the_folder_it_comes_from(client):
    if not (ROOT / "static" / "vendor" / "field" / "sw.js").exists():
        pytest.skip("the field app is not built: run `make setup`")
    worker = client.get("/field/sw.js")
    assert worker.mimetype == "text/javascript"
    assert worker.headers["Cache-Control"] == "no-cache"
    with client.get("/static/vendor/field/zxing_reader.wasm") as decoder:
        assert decoder.mimetype == "application/wasm"
