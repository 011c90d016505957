"""Health, the document of the API, the language: for anybody."""

from __future__ import annotations

from tests.access import Case

CASES = [
    Case("operations.health"),
    Case("operations.ready"),
    Case("operations.authority", ok=404),
    Case("operations.openapi"),
    Case("operations.docs"),
    Case("operations.lang", "POST"),
]
