"""The verifier in a real browser: with a network, without one, and after a proof was withdrawn."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from io import BytesIO
from typing import Any, NamedTuple

import pytest
from flask import Flask
from werkzeug.serving import make_server

from tests import database
from tests.reporting import bench as made

pytestmark = pytest.mark.browser


class Stage(NamedTuple):
    url: str
    bench: made.Bench
    slips: list[str]


@pytest.fixture
def stage(app: Flask, database_url: str) -> Iterator[Stage]:
    """A server, a released negative pool of four, and the slips of its members."""
    from screening import clock
    from screening.db import db
    from screening.reporting.service.codes import issue_codes

    with app.test_request_context():
        bench = made.set_up(app.test_client())
        tube = bench.fill(0, 4)
        bench.through(tube)
        people = [p[:2] for p in bench.city.people[:4]]
        slips = [code for code, _ in issue_codes(people, by=None, at=clock.now())]
        db.session.commit()
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Stage(f"http://127.0.0.1:{server.server_port}", bench, slips)
        server.shutdown()
        thread.join()
        server.server_close()
        db.session.rollback()
        db.session.remove()
    database.clean(database_url)


@pytest.fixture
def context(browser: Any, stage: Stage) -> Any:
    return browser.new_context(
        base_url=stage.url, viewport={"width": 412, "height": 915}, locale="zh-CN"
    )


def take(page: Any, slip: str) -> list[str]:
    """Ask for the proof; the texts in its two pictures."""
    import zxingcpp
    from PIL import Image

    page.goto("/r/proof")
    page.fill("#code", slip)
    page.click("main button")
    page.wait_for_selector("img")
    found = []
    for src in page.eval_on_selector_all("img", "all => all.map(i => i.src)"):
        data = base64.b64decode(src.split(",", 1)[1])
        found.append(zxingcpp.read_barcodes(Image.open(BytesIO(data)))[0].text)
    return found


def judge(page: Any, code: str) -> str:
    """Type it as a keyboard scanner does; what the page says of it."""
    page.eval_on_selector("#answer", "a => { a.hidden = true; a.dataset.state = ''; }")
    page.fill("#scan", code)
    page.press("#scan", "Enter")
    page.wait_for_selector("#answer:not([hidden])")
    return page.get_attribute("#answer", "data-state")


# once the worker stands, all that it keeps is there
KEPT = (
    "navigator.serviceWorker.ready.then(() => caches.open('verify-1')).then(s => s.keys())"
    ".then(k => k.length)"
)


def heard(page: Any) -> list[str]:
    """Everything that goes wrong on a page, as it goes wrong."""
    wrong: list[str] = []
    page.on("pageerror", lambda e: wrong.append(str(e)))
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
    return wrong


def test_a_proof_is_verified_without_a_network_and_known_when_withdrawn(stage, context):
    page = context.new_page()
    wrong = heard(page)
    own, other = take(page, stage.slips[0])
    assert own.startswith("P1.") and other.startswith("HC1:")
    page.goto("/verify/")
    page.wait_for_selector("#list:has-text('前')")
    assert [judge(page, own), judge(page, other)] == ["good", "good"]
    assert "混采" not in page.inner_text("#answer")
    assert page.evaluate(KEPT) >= 9
    assert wrong == []

    context.set_offline(True)
    page.reload()
    page.wait_for_selector("#list:has-text('前')")
    assert [judge(page, own), judge(page, other)] == ["good", "good"]
    assert judge(page, own[:-9] + "AAAAAAAAA") in ("forged", "unreadable")
    assert judge(page, "https://example.org/") == "foreign"

    tube = next(iter(stage.bench.sent))
    stage.bench.alert(tube, "hand", made.POS)
    stage.bench.correct(tube, made.POS)
    assert judge(page, own) == "good"  # the list at hand is from before
    context.set_offline(False)
    page.reload()
    page.wait_for_selector("#list:has-text('前')")
    assert [judge(page, own), judge(page, other)] == ["withdrawn", "withdrawn"]


def test_the_proof_is_read_from_the_printed_sheet(stage, context):
    """Its codes are drawn as vectors: the sheet is looked at as a scanner would."""
    pypdf = pytest.importorskip("pypdf")
    page = context.new_page()
    wrong = heard(page)
    take(page, stage.slips[1])
    with page.expect_download() as waiting:
        page.click("main form button")
    sheet = pypdf.PdfReader(waiting.value.path())
    assert len(sheet.pages) == 1
    text = sheet.pages[0].extract_text()
    assert "negative" in text and "4 people shared the tube" in text and "/verify" in text
    assert wrong == []


def test_a_refused_proof_says_one_sentence(stage, context):
    page = context.new_page()
    stage.bench.alert(next(iter(stage.bench.sent)), "hand", made.POS)
    from screening.db import db

    db.session.commit()
    page.goto("/r/proof")
    page.fill("#code", stage.slips[2])
    page.click("main button")
    assert "目前不能出具证明" in page.inner_text("[role=alert]")
    assert page.input_value("#code") == stage.slips[2]
