"""Pages drawn once for everybody who may see the same."""

from __future__ import annotations

import gzip
import threading

from screening.dashboard.drawn import Drawings


def test_a_page_is_drawn_once_however_many_ask_at_once():
    drawings, made = Drawings(), []

    def make() -> str:
        made.append(1)
        return "页"

    asked = [threading.Thread(target=lambda: drawings.draw("a", make)) for _ in range(8)]
    for t in asked:
        t.start()
    for t in asked:
        t.join()
    assert len(made) == 1
    page = drawings.find("a")
    assert page and gzip.decompress(page.packed).decode() == page.plain.decode() == "页"


def test_only_the_newest_pages_are_kept():
    drawings = Drawings(most=2)
    for tag in "abc":
        drawings.draw(tag, lambda: "x")
    assert drawings.find("a") is None and drawings.find("b") and drawings.find("c")


def test_a_page_that_is_asked_for_stays():
    drawings = Drawings(most=2)
    for tag in "ab":
        drawings.draw(tag, lambda: "x")
    drawings.find("a")
    drawings.draw("c", lambda: "x")
    assert drawings.find("a") and drawings.find("b") is None
