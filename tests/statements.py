"""Listens to every statement that the project sends: one about a big table names its cells.

Cell rule (docs/architecture.md): a statement that reads or changes a big table without `cell_id`
in its conditions asks every cell of the city. Where that is meant, the statement says so:
`/* fan-out: why */`. Statements that the tests themselves send are not looked at.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.pool import Pool

ROOT = Path(__file__).resolve().parent.parent
PROJECT, TESTS = str(ROOT / "screening"), str(ROOT / "tests")
CARRIER = str(ROOT / "screening" / "db.py")  # sends for others

FAN_OUT = re.compile(r"/\*\s*fan-out: *\S[^*]*\*/")
LITERAL = re.compile(r"'(?:[^']|'')*'|/\*.*?\*/|--[^\n]*", re.S)
INNERMOST = re.compile(r"\(([^()]*)\)")
HELD = re.compile(r"«(\d+)»")
CLAUSES = re.compile(r"\b(?:where|on|using)\b(.*)", re.S)
JOINED = re.compile(
    r"\b(?:from|join|update|into|using)\s+(?:only\s+|lateral\s+)?([^«»]*?)"
    r"(?=\b(?:where|on|using|set|join|left|right|cross|inner|full|group|order|limit|for|returning|"
    r"union|except|intersect|values|select|default)\b|«|$)",
    re.S,
)
NAMED = re.compile(r"^\s*(\w+)(?:\s+(?:as\s+)?(\w+))?")
COMPARED = re.compile(r"(?:(\w+)\.)?cell_id\s*=\s*(?:(\w+)\.)?(\w+|%)")
IS_IN = re.compile(r"(?:(\w+)\.)?(?:cell_id|tube_cell)\s+(?:in|between)\b")

WRITTEN = re.compile(
    r"\b(?:insert\s+into|update(?:\s+only)?|delete\s+from|merge\s+into|copy|truncate(?:\s+table)?)"
    r"\s+(\w+)"
)

offences: list[str] = []
touched: set[str] = set()  # tables that a statement wrote to since somebody cleared this
writes: Counter[str] = Counter()  # statements that wrote to a table
_listing: list[set[str]] = []  # whoever wants to know which tables statements name


class Listening(psycopg.Cursor):
    """A cursor that notes what it is told before it does it."""

    def execute(self, query: Any, *a: Any, **kw: Any) -> Any:
        hear(query)
        return super().execute(query, *a, **kw)

    def executemany(self, query: Any, *a: Any, **kw: Any) -> Any:
        hear(query)
        return super().executemany(query, *a, **kw)


@event.listens_for(Pool, "connect")
def _listen(connection: Any, _record: Any) -> None:
    if isinstance(connection, psycopg.Connection):
        connection.cursor_factory = Listening


@contextmanager
def heard() -> Iterator[list[str]]:
    """The offences of a block, each with the line that sent it."""
    offences.clear()
    yield offences


@contextmanager
def named() -> Iterator[set[str]]:
    """The tables that the statements of a block name."""
    names: set[str] = set()
    _listing.append(names)
    try:
        yield names
    finally:
        _listing.remove(names)


def hear(query: Any) -> None:
    text = _text(query)
    targets = written(text)
    touched.update(targets)
    writes.update(targets)
    for names in _listing:
        names |= mentioned(text)
    tables = unrouted(text)
    if tables:
        sender = _sender()
        if sender:
            said = " ".join(text.split())
            offences.append(f"{sender}: {', '.join(tables)} without cell_id: {said[:300]}")


def _text(query: Any) -> str:
    if isinstance(query, bytes):
        return query.decode()
    return query.as_string(None) if isinstance(query, sql.Composable) else str(query)


def _sender() -> str | None:
    """The line of the project that sent the statement; None when a test did."""
    frame = sys._getframe(2)
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(TESTS) and path != __file__:
            return None
        if path.startswith(PROJECT) and path != CARRIER:
            return f"{Path(path).relative_to(ROOT)}:{frame.f_lineno}"
        frame = frame.f_back  # type: ignore[assignment]
    return None


@cache
def written(text: str) -> frozenset[str]:
    """The tables that a statement writes to."""
    from screening.db import Base

    flat = LITERAL.sub(" ", text).replace('"', "").lower()
    return frozenset(WRITTEN.findall(flat)) & frozenset(Base.metadata.tables)


def mentioned(text: str) -> set[str]:
    from screening.db import Base

    return set(re.findall(r"\w+", text)) & set(Base.metadata.tables)


@cache
def unrouted(text: str) -> list[str]:
    """The big tables that a statement asks in every cell, unless it says why."""
    if FAN_OUT.search(text):
        return []
    from screening import schema

    flat = LITERAL.sub(" ", text).replace('"', "").lower()
    if not any(table in flat for table in schema.BIG):
        return []
    parts: list[str] = []
    while True:  # brackets, innermost first, each a numbered part
        match = INNERMOST.search(flat)
        if match is None:
            break
        parts.append(match[1])
        flat = f"{flat[: match.start()]}«{len(parts) - 1}»{flat[match.end() :]}"
    found: set[str] = set()
    for scope in [*parts, flat]:
        for one in re.split(r"\b(?:union all|union|except|intersect)\b", scope):
            found |= _unrouted_in(one, parts, schema.BIG)
    return sorted(found)


def _unrouted_in(scope: str, parts: list[str], big: set[str]) -> set[str]:
    named = _big_in(scope, parts, big)
    if not named:
        return set()
    if re.search(r"\binsert\s+into\b", scope):
        columns = parts[int(HELD.findall(scope)[0])] if HELD.search(scope) else ""
        target = re.search(r"\binsert\s+into\s+(\w+)", scope)
        into = target[1] if target else ""
        named = {a: t for a, t in named.items() if t != into}
        if into in big and HELD.search(scope) and not re.search(r"\bcell_id\b", columns):
            return {into}
        if not named:
            return set()
    clauses = CLAUSES.search(scope)
    conditions = _whole(clauses[1], parts) if clauses else ""
    if not _routes(conditions, named):
        return set(named.values())
    loose = not re.search(r"(?<![\w.])cell_id\b", conditions)
    reached = set(re.findall(r"\b(\w+)\.(?:cell_id|tube_cell)\b", conditions))
    return {t for a, t in named.items() if loose and a not in reached}


def _big_in(scope: str, parts: list[str], big: set[str]) -> dict[str, str]:
    """Alias → table of the big tables that one query itself names."""
    named = {}
    for listed in JOINED.findall(scope):
        for one in listed.split(","):
            match = NAMED.match(one)
            if match and match[1] in big:
                named[match[2] or match[1]] = match[1]
    return named


def _whole(text: str, parts: list[str]) -> str:
    """With its brackets put back, but for queries within, which answer for themselves."""

    def put_back(match: re.Match[str]) -> str:
        part = parts[int(match[1])]
        return "()" if re.search(r"\bselect\b", part) else f"({part})"

    while HELD.search(text):
        text = HELD.sub(put_back, text)
    return text


def _routes(conditions: str, named: dict[str, str]) -> bool:
    """Whether the cells come from outside: a join of two big tables alone names none."""
    for alias, other, word in COMPARED.findall(conditions):
        if word != "cell_id" or not (other in named and (alias in named or not alias)):
            return True
    if IS_IN.search(conditions) or re.search(
        r"\(\s*(\w+\.)?cell_id\b[^)]*\)\s*(=|in\b)", conditions
    ):
        return True
    if re.search(r"tube_cell\s*=", conditions):
        return True
    using = re.search(r"\(\s*[^)]*\bcell_id\b[^)]*\)", conditions)
    return bool(using) and len(named) < 2
