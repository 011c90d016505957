"""A look that waits: what a press brings about is there soon, not at once."""

from __future__ import annotations

from typing import Any


def soon(found: Any, *, count: int | None = None, words: str | None = None) -> None:
    """So many of it, or these words in it, within ten seconds."""
    from playwright.sync_api import expect

    if count is not None:
        expect(found).to_have_count(count, timeout=10_000)
    if words is not None:
        expect(found).to_contain_text(words, timeout=10_000)
