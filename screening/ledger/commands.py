"""`flask --app wsgi ledger …`: the recount of journals and commands against the tables."""

from __future__ import annotations

import sys
import time
from collections import defaultdict

import click
from flask.cli import AppGroup

from screening import clock
from screening.db import db
from screening.ledger import parts, service
from screening.ledger.check import Recount, check
from screening.ledger.parts import WHY
from screening.ledger.rules import PARTS, WHAT, Balance, Difference
from screening.ledger.sight import whole_city
from screening.registry.queries import ROUNDS, get_policy
from screening.tube.rules import Stage
from screening.tube.words import STAGE_WORDS

group = AppGroup("ledger", help="Balance a round and check it against its journals.")
MANY = 50  # lines of one tube or part that are printed


@group.command("check")
@click.option("--round", "round_id", type=int, help="One round; without it every round in use.")
@click.option("--all-lines", is_flag=True, help="Print every line, however many there are.")
def check_command(round_id: int | None, all_lines: bool) -> None:
    """Recount from stored journals and commands, compare with the tables, print the balance.

    Exit 0: equal, and what is unaccounted for is listed with its explanation. Exit 1: a row says
    something else than the recount; its tube is named."""
    began = time.monotonic()
    found = check(round_id)
    limit = None if all_lines else MANY
    for number in [round_id] if round_id is not None else _in_use():
        _print_balance(number, limit)
    _print_recount(found, time.monotonic() - began, limit)
    db.session.rollback()  # a check writes nothing
    sys.exit(0 if found.equal else 1)


def _in_use() -> list[int]:
    return [r for r, p in sorted(ROUNDS.fresh().items()) if r and p.started_at is not None]


def _print_balance(round_id: int, limit: int | None) -> None:
    now = clock.now()
    b = service.balance(round_id, at=now)
    click.echo(f"Round {round_id} · {get_policy(round_id).name} · {now:%Y-%m-%d %H:%M:%S %Z}")
    for stage, (tubes, persons) in sorted(b.stages.items()):
        zh, en = STAGE_WORDS[Stage(stage)]
        click.echo(f"  {en:<22}{zh}\t{tubes:>8,} tubes {persons:>9,} persons")
    click.echo(
        f"  opened {b.tubes:,} = released {b.released:,} + in the chain {b.in_chain:,} "
        f"+ left it with a code {b.left:,}" + ("" if b.adds_up() else "  DOES NOT ADD UP")
    )
    d = b.devices
    click.echo(
        f"  journals {d['heard']:,}, complete {d['complete']:,}, declared lost {d['lost']:,}; "
        f"phones not heard since the start {d['silent']:,}"
    )
    click.echo(f"  unaccounted for: {b.unaccounted:,}")
    _print_parts(b, limit)


def _print_parts(b: Balance, limit: int | None) -> None:
    for part, p in b.parts.items():
        if not p.items:
            continue
        click.echo(
            f"    {PARTS[part].en} ({PARTS[part].zh}): {p.items:,}; "
            f"explained {p.closed:,}, coded {p.coded:,}"
        )
        items = parts.list_items(part, b.round_id, at=clock.now(), sight=whole_city(), limit=limit)
        for i in items:
            said = {"open": "not explained", "coded": f"coded {i.code}", "closed": f"{i.code}"}
            click.echo(f"      {i.subject_id}  {WHY[i.why][1]}  [{said[i.state]}]")
        if len(items) < p.items:
            click.echo(f"      … {p.items - len(items):,} more (--all-lines)")


def _print_recount(found: Recount, seconds: float, limit: int | None) -> None:
    click.echo(
        f"Recount: {found.entries:,} entries and {found.commands:,} commands tell of "
        f"{found.tubes:,} tubes; {seconds:.1f} s"
    )
    if found.equal:
        click.echo("Equal: the tables say the same.")
        return
    by_tube: dict[str, list[Difference]] = defaultdict(list)
    for d in found.differences:
        by_tube[d.barcode].append(d)
    click.echo(f"DIFFERENT: {len(found.differences):,} places, {len(set(by_tube) - {''}):,} tubes")
    for barcode, group_ in sorted(by_tube.items())[:limit]:
        click.echo(f"  {'tube ' + barcode if barcode else 'journals'}")
        for d in group_[:limit]:
            click.echo(f"    {d.table}: {WHAT[d.what][1]} {_said(d)}")


def _said(d: Difference) -> str:
    return " ".join(f"{k}={v}" for k, v in d.detail.items() if v not in ("", None))
