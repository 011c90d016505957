"""Server time of what watchers look at, through the test client, and of what stands behind it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from bench import city, measure
from screening import clock
from screening.app import create_app
from screening.coverage import queries as coverage
from screening.dashboard.tables import TABS, blocks_of
from screening.db import db, fetch
from screening.figures.queries import Scene
from screening.figures.queries.picture import picture_of

AREAS = {"city": 1, "county": 10, "street": 1000, "community": 2000}
TURNS = 7
ONCE = {  # page: path, of the whole city
    "dispatch board": "/dispatch/1",
    "zones": "/zones",
    "rounds compared": "/coverage/1/rounds?round=1",
    "ledger": "/ledger?round=1",
    "all figures as JSON": "/api/v1/figures?area=1&round=1",
    "exemptions after the start": "/coverage/1/exemptions?round=1",
}
say = Console().print
Row = dict[str, Any]


def measure_pages(url: str, token: str, size: int) -> list[Row]:
    app = create_app(city.settings(url))
    out: list[Row] = []
    with app.test_request_context():
        client = app.test_client()
        head = {"Authorization": f"Bearer {token}", "Accept": "text/html"}

        def get(path: str, status: int = 200, **more: str) -> Any:
            r = client.get(path, headers={**head, **more})
            assert r.status_code == status, (path, r.status_code, r.text[:300])
            return r

        get("/command/13?round=1")  # templates, plans and connections are not part of any page
        take = Taker()
        for name, area in AREAS.items():
            out += [_row(what, name, size, t) for what, t in _of_area(take, get, area).items()]
        for what, path in ONCE.items():
            out.append(_row(what, "city", size, take(partial(get, path))))
        out += _behind(take, get, size)
        out.append(_stream(take, client, head, size))
        db.session.remove()
        db.engine.dispose()
    return out


def _of_area(take: Taker, get: Callable[..., Any], area: int) -> dict[str, Took]:
    page, now = f"/command/{area}?round=1", f"/command/{area}/now?round=1"
    first = take(lambda: get(page), 1)
    tag = get(now).headers["ETag"]
    return {
        "first look at the command page": first,
        "command page": take(lambda: get(page)),
        "asked again, 304": take(lambda: get(now, 304, **{"If-None-Match": tag})),
        "its picture counted anew": take(lambda: picture_of(Scene(1, area, at=clock.now())), 3),
        "late tubes": take(lambda: get(f"/command/{area}/tubes/tubes_late?round=1")),
        "collected tubes": take(lambda: get(f"/command/{area}/tubes/tubes_collected?round=1")),
        "devices": take(lambda: get(f"/command/{area}/devices?round=1")),
        "coverage below": take(lambda: get(f"/coverage/{area}?round=1")),
        "missed, page": take(lambda: get(f"/missed/{area}?round=1")),
        **{f"tables, {tab}": take(partial(_table, area, tab)) for tab in TABS},
    }


def _table(area: int, tab: str) -> None:
    """A tab's tables, counted: a page of the same minute is handed out from memory."""
    blocks_of(Scene(1, area, at=clock.now()), tab)


def _behind(take: Taker, get: Callable[..., Any], size: int) -> list[Row]:
    """What has a target of its own: the missed of one community, the coverage of a city."""
    node = coverage.get_node(AREAS["community"])
    asked = f"area={node.area_id}&round=1&format=csv"
    acts: list[tuple[str, str, Callable[[], Any]]] = [
        ("missed, counted", "community", lambda: coverage.list_missed(node, 1, at=clock.now())),
        ("missed, as CSV", "community", lambda: get(f"/api/v1/missed?{asked}").get_data()),
        ("coverage of every part", "city", lambda: coverage.children_of(1, 1, at=clock.now())),
    ]
    return [_row(what, area, size, take(act, 15)) for what, area, act in acts]


class Took(NamedTuple):
    """Milliseconds that passed, the middle of some turns, and those of CPU in web and database,
    which other work on the machine stretches less."""

    ms: float
    cpu: float


class Taker:
    """Times acts of this process and of the database's processes that serve it."""

    def __init__(self) -> None:
        rows = fetch("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")
        self.backends = [r[0] for r in rows]

    def cpu(self) -> float:
        return (time.process_time() + measure.cpu_seconds(self.backends)) * 1000

    def __call__(self, act: Callable[[], Any], turns: int = TURNS) -> Took:
        spent, cpu = [], self.cpu()
        for _ in range(turns):
            began = time.perf_counter()
            act()
            spent.append((time.perf_counter() - began) * 1000)
        used = (self.cpu() - cpu) / turns
        return Took(round(measure.percentile(spent, 0.5), 1), round(used, 1))


def _row(what: str, area: str, size: int, took: Took, **more: Any) -> Row:
    return {"name": f"command {what}, {area}, {size}", "value": took.ms, "unit": "ms",
            "cpu_ms": took.cpu, "_what": what, "_area": area, "_size": size, **more}  # fmt: skip


# --- the whole city's list ------------------------------------------------------------------------


def _stream(take: Taker, client: Any, head: dict[str, str], size: int) -> Row:
    """The missed of the whole city as CSV: how long, how many rows, how much more memory."""
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = _memory("VmRSS")
    began, cpu, rows = time.perf_counter(), take.cpu(), -1
    r = client.get("/api/v1/missed?area=1&round=1&format=csv", headers=head, buffered=False)
    assert r.status_code == 200, r.text
    for part in r.iter_encoded():
        rows += part.count(b"\n")
    spent, used = time.perf_counter() - began, take.cpu() - cpu
    peak = _memory("VmHWM")
    say(f"missed of the city: {rows:,} rows, {rows / spent:,.0f} a second, "
        f"{rows / used * 1000:,.0f} a second of CPU; resident memory {before // 1024} MB before, "
        f"{peak // 1024} MB at the most")  # fmt: skip
    took = Took(round(spent * 1000), round(used))
    return _row("missed, streamed as CSV", "city", size, took, rows=rows,
                memory_before_mb=before // 1024, memory_peak_mb=peak // 1024)  # fmt: skip


def _memory(field: str) -> int:
    """VmRSS: held now; VmHWM: the most since the peak was cleared; in KB."""
    status = Path("/proc/self/status").read_text()
    return int(next(ln for ln in status.splitlines() if ln.startswith(field)).split()[1])


# --- the table ------------------------------------------------------------------------------------


def print_table(rows: list[Row]) -> None:
    """Each page at each size, ms passed / ms of CPU, and the slope of the latter: 0 does not grow,
    1 grows as the city does."""
    sizes = sorted({r["_size"] for r in rows})
    table = Table("what", "area", *(f"{s:,}" for s in sizes), "slope", title="ms / ms of CPU")
    found: dict[tuple[str, str], dict[int, Took]] = {}
    for r in rows:
        by = found.setdefault((r["_what"], r["_area"]), {})
        by[r["_size"]] = Took(r["value"], r["cpu_ms"])
    for (what, area), by in found.items():
        cells = [f"{by[s].ms:,.0f} / {by[s].cpu:,.0f}" if s in by else "" for s in sizes]
        table.add_row(what, area, *cells, slope({s: t.cpu for s, t in by.items()}))
    Console(width=120).print(table)


def slope(by: dict[int, float]) -> str:
    """Of the line through the smallest and the largest size, both axes logarithmic."""
    small, large = min(by), max(by)
    if small == large or not by[small] or not by[large]:
        return ""
    return f"{math.log(by[large] / by[small]) / math.log(large / small):.2f}"
